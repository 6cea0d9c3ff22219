import type { Hook, TrainingState } from './hooks';
import type { Schedule } from './schedules';

/** From `from` at step 0 to `to` at the last of `steps`, each rate larger than the one before by the same factor. */
export function exponential(from: number, to: number, steps: number): Schedule {
  return (step) => from * (to / from) ** (step / Math.max(1, steps - 1));
}

/** A step of a range test. */
export interface RangePoint {
  /** Learning rate of the step. */
  readonly learningRate: number;
  /** The sum of the losses, of the step's batch. */
  readonly loss: number;
  /** The same, smoothed over the steps so far. */
  readonly smoothedLoss: number;
}

/** fastai's LRFinder: weight of the past in the smoothed loss, and how much worse than its best is too bad. */
const SMOOTHING = 0.98;
const EXPLOSION = 4;
/** fastai leaves out the first tenth of the steps and the last five: the one is too noisy, the other bends upwards. */
const LEFT_OUT = { first: 0.1, last: 5 };
/** Fewer steps leave no two between which the loss could be seen to fall. */
export const MIN_RANGE_STEPS = LEFT_OUT.last + 2;

/**
 * The learning rate range test (Smith 2015, Cyclical Learning Rates) as fastai's LRFinder: follows the loss while a
 * schedule raises the learning rate, and ends the run when it explodes.
 */
export class LearningRateRange implements Hook {
  readonly name = 'learningRateRange';
  /** One point for each step so far. */
  readonly points: RangePoint[] = [];
  private average = 0;
  private best = Infinity;

  afterStep(state: TrainingState): void {
    const [learningRate, loss] = ['lr', 'total_loss'].map((name) => state.storage.latest(name)!.value);
    this.average = SMOOTHING * this.average + (1 - SMOOTHING) * loss;
    // Adam's correction: the average began at 0.
    const smoothedLoss = this.average / (1 - SMOOTHING ** (this.points.length + 1));
    this.points.push({ learningRate, loss, smoothedLoss });
    if (smoothedLoss > EXPLOSION * this.best) state.shouldStop = true;
    this.best = Math.min(this.best, smoothedLoss);
  }
}

/**
 * The learning rate at which the smoothed loss falls fastest over the logarithm of the rate, as fastai's `steep`.
 * Undefined where it never falls, or there are too few points to tell.
 */
export function steepestDescent(points: readonly RangePoint[]): number | undefined {
  let suggestion: number | undefined;
  let steepest = 0;
  const end = points.length - LEFT_OUT.last;
  for (let i = Math.floor(LEFT_OUT.first * points.length); i + 1 < end; i++) {
    const [here, next] = [points[i], points[i + 1]];
    const slope = (next.smoothedLoss - here.smoothedLoss) / Math.log(next.learningRate / here.learningRate);
    if (slope < steepest) {
      steepest = slope;
      suggestion = here.learningRate;
    }
  }
  return suggestion;
}

/** A tenth of the learning rate at which the smoothed loss is lowest, as fastai's `minimum`: the other rule in use. */
export function tenthOfLowest(points: readonly RangePoint[]): number | undefined {
  let lowest: RangePoint | undefined;
  for (const point of points) if (!lowest || point.smoothedLoss < lowest.smoothedLoss) lowest = point;
  return lowest && lowest.learningRate / 10;
}
