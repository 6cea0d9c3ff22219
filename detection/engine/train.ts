import * as tf from '@tensorflow/tfjs-core';
import { DivergenceError } from './divergence-error';
import { EventStorage } from '../events/event-storage';
import type { GradientClipping } from './gradient-clipping';
import type { Hook, TrainingState } from './hooks';
import type { Optimizer } from './optimizer';
import type { Schedule } from './schedules';
import { StepWatch } from './step-watch';
import { summary, withStorage } from '../events/summary';
import type { Trainable } from '../nn/trainable';
import { TrainingStep, type StepMeans } from './training-step';

/** Options of `train`. */
export interface TrainingOptions<Batch> {
  /** Updates the parameters. It must have been given every trainable parameter of the model. */
  readonly optimizer: Optimizer;
  /** Learning rate of each step. */
  readonly learningRate: Schedule;
  /** Steps that the run is to have when it is done, those before a resume included. */
  readonly iterations: number;
  /** Steps done before: where a resumed run goes on. 0 if left out. What steps draw at random goes by their number. */
  readonly startIteration?: number;
  /**
   * Batches of a step, whose losses and gradients are averaged; 1 if left out. n batches of equal size are one that is
   * n times as large, but for rounding, where each loss is a mean over images, or over a number of things that is
   * the same of each image; and where images know nothing of each other: no statistics of a batch, no common padding.
   * A mean over things of which images have different numbers gives each image of one batch as much weight as it has
   * of them, and each batch of several the same. A loss that a batch does not have counts 0. Buffers, running
   * statistics that is, move once a step, by the mean over its batches.
   */
  readonly accumulate?: number;
  /** Gradient clipping, applied before each update; none if left out. */
  readonly clipGradients?: GradientClipping;
  /** In their order, each with a name of its own. */
  readonly hooks?: readonly Hook[];
  /** Says what a batch is, for the message when training diverges: its image ids, say. */
  readonly describeBatch?: (batch: Batch) => string;
  /**
   * Gets a step that diverged, before which the model is again. Where it returns, the run goes on after this step; it may
   * have given the model other weights. It may throw; if left out, the error is thrown.
   */
  readonly onDivergence?: (error: DivergenceError, state: TrainingState) => void;
  /** Stops the run after the step that is under way. */
  readonly signal?: AbortSignal;
}

/** The result of `train`. */
export interface TrainingResult {
  /** Steps done in all. Less than asked for when the run was interrupted, a hook had enough, or the data came to an end. */
  readonly iteration: number;
  /** Whether the run was stopped by `signal`. */
  readonly interrupted: boolean;
  /** Losses of the last step; empty when there was none. */
  readonly losses: Readonly<Record<string, number>>;
}

/**
 * Minimizes the sum of the losses that a model computes of each batch. What the losses mean, and what a batch is,
 * this function never knows. Batches belong to `data`, which may free one as soon as it is asked for the next. A
 * step that the end of the data cuts short is as if it had not begun.
 *
 * What the model draws at random in a step follows from the seed and the name of each stream and from the number of the
 * batch in the run alone: a run that goes on needs nothing of its streams.
 *
 * @throws DivergenceError when a loss or a gradient is NaN or infinite; Error where two hooks have one name; whatever the
 *   model, the data or a hook throws. Nothing leaks then, and the failed step has updated nothing.
 */
export async function train<Batch>(
  data: Iterable<Batch> | AsyncIterable<Batch>,
  model: Trainable<Batch>,
  options: TrainingOptions<Batch>,
): Promise<TrainingResult> {
  const { optimizer, iterations, accumulate = 1, hooks = [], signal, startIteration = 0 } = options;
  requireDistinctNames(hooks);
  const storage = new EventStorage();
  const state: TrainingState = {
    iteration: startIteration,
    iterations,
    optimizer,
    hooks,
    storage,
    shouldStop: false,
    outcome: 'running',
  };
  const step = new TrainingStep(model, options.describeBatch);
  const isDone = () => state.iteration >= iterations || state.shouldStop;
  const isOver = () => isDone() || signal?.aborted === true;
  let losses: Record<string, number> = {};
  try {
    for (const hook of hooks) await hook.beforeTrain?.(state);
    if (!isOver()) {
      const watch = new StepWatch();
      for await (const batch of watch.waitingFor(data)) {
        if (step.numBatches === 0) {
          if (signal?.aborted) break;
          storage.startIteration(state.iteration + 1);
          for (const hook of hooks) await hook.beforeStep?.(state);
        }
        const microBatch = state.iteration * accumulate + step.numBatches;
        withStorage(storage, () => step.add(batch, microBatch));
        if (step.numBatches < accumulate) continue;

        losses = withStorage(storage, () => finishStep(step, model, options, state));
        watch.record(storage);
        state.iteration++;
        for (const hook of hooks) await hook.afterStep?.(state);
        // Steps are synchronous: without a turn of the event loop nobody could ever ask to stop.
        await tf.nextFrame();
        if (isOver()) break;
        watch.restart();
      }
    }
    state.outcome = signal?.aborted && !isDone() ? 'interrupted' : 'completed';
  } catch (error) {
    state.outcome = 'failed';
    throw error;
  } finally {
    step.undo();
    step.clear();
    if (state.outcome !== 'failed') storage.discardAfter(state.iteration);
    for (const hook of hooks) await hook.afterTrain?.(state);
  }
  return { iteration: state.iteration, interrupted: state.outcome === 'interrupted', losses };
}

/** Learns from what a step has gathered, unless it diverged, and ends it. Returns the means of the losses. */
function finishStep<Batch>(
  step: TrainingStep<Batch>,
  model: Trainable<Batch>,
  options: TrainingOptions<Batch>,
  state: TrainingState,
): Record<string, number> {
  const means = step.finish();
  const { losses, gradientNorms, batch } = means;
  const learningRate = options.learningRate(state.iteration);
  state.storage.scalar('lr', learningRate);
  if ([...Object.values(losses), ...Object.values(gradientNorms)].every(Number.isFinite)) {
    update(model, means, learningRate, options, state.storage);
  } else {
    step.undo();
    const iteration = state.iteration + 1;
    const error = new DivergenceError({ iteration, losses, learningRate, batch, gradientNorms });
    if (!options.onDivergence) throw error;
    options.onDivergence(error, state);
  }
  step.clear();
  return losses;
}

/** Updates the parameters with the gradients of a step, and tells about both. */
function update<Batch>(
  model: Trainable<Batch>,
  { losses, gradients, gradientNorms }: StepMeans,
  learningRate: number,
  { clipGradients, optimizer }: TrainingOptions<Batch>,
  storage: EventStorage,
): void {
  for (const [name, gradient] of gradients) summary.histogram(`gradients/${name}`, gradient);
  const norm = Math.hypot(...Object.values(gradientNorms));
  clipGradients?.(gradients, norm);
  optimizer.step(gradients, learningRate);
  for (const [name, parameter] of model.namedParameters()) {
    if (parameter.trainable) summary.histogram(`parameters/${name}`, parameter.value);
  }
  for (const [name, value] of Object.entries(losses)) storage.scalar(name, value);
  storage.lossNames = Object.keys(losses);
  storage.scalar('total_loss', sum(Object.values(losses)));
  storage.scalar('gradient_norm', norm);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** @throws Error where two hooks have one name. */
function requireDistinctNames(hooks: readonly Hook[]): void {
  const names = hooks.map(({ name }) => name);
  const twice = names.find((name, k) => names.indexOf(name) < k);
  if (twice !== undefined) throw new Error(`two hooks of the run have the name ${JSON.stringify(twice)}`);
}
