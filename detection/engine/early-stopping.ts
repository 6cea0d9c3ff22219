import type { Hook, Json, TrainingState } from './hooks';
import { isBetter, type Metric } from './metric';

/** How long a metric has not got better: with it a resumed run stops where it would have stopped. */
type EarlyStoppingState = {
  /** The best value so far, and the step that it was measured at; null where there is none. */
  readonly best: { readonly value: number; readonly iteration: number } | null;
  /** Evaluations since then. */
  readonly evaluationsSince: number;
};

/** Options of `EarlyStopping`. */
export interface EarlyStoppingOptions {
  /** The metric that must improve. */
  readonly metric: Metric;
  /** Evaluations without improvement that end the run; null: none do, they are only counted. */
  readonly patience: number | null;
  /** What is better by this much, or less, is no improvement. */
  readonly minDelta: number;
  /** Whether the step that is over has been evaluated by this process. Whoever evaluates comes first. */
  readonly isEvaluated: (state: TrainingState) => boolean;
}

/**
 * Ends a run when a metric has stopped getting better, as Keras's EarlyStopping: patience is counted in evaluations. An
 * evaluation that does not give the metric, or gives NaN, is one without improvement.
 */
export class EarlyStopping implements Hook {
  readonly name = 'earlyStopping';
  private current: EarlyStoppingState = { best: null, evaluationsSince: 0 };

  /**
   * A hook for one run.
   *
   * @param options which metric, and how long it is waited for.
   */
  constructor(private readonly options: EarlyStoppingOptions) {}

  state(): Json {
    return this.current;
  }

  restore(state: Json): void {
    if (!isEarlyStoppingState(state)) throw new Error('it lacks the best evaluation');
    this.current = state;
  }

  /** Why the run has ended, or is to end; undefined where it is to go on. */
  get reason(): string | undefined {
    const { metric, patience, minDelta } = this.options;
    const { best, evaluationsSince } = this.current;
    if (patience === null || evaluationsSince < patience) return undefined;
    const since = `${evaluationsSince} ${evaluationsSince === 1 ? 'evaluation' : 'evaluations'}`;
    if (!best) return `${since} without ${metric.name}`;
    const by = minDelta > 0 ? `, by more than ${minDelta}` : '';
    const than = `${Number(best.value.toPrecision(4))} of iteration ${best.iteration}`;
    return `${since} without a ${metric.name} better than ${than}${by}`;
  }

  /** An evaluation that had been interrupted may have been made up for. */
  beforeTrain(state: TrainingState): void {
    this.afterStep(state);
  }

  afterStep(state: TrainingState): void {
    if (this.options.isEvaluated(state)) this.count(state);
    if (this.reason !== undefined) state.shouldStop = true;
  }

  private count(state: TrainingState): void {
    const { metric, minDelta } = this.options;
    const event = state.storage.latest(metric.name);
    const value = event?.iteration === state.iteration ? event.value : NaN;
    this.current = isBetter(metric, value, this.current.best?.value, minDelta)
      ? { best: { value, iteration: state.iteration }, evaluationsSince: 0 }
      : { ...this.current, evaluationsSince: this.current.evaluationsSince + 1 };
  }
}

function isEarlyStoppingState(state: Json): state is EarlyStoppingState {
  if (!isObject(state)) return false;
  const { best, evaluationsSince } = state;
  const isBest =
    best === null || (isObject(best) && typeof best['value'] === 'number' && isCount(best['iteration']));
  return isBest && isCount(evaluationsSince);
}

function isObject(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: Json | undefined): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
