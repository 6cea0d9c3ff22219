import type { CocoDataset } from '../../datasets/coco/annotations';
import { loadBackend } from '../../detection/backend/node';
import type { Hook } from '../../detection/engine/hooks';
import type { Schedule } from '../../detection/engine/schedules';
import { train } from '../../detection/engine/train';
import { batchesPerStep, type CompleteConfiguration } from '../config/complete';
import { Interrupted, interruptible } from '../terminal/interruption';
import { makeClipping } from './make-optimizer';
import { makeTrainingLoader } from './make-training-loader';
import { disposeLearner, startDetector } from './start-detector';

export interface TemporaryTraining {
  readonly learningRate: Schedule;
  readonly iterations: number;
  readonly hooks: readonly Hook[];
}

/**
 * Trains a new detector on the very batches that a configuration asks for, but without a trace: what can be learned from it,
 * hooks remember.
 *
 * @throws InputError where training would be refused; DivergenceError; Interrupted where the user stops it.
 */
export async function trainTemporarily(
  given: CompleteConfiguration,
  set: CocoDataset,
  { learningRate, iterations, hooks }: TemporaryTraining,
): Promise<void> {
  await loadBackend();
  const { learner, configuration } = await startDetector(given, set);
  try {
    const { interrupted } = await interruptible((signal) =>
      train(makeTrainingLoader(set, learner.model, configuration, { batchesSeen: 0 }), learner.model, {
        optimizer: learner.optimizer,
        learningRate,
        iterations,
        signal,
        accumulate: batchesPerStep(configuration),
        clipGradients: makeClipping(configuration),
        hooks,
      }),
    );
    if (interrupted) throw new Interrupted('Stopped; nothing was written.');
  } finally {
    disposeLearner(learner);
  }
}
