import { loadCheckpoint, verifyCheckpoint, type Resumable } from './checkpoint';
import { checkpointsUpTo, isExtra } from './checkpoint-folders';
import { WeightsError } from '../formats/weights-error';

/** Times in a row that a run goes back; Ultralytics' trainer gives up after three attempts too. */
const MAX_IN_A_ROW = 3;

/**
 * Puts a run's weights and optimizer back to what a checkpoint says: the last one, or where the run has diverged since
 * then before, one more back for each time. Checkpoints that were made only because somebody stopped the
 * run do not count, so that it goes back where a run would that was never stopped; unless there are no others.
 *
 * @param folder the run's.
 * @param iteration the steps that the run has done.
 * @param diverged the steps that have diverged before.
 * @param tell gets a line about each checkpoint that cannot be used.
 * @returns the steps that the checkpoint has; undefined, with nothing changed, where there is none to go back to, or the
 *   run has gone back in vain three times.
 */
export function rollBack(
  folder: string,
  iteration: number,
  diverged: readonly number[],
  resumable: Resumable,
  log: (line: string) => void,
): number | undefined {
  const checkpoints = checkpointsUpTo(folder, iteration);
  const due = checkpoints.filter((checkpoint) => !isExtra(checkpoint));
  let usable = 0;
  let inVain = 0;
  for (const checkpoint of due.length > 0 ? due : checkpoints) {
    try {
      const state = verifyCheckpoint(checkpoint);
      if (usable++ === 0) inVain = diverged.filter((step) => step > state.iteration).length;
      if (inVain >= MAX_IN_A_ROW) return undefined;
      if (usable <= inVain) continue;
      loadCheckpoint(checkpoint, resumable);
      return state.iteration;
    } catch (error) {
      if (!(error instanceof WeightsError)) throw error;
      log(`${error.message}; using the checkpoint before it`);
    }
  }
  return undefined;
}
