import { appendFileSync, existsSync } from 'node:fs';
import { z } from 'zod';
import { DivergenceError } from '../../../detection/engine/divergence-error';
import type { Hook, Json, TrainingState } from '../../../detection/engine/hooks';
import { dropRowsAfter } from '../../../detection/engine/writers/json-lines-writer';
import type { Resumable } from '../../../weights/checkpoints/checkpoint';
import { rollBack } from '../../../weights/checkpoints/rollback';
import type { CompleteConfiguration } from '../../config/complete';
import { logLine } from '../../terminal/progress';
import { runFolder } from '../folder/run-folder';

export interface DivergencePolicyOptions {
  readonly policy: CompleteConfiguration['onDivergence'];
  /** The run's folder: gets `divergence.jsonl`. */
  readonly output: string;
  readonly resumable: Resumable;
  /** What the user types to go on when the run has been stopped. */
  readonly resumeCommand: string;
}

const iterationList = z.array(z.int());

/**
 * Steps in a row that are skipped. A batch with a fault comes now and then; where one batch after another diverges, it
 * is the weights, which skipping does not change.
 */
const MAX_SKIPS_IN_A_ROW = 10;

/** What has been done about a step, and a remark on it for the user. */
interface Reaction {
  readonly action: 'stopped' | 'skipped' | 'rolled back';
  readonly remark: string;
}

/**
 * What a run does about a step that diverged:
 *
 * - stop: it ends, with its last checkpoint as it was;
 * - skip: the step updates nothing, but counts; the run goes on with the next batch;
 * - rollback: the weights, the optimizer and the average go back to the last checkpoint; iterations, learning rate and data
 *   go on, since the same batches would lead to the same place. It is as if all steps since that checkpoint had been
 *   skipped. Where a run diverges again before its next checkpoint, it goes back to the one before.
 *
 * Both know what they have done from the steps that diverged, which are in every checkpoint: a run that is killed and
 * goes on does the same again.
 */
export class DivergencePolicy implements Hook {
  readonly name = 'divergence';
  /** The steps that have diverged. */
  private diverged: number[] = [];

  constructor(private readonly options: DivergencePolicyOptions) {}

  state(): Json {
    return [...this.diverged];
  }

  restore(state: Json): void {
    const { data } = iterationList.safeParse(state);
    if (!data) throw new Error('it is not a list of iterations');
    this.diverged = data;
  }

  beforeTrain({ iteration }: TrainingState): void {
    dropRowsAfter(this.file, iteration);
  }

  /** For the trainer. */
  readonly handle = ({ step }: DivergenceError, { storage }: TrainingState): void => {
    const { action, remark } = this.react(step.iteration);
    const error = new DivergenceError(step, remark);
    const row = { iteration: step.iteration, action, message: error.message };
    appendFileSync(this.file, `${JSON.stringify(row)}\n`);
    if (action === 'stopped') throw error;
    this.diverged.push(step.iteration);
    storage.scalar('diverged_iterations', this.diverged.length);
    logLine(error.message);
  };

  private react(iteration: number): Reaction {
    const { policy, output, resumable, resumeCommand } = this.options;
    if (policy === 'skip') {
      const before = this.consecutiveBefore(iteration);
      if (before < MAX_SKIPS_IN_A_ROW) return { action: 'skipped', remark: 'The iteration is skipped.' };
      return {
        action: 'stopped',
        remark: `The ${before} iterations before it have been skipped, too, which is the limit.`,
      };
    }
    if (policy === 'rollback') {
      const steps = rollBack(output, iteration - 1, this.diverged, resumable, logLine);
      if (steps !== undefined) {
        return {
          action: 'rolled back',
          remark: `The weights have been reset to those after iteration ${steps}.`,
        };
      }
    }
    const why = policy === 'rollback' ? 'There is no earlier checkpoint to return to. ' : '';
    const isSaved = existsSync(runFolder(output).last);
    const howToContinue = isSaved ? 'To resume from the last checkpoint' : 'To start again';
    return {
      action: 'stopped',
      remark: `${why}${howToContinue} without it: ${resumeCommand} --on-divergence skip`,
    };
  }

  /** How many iterations right before this one have diverged. */
  private consecutiveBefore(iteration: number): number {
    let count = 0;
    while (this.diverged.at(-1 - count) === iteration - 1 - count) count++;
    return count;
  }

  private get file(): string {
    return runFolder(this.options.output).divergence;
  }
}
