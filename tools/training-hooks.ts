import { z } from 'zod';
import { EarlyStopping, type EarlyStoppingState } from '../detection/engine/early-stopping';
import type { Hook } from '../detection/engine/hooks';
import { JsonLinesWriter } from '../detection/engine/json-lines-writer';
import type { Metric } from '../detection/engine/metric';
import { ProgressWriter } from '../detection/engine/progress-writer';
import type { Resumable } from '../weights/checkpoint';
import { CheckpointHook } from '../weights/checkpoint-hook';
import type { CompleteConfiguration } from './config/complete';
import { DEFAULT_BEST_METRIC } from './config/schema';
import type { DivergencePolicy } from './divergence-policy';
import type { EvaluationHook } from './evaluation-hook';
import { runEvents } from './run-events';
import { runFolder } from './run-folder';
import { terminalLine } from './terminal-text';

export interface TrainingHooksOptions {
  readonly configuration: CompleteConfiguration;
  /** The run's folder. */
  readonly output: string;
  readonly resumable: Resumable;
  /** Goes into each checkpoint, beside the configuration and what early stopping has to remember. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly divergence: DivergencePolicy;
  /** Undefined without a validation set, as `metric` is. */
  readonly evaluation: EvaluationHook | undefined;
  /** What makes a checkpoint the best. */
  readonly metric: Metric | undefined;
  /** Of the checkpoint that the run goes on from. */
  readonly earlyStoppingState: EarlyStoppingState | undefined;
}

export interface TrainingHooks {
  readonly hooks: readonly Hook[];
  readonly earlyStopping: EarlyStopping | undefined;
}

/** What a run does around its steps: it averages, evaluates, finds out whether to stop, writes, and saves all of that at last. */
export function trainingHooks(options: TrainingHooksOptions): TrainingHooks {
  const { configuration, output, resumable, divergence, evaluation, metric } = options;
  const { data, optimizer, earlyStopping: stopping, keepEvery } = configuration;
  const earlyStopping =
    evaluation &&
    metric &&
    new EarlyStopping({
      ...stopping,
      metric,
      isEvaluated: (state) => evaluation.hasEvaluated(state),
      ...(options.earlyStoppingState && { state: options.earlyStoppingState }),
    });
  const scores = metric ? [DEFAULT_BEST_METRIC, metric.name] : [];
  const hooks = [
    ...(resumable.average ? [resumable.average] : []),
    divergence,
    ...(evaluation ? [evaluation] : []),
    ...(earlyStopping ? [earlyStopping] : []),
    new JsonLinesWriter({ file: runFolder(output).metrics }),
    runEvents(configuration, output),
    new ProgressWriter({
      output: process.stderr,
      imagesPerStep: data.batchSize * optimizer.accumulate,
      // A metric may be named after a category, which may have any name.
      scores: Object.fromEntries(scores.map((name) => [terminalLine(name), name])),
    }),
    new CheckpointHook({
      folder: output,
      resumable,
      every: configuration.checkpointEvery,
      keep: configuration.keepCheckpoints,
      ...(keepEvery !== null && { keepEvery }),
      ...(metric && { bestMetric: metric }),
      metadata: () => ({
        ...options.metadata,
        configuration,
        divergedIterations: divergence.divergedIterations,
        ...(earlyStopping && { earlyStopping: earlyStopping.state }),
        ...(evaluation && { evaluatedUpTo: evaluation.doneUpTo }),
      }),
    }),
  ];
  return { hooks, earlyStopping };
}

/** What a checkpoint's metadata say of evaluations; nothing in checkpoints of before. */
const evaluationState = z.object({
  earlyStopping: z
    .object({
      best: z.object({ value: z.number(), iteration: z.int() }).nullable(),
      evaluationsSince: z.int().min(0),
    })
    .optional(),
  /** EvaluationHook.doneUpTo. */
  evaluatedUpTo: z.int().min(0).optional(),
});

export type EvaluationState = Readonly<z.output<typeof evaluationState>>;

export function evaluationStateOf(metadata: Readonly<Record<string, unknown>>): EvaluationState {
  return evaluationState.safeParse(metadata).data ?? {};
}
