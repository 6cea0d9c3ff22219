import * as tf from '@tensorflow/tfjs-core';
import { DivergenceError } from './divergence-error';
import { EventStorage } from '../events/event-storage';
import type { GradientClipping } from './gradient-clipping';
import type { Hook, TrainingState } from './hooks';
import type { Optimizer } from './optimizer';
import { ALONE, gather, ReplicaLostError, type Replicas } from './replicas';
import type { Schedule } from './schedules';
import { shareLearner } from './share-learner';
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
  /**
   * Others that train the same model together with this one; none if left out. Each has a model, an optimizer and hooks of
   * its own, and gets its share of the data: of n, number k gets batches k, k + n, ... A step has `accumulate` batches of each; so
   * two replicas, and one that accumulates twice as many batches, learn the same, to the bit. Replica 0 gives the others its weights,
   * buffers and optimizer's state before the first step; what is to be done about a step that diverged is asked of its
   * `onDivergence` alone. Where any of them has enough, is interrupted or gets no more data, all stop after the same step.
   */
  readonly replicas?: Replicas;
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
 * step that the end of the data cuts short is as if it had not begun, and so is one during which another replica is lost:
 * the run is then interrupted.
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
  const { optimizer, iterations, hooks = [], startIteration = 0 } = options;
  requireDistinctNames(hooks);
  const state: TrainingState = {
    iteration: startIteration,
    iterations,
    optimizer,
    hooks,
    storage: new EventStorage(),
    shouldStop: false,
    outcome: 'running',
  };
  let losses: Record<string, number> = {};
  try {
    for (const hook of hooks) await hook.beforeTrain?.(state);
    losses = await takeSteps(data, model, options, state);
  } catch (error) {
    state.outcome = error instanceof ReplicaLostError ? 'interrupted' : 'failed';
    if (state.outcome === 'failed') throw error;
  } finally {
    if (state.outcome !== 'failed') state.storage.discardAfter(state.iteration);
    for (const hook of hooks) await hook.afterTrain?.(state);
  }
  return { iteration: state.iteration, interrupted: state.outcome === 'interrupted', losses };
}

/** All steps of a run, and how it ends, which the state then says. Returns the losses of the last one. */
async function takeSteps<Batch>(
  data: Iterable<Batch> | AsyncIterable<Batch>,
  model: Trainable<Batch>,
  options: TrainingOptions<Batch>,
  state: TrainingState,
): Promise<Record<string, number>> {
  const { optimizer, accumulate = 1, hooks = [], signal } = options;
  const { storage } = state;
  const watch = new StepWatch();
  const replicas = watch.exchangesOf(options.replicas ?? ALONE);
  const step = new TrainingStep(model, options.describeBatch, replicas);
  let losses: Record<string, number> = {};
  try {
    await shareLearner(replicas, model, optimizer);
    state.outcome = await agreedOutcome(state, options);
    if (state.outcome !== 'running') return losses;
    watch.restart();
    for await (const batch of watch.waitingFor(data)) {
      if (step.numBatches === 0) {
        if (signal?.aborted) break;
        storage.startIteration(state.iteration + 1);
        for (const hook of hooks) await hook.beforeStep?.(state);
      }
      const ofReplica = state.iteration * accumulate + step.numBatches;
      withStorage(storage, () => step.add(batch, ofReplica * replicas.size + replicas.rank));
      if (step.numBatches < accumulate) continue;

      const [[, scalars] = [0, {}]] = storage.scalarsAfter(state.iteration);
      const means = await step.finish(scalars);
      if ('leaves' in means) {
        state.outcome = means.leaves;
        return losses;
      }
      losses = await finishStep(step, means, model, options, state);
      watch.record(storage);
      state.iteration++;
      for (const hook of hooks) await hook.afterStep?.(state);
      // Steps are synchronous: without a turn of the event loop nobody could ever ask to stop.
      await tf.nextFrame();
      state.outcome = await agreedOutcome(state, options);
      if (state.outcome !== 'running') return losses;
      watch.restart();
    }
    state.outcome = (await step.leave({ leaves: signal?.aborted ? 'interrupted' : 'completed' })).leaves;
    return losses;
  } finally {
    step.undo();
    step.clear();
  }
}

/** Whether the run is over, between two steps: one replica that has enough, or is asked to stop, speaks for all. */
async function agreedOutcome<Batch>(
  { iteration, iterations, shouldStop }: TrainingState,
  { signal, replicas = ALONE }: TrainingOptions<Batch>,
): Promise<TrainingState['outcome']> {
  const isDone = iteration >= iterations || shouldStop;
  const own = isDone ? 'completed' : signal?.aborted === true ? 'interrupted' : 'running';
  const all = await gather(replicas, own);
  if (all.includes('completed')) return 'completed';
  return all.includes('interrupted') ? 'interrupted' : 'running';
}

/** Learns from what a step has gathered, unless it diverged, and ends it. Returns the means of the losses. */
async function finishStep<Batch>(
  step: TrainingStep<Batch>,
  means: StepMeans,
  model: Trainable<Batch>,
  options: TrainingOptions<Batch>,
  state: TrainingState,
): Promise<Record<string, number>> {
  const { losses, gradientNorms, batch, scalars } = means;
  const { storage } = state;
  const learningRate = options.learningRate(state.iteration);
  for (const [name, value] of Object.entries(scalars)) storage.scalar(name, value);
  storage.scalar('lr', learningRate);
  if ([...Object.values(losses), ...Object.values(gradientNorms)].every(Number.isFinite)) {
    withStorage(storage, () => update(model, means, learningRate, options, storage));
  } else {
    step.undo();
    const iteration = state.iteration + 1;
    const error = new DivergenceError({ iteration, losses, learningRate, batch, gradientNorms });
    await afterDivergence(error, model, options, state);
  }
  step.clear();
  return losses;
}

/** What replica 0 does about a step that diverged, which may be to change the weights, is done by all. */
async function afterDivergence<Batch>(
  error: DivergenceError,
  model: Trainable<Batch>,
  { onDivergence, optimizer, replicas = ALONE }: TrainingOptions<Batch>,
  state: TrainingState,
): Promise<void> {
  let refusal: Error | undefined;
  try {
    if (replicas.rank === 0) {
      if (!onDivergence) throw error;
      onDivergence(error, state);
    }
  } catch (thrown) {
    refusal = thrown instanceof Error ? thrown : new Error(String(thrown));
  }
  const [isOver] = await gather(replicas, refusal !== undefined);
  if (isOver) throw refusal ?? error;
  await shareLearner(replicas, model, optimizer);
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
