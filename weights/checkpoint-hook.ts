import { mkdirSync, readdirSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import type { Hook, TrainingState } from '../detection/engine/hooks';
import { isBetter, type Metric } from '../detection/engine/metric';
import { readCheckpointState, saveCheckpoint, type Resumable } from './checkpoint';
import { removeWholeFolder, syncFolder } from './whole-folder';

export interface CheckpointHookOptions {
  /** The run's folder: gets `checkpoints/NNNNNNN` and the links `last` and `best`. */
  readonly folder: string;
  readonly resumable: Resumable;
  /** Steps from one checkpoint to the next. The last step, and the step at which a run is interrupted, get one too. */
  readonly every: number;
  /** How many of the latest to keep, beside the best. */
  readonly keep: number;
  /** Every so many steps a checkpoint is made that is kept for good. */
  readonly keepEvery?: number;
  /** Says which checkpoint is `best`. Whoever puts this scalar comes first. */
  readonly bestMetric?: Metric;
  /** Goes into `state.json`; asked for at each checkpoint. */
  readonly metadata: () => Record<string, unknown>;
}

/** Steps done, in the folder `checkpoints`. */
export const CHECKPOINT_NAME = /^\d{7,}$/;
/** A link of the run's folder before it gets its name; with the number of the process. */
export const HIDDEN_LINK_NAME = /^\.(?:last|best)\.(\d+)\.tmp$/;

/** Saves checkpoints while training, as detectron2's PeriodicCheckpointer and BestCheckpointer together. */
export class CheckpointHook implements Hook {
  private best: number | undefined;
  private lastSaved: number | undefined;
  private readonly checkpoints: string;

  constructor(private readonly options: CheckpointHookOptions) {
    this.checkpoints = path.join(options.folder, 'checkpoints');
  }

  beforeTrain(state: TrainingState): void {
    const { bestMetric } = this.options;
    mkdirSync(this.checkpoints, { recursive: true });
    syncFolder(this.options.folder);
    if (state.iteration === 0) return;
    // A process that died may not have come to it; or fewer are to be kept than before.
    this.removeOld(state.iteration);
    const best = this.linkedFolder('best');
    if (best !== undefined && bestMetric) this.best = readCheckpointState(best).metrics[bestMetric.name];
  }

  afterStep(state: TrainingState): void {
    const isBest = this.isBest(state);
    if (!isBest && state.iteration % this.options.every !== 0 && !this.isForGood(state.iteration)) return;
    this.save(state, { isBest });
  }

  afterTrain(state: TrainingState): void {
    if (state.outcome === 'failed' || state.iteration === 0 || state.iteration === this.lastSaved) return;
    // A run that was over before its first step, or stopped there: what it resumed from is its checkpoint.
    if (state.storage.iteration === 0) return;
    this.save(state, { isExtra: true });
  }

  /** Whether the metric was measured at this step and is better than ever. NaN never is. */
  private isBest({ iteration, storage }: TrainingState): boolean {
    const { bestMetric } = this.options;
    if (bestMetric === undefined) return false;
    const event = storage.latest(bestMetric.name);
    if (event?.iteration !== iteration) return false;
    if (!isBetter(bestMetric, event.value, this.best)) return false;
    this.best = event.value;
    return true;
  }

  private isForGood(iteration: number): boolean {
    const { keepEvery } = this.options;
    return keepEvery !== undefined && iteration % keepEvery === 0;
  }

  /**
   * `best` before `last`: a process that dies between them does these steps again when it goes on, and finds `best` as
   * it was; the other way round the best checkpoint would not be known as such.
   */
  private save(
    { iteration, storage }: TrainingState,
    { isBest = false, isExtra = false }: { isBest?: boolean; isExtra?: boolean },
  ): void {
    const metrics: Record<string, number> = {};
    for (const name of storage.scalarNames) metrics[name] = storage.latest(name)!.value;
    saveCheckpoint(this.folderOf(iteration), this.options.resumable, {
      iteration,
      ...(isExtra && { isExtra }),
      metrics,
      metadata: this.options.metadata(),
    });
    this.lastSaved = iteration;
    if (isBest) this.link('best', iteration);
    this.link('last', iteration);
    syncFolder(this.options.folder);
    this.removeOld(iteration);
  }

  /** Points a link of the run's folder to a checkpoint: a new link, renamed over the old one. */
  private link(name: 'last' | 'best', iteration: number): void {
    const temporary = path.join(this.options.folder, `.${name}.${process.pid}.tmp`);
    rmSync(temporary, { force: true });
    symlinkSync(path.join('checkpoints', path.basename(this.folderOf(iteration))), temporary);
    renameSync(temporary, path.join(this.options.folder, name));
  }

  /**
   * Keeps the latest checkpoints up to this step, the best, and those that are for good. Later ones, of a run that
   * somebody went back from, are left alone: this run has not written them.
   */
  private removeOld(iteration: number): void {
    const past = readdirSync(this.checkpoints)
      .filter((name) => CHECKPOINT_NAME.test(name) && Number(name) <= iteration)
      .sort((a, b) => Number(b) - Number(a));
    const best = this.linkedFolder('best');
    for (const name of past.slice(Math.max(1, this.options.keep))) {
      if (this.isForGood(Number(name))) continue;
      const folder = path.join(this.checkpoints, name);
      if (best === undefined || realpathSync(folder) !== best) removeWholeFolder(folder);
    }
  }

  private folderOf(iteration: number): string {
    return path.join(this.checkpoints, String(iteration).padStart(7, '0'));
  }

  private linkedFolder(name: 'last' | 'best'): string | undefined {
    try {
      return realpathSync(path.join(this.options.folder, name));
    } catch {
      return undefined; // there is none yet
    }
  }
}
