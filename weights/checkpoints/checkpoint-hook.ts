import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { Hook, Json, TrainingState } from '../../detection/engine/hooks';
import { isBetter, type Metric } from '../../detection/engine/metric';
import { NotFiniteError, readCheckpointState, saveCheckpoint, type Resumable } from './checkpoint';
import { checkpointName, checkpointsUpTo, isExtra } from './checkpoint-folders';
import type { Detector } from '../../detection/modeling/detector';
import type { Trainable } from '../../detection/nn/trainable';
import { makeFolders } from '../../detection/files/make-folders';
import { replaceLink } from '../../detection/files/link';
import { removeWholeFolder, syncFolder } from '../../detection/files/whole-folder';
import { detectorMetadata } from '../detectors/detector-metadata';
import { emitProcessWarning } from './process-warning';

/** How many checkpoints stay where nobody says otherwise. */
export const DEFAULT_KEEP = 3;

export interface CheckpointHookOptions extends Resumable {
  /** Steps from one checkpoint to the next. The last step, and the step at which a run is interrupted, get one too. */
  readonly every: number;
  /** How many of the latest to keep, beside the best. 3 if left out. */
  readonly keep?: number;
  /** Every so many steps a checkpoint is made that is kept for good. */
  readonly keepEvery?: number;
  /** Gets a line about a checkpoint that is not made, since the weights are not finite; if left out, it is a warning of the process. */
  readonly log?: (line: string) => void;
  /** Says which checkpoint is `best`. Whoever puts this scalar comes first. */
  readonly bestMetric?: Metric;
  /** Goes into `state.json`. Default: what `loadDetector` has to know of the model, where it is a detector. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/**
 * Saves checkpoints while training, as detectron2's PeriodicCheckpointer and BestCheckpointer together. What the other
 * hooks remember is in them, so it comes after all that have something to remember.
 */
export class CheckpointHook implements Hook {
  readonly name = 'checkpoints';
  private best: number | undefined;
  /** The step that has a checkpoint of the model as it is. */
  private lastSaved: number | undefined;
  private readonly checkpoints: string;

  /**
   * Makes nothing before the training begins.
   *
   * @param folder the run's: gets `checkpoints/NNNNNNN` and the links `last` and `best`. Made if need be.
   */
  constructor(
    private readonly folder: string,
    private readonly options: CheckpointHookOptions,
  ) {
    this.checkpoints = path.join(folder, 'checkpoints');
  }

  beforeTrain(state: TrainingState): void {
    const { bestMetric } = this.options;
    makeFolders(this.checkpoints);
    syncFolder(this.folder);
    const { iteration } = state;
    this.lastSaved = iteration;
    if (iteration === 0) return;
    // A process that died may not have come to all of this; or fewer are to be kept than before.
    if (this.linkedFolder('last') === undefined) this.linkFirst(iteration);
    this.removeOld(iteration);
    const best = this.linkedFolder('best');
    if (best !== undefined && bestMetric) this.best = readCheckpointState(best).metrics[bestMetric.name];
    if (state.storage.iteration !== iteration) return;
    // An evaluation that had been interrupted has been made up for: the checkpoint does not know.
    this.lastSaved = undefined;
    if (this.isBest(state)) this.save(state, { isBest: true });
  }

  afterStep(state: TrainingState): void {
    const isBest = this.isBest(state);
    if (isBest || this.isDue(state.iteration)) this.save(state, { isBest });
  }

  afterTrain(state: TrainingState): void {
    if (state.outcome === 'failed' || state.iteration === this.lastSaved) return;
    this.save(state, { isBest: false });
  }

  /** Whether the metric was measured at this step and is better than ever. NaN never is. */
  private isBest({ iteration, storage }: TrainingState): boolean {
    const { bestMetric } = this.options;
    if (bestMetric === undefined) return false;
    const event = storage.latest(bestMetric.name);
    return event?.iteration === iteration && isBetter(bestMetric, event.value, this.best);
  }

