import * as tf from '@tensorflow/tfjs-core';
import { lossesAndGradients } from '../nn/autograd';
import { DivergenceError } from './divergence-error';
import { EventStorage } from './event-storage';
import type { GradientClipping } from './gradient-clipping';
import type { Hook, TrainingState } from './hooks';
import { readLosses } from './loss-values';
import type { Optimizer } from './optimizer';
import type { Schedule } from './schedules';
import { summary, withStorage } from './summary';
import type { Trainable } from './trainable';

export interface TrainingOptions<Batch> {
  readonly optimizer: Optimizer;
  readonly learningRate: Schedule;
  /** Steps that the run is to have when it is done, those before a resume included. */
  readonly iterations: number;
  /** Steps done before: where a resumed run goes on. 0 if left out. */
  readonly startIteration?: number;
  readonly clipGradients?: GradientClipping;
  readonly hooks?: readonly Hook[];
  /** Says what a batch is, for the message when training diverges: its image ids, say. */
  readonly describeBatch?: (batch: Batch) => string;
  /** Stops the run after the step that is under way. */
  readonly signal?: AbortSignal;
}

export interface TrainingResult {
  /** Steps done in all. Less than asked for when the run was interrupted, a hook had enough, or the data came to an end. */
  readonly iteration: number;
  readonly interrupted: boolean;
  /** Losses of the last step; empty when there was none. */
  readonly losses: Readonly<Record<string, number>>;
}

/**
 * Minimises the sum of the losses that a model computes of each batch. What the losses mean, and what a batch is,
 * this function never knows. Batches belong to `data`, which may free one as soon as it is asked for the next.
 *
 * @throws DivergenceError when a loss is NaN or infinite; whatever the model, the data or a hook throws. Nothing
 *   leaks then, and the failed step has updated no parameter.
 */
export async function train<Batch>(
  data: Iterable<Batch> | AsyncIterable<Batch>,
  model: Trainable<Batch>,
  options: TrainingOptions<Batch>,
): Promise<TrainingResult> {
  const { optimizer, iterations, hooks = [], signal, startIteration = 0 } = options;
  const storage = new EventStorage();
  const state: TrainingState = {
    iteration: startIteration,
    iterations,
    optimizer,
    storage,
    isEnough: false,
    outcome: 'running',
  };
  let losses: Record<string, number> = {};
  const isDone = () => state.iteration >= iterations || state.isEnough;
  const isOver = () => isDone() || signal?.aborted === true;
  try {
    for (const hook of hooks) await hook.beforeTrain?.(state);
    if (!isOver()) {
      let waitingSince = performance.now();
      for await (const batch of data) {
        if (signal?.aborted) break;
        const started = performance.now();
        storage.startIteration(state.iteration + 1);
        for (const hook of hooks) await hook.beforeStep?.(state);
        losses = withStorage(storage, () => trainStep(batch, model, options, state));
        storage.scalar('data_seconds', (started - waitingSince) / 1000);
        storage.scalar('seconds', (performance.now() - waitingSince) / 1000);
        state.iteration++;
        for (const hook of hooks) await hook.afterStep?.(state);
        // Steps are synchronous: without a turn of the event loop nobody could ever ask to stop.
        await tf.nextFrame();
        if (isOver()) break;
        waitingSince = performance.now();
      }
    }
    state.outcome = signal?.aborted && !isDone() ? 'interrupted' : 'completed';
  } catch (error) {
    state.outcome = 'failed';
    throw error;
  } finally {
    for (const hook of hooks) await hook.afterTrain?.(state);
  }
  return { iteration: state.iteration, interrupted: state.outcome === 'interrupted', losses };
}

/** Forward, backward, update. Returns the values of the losses. */
function trainStep<Batch>(
  batch: Batch,
  model: Trainable<Batch>,
  options: TrainingOptions<Batch>,
  { iteration, storage }: TrainingState,
): Record<string, number> {
  const learningRate = options.learningRate(iteration);
  const trained = [...model.namedParameters()].filter(([, parameter]) => parameter.trainable);
  const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trained);
  try {
    const values = readLosses(losses);
    if (!Object.values(values).every(Number.isFinite)) {
      throw new DivergenceError(iteration + 1, values, learningRate, options.describeBatch?.(batch));
    }
    for (const [name, gradient] of gradients) summary.histogram(`gradients/${name}`, gradient);
    options.clipGradients?.(gradients);
    options.optimizer.step(gradients, learningRate);
    for (const [name, parameter] of trained) summary.histogram(`parameters/${name}`, parameter.value);
    for (const [name, value] of Object.entries(values)) storage.scalar(name, value);
    storage.lossNames = Object.keys(values);
    storage.scalar('total_loss', sum(Object.values(values)));
    storage.scalar('lr', learningRate);
    return values;
  } finally {
    tf.dispose([...Object.values(losses), ...gradients.values()]);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
