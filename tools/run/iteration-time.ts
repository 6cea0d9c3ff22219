import type { CocoDataset } from '../../datasets/coco/annotations';
import type { Hook } from '../../detection/engine/hooks';
import type { CompleteConfiguration } from '../config/complete';
import { makeSchedule } from './make-optimizer';
import { trainTemporarily } from './train-temporarily';

/** The first ones take longer: memory is taken from the system, and programs are compiled. */
const UNTIMED = 2;
const TIMED = 10;

/** Iterations that measuring takes. */
export const MEASURED_ITERATIONS = UNTIMED + TIMED;

/**
 * How long an iteration of a training takes here and now, seconds: the mean of a few, of a detector that is thrown away.
 *
 * @param onProgress told how many of MEASURED_ITERATIONS are done.
 * @throws InputError where training would be refused; DivergenceError; Interrupted where the user stops it.
 */
export async function secondsPerIteration(
  configuration: CompleteConfiguration,
  set: CocoDataset,
  onProgress?: (done: number) => void,
): Promise<number> {
  let started = 0;
  let ended = 0;
  const clock: Hook = {
    name: 'clock',
    afterStep: ({ iteration }) => {
      ended = performance.now();
      if (iteration === UNTIMED) started = ended;
      onProgress?.(iteration);
    },
  };
  await trainTemporarily(configuration, set, {
    learningRate: makeSchedule(configuration),
    iterations: MEASURED_ITERATIONS,
    hooks: [clock],
  });
  return (ended - started) / 1000 / TIMED;
}