  /** Whether a run that is never stopped has a checkpoint of this step, whatever it measures. */
  private isDue(iteration: number): boolean {
    return iteration % this.options.every === 0 || this.isPermanent(iteration);
  }

  private isPermanent(iteration: number): boolean {
    const { keepEvery } = this.options;
    return keepEvery !== undefined && iteration % keepEvery === 0;
  }

  /**
   * `best` before `last`: a process that dies between them does these steps again when it goes on, and finds `best` as
   * it was; the other way round the best checkpoint would not be known as such. Weights that are not finite are of no
   * use to anybody, and must not take the place of those that are: the next step diverges, and the run does what it is
   * to do then; one that is over has failed.
   */
  private save(state: TrainingState, { isBest }: { isBest: boolean }): void {
    const { bestMetric, model, metadata = metadataOf(model), log = emitProcessWarning } = this.options;
    const { iteration, storage, outcome, hooks } = state;
    const metrics: Record<string, number> = {};
    for (const name of storage.scalarNames) metrics[name] = storage.latest(name)!.value;
    const isExtra = !isBest && !this.isDue(iteration);
    try {
      saveCheckpoint(this.folderOf(iteration), this.options, {
        iteration,
        ...(isExtra && { isExtra }),
        hooks: statesOf(hooks),
        metrics,
        metadata,
      });
    } catch (error) {
      if (!(error instanceof NotFiniteError) || outcome !== 'running') throw error;
      log(error.message);
      return;
    }
    this.lastSaved = iteration;
    if (isBest) {
      this.best = metrics[bestMetric!.name];
      this.link('best', iteration);
    }
    this.link('last', iteration);
    syncFolder(this.folder);
    this.removeOld(iteration);
  }

  /**
   * Of a process that died before its first checkpoint had its links. Nothing was evaluated before it, so what it has
   * measured is the best.
   */
  private linkFirst(iteration: number): void {
    const { bestMetric } = this.options;
    const { metrics } = readCheckpointState(this.folderOf(iteration));
    const isBest =
      bestMetric !== undefined && isBetter(bestMetric, metrics[bestMetric.name] ?? NaN, undefined);
    if (isBest && this.linkedFolder('best') === undefined) this.link('best', iteration);
    this.link('last', iteration);
  }

  /** Points a link of the run's folder to a checkpoint. */
  private link(name: 'last' | 'best', iteration: number): void {
    replaceLink(path.join(this.folder, name), path.join('checkpoints', checkpointName(iteration)));
  }

  /**
   * Keeps the latest checkpoint up to this step, the latest of those that a run has which is never stopped, the best, and
   * those that are for good. Later ones, of a run that somebody went back from, are left alone: this run has not written
   * them.
   */
  private removeOld(iteration: number): void {
    const { keep = DEFAULT_KEEP } = this.options;
    const past = checkpointsUpTo(this.folder, iteration);
    const kept = new Set([
      past[0],
      ...past.filter((folder) => !isExtra(folder)).slice(0, keep),
      ...past.filter((folder) => this.isPermanent(Number(path.basename(folder)))),
      this.linkedFolder('best'),
    ]);
    for (const folder of past) if (!kept.has(folder)) removeWholeFolder(folder);
  }

  private folderOf(iteration: number): string {
    return path.join(this.checkpoints, checkpointName(iteration));
  }

  private linkedFolder(name: 'last' | 'best'): string | undefined {
    try {
      return realpathSync(path.join(this.folder, name));
    } catch {
      return undefined; // there is none yet
    }
  }
}

/** What hooks remember, by their names. */
function statesOf(hooks: readonly Hook[]): Record<string, Json> {
  return Object.fromEntries(hooks.flatMap((hook) => (hook.state ? [[hook.name, hook.state()]] : [])));
}

function metadataOf(model: Trainable<never>): Readonly<Record<string, unknown>> {
  return isDetector(model) ? detectorMetadata(model) : {};
}

function isDetector(model: Trainable<never>): model is Detector {
  return 'definition' in model && 'categories' in model && 'input' in model;
}
