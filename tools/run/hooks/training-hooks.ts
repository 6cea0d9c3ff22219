import { formatScore } from '../../../datasets/evaluation/format';
import { EarlyStopping } from '../../../detection/engine/early-stopping';
import type { Hook } from '../../../detection/engine/hooks';
import { JsonLinesWriter } from '../../../detection/engine/writers/json-lines-writer';
import { ProgressWriter } from '../../../detection/engine/writers/progress-writer';
import { CheckpointHook } from '../../../weights/checkpoints/checkpoint-hook';
import { metadataOf } from '../../../weights/detectors/detector-metadata';
import { imagesPerStep } from '../../config/complete';
import { settingsOf } from '../../config/model-settings';
import type { DataFaults } from './data-faults';
import { DivergencePolicy } from './divergence-policy';
import { EvaluationHook } from './evaluation-hook';
import { logLine } from '../../terminal/progress';
import { runEvents } from './run-events';
import { runFolder } from '../folder/run-folder';
import { summarizeEvaluation } from './summarize-evaluation';
import { terminalLine } from '../../terminal/terminal-text';
import { metricPrefix } from '../tasks';
import type { TrainingRun } from '../training-run';
import { validate } from '../validate';

export interface TrainingHooks {
  /** All, in their order. */
  readonly hooks: readonly Hook[];
  readonly divergence: DivergencePolicy;
  /** Undefined without a validation set, as `earlyStopping` is. */
  readonly evaluation: EvaluationHook | undefined;
  readonly earlyStopping: EarlyStopping | undefined;
}

/** What a run does around its steps: it averages, evaluates, finds out whether to stop, writes, and saves all of that at last. */
export function trainingHooks(run: TrainingRun, faults: DataFaults): TrainingHooks {
  const { configuration, output, resumeCommand, learner } = run;
  const divergence = new DivergencePolicy({
    policy: configuration.onDivergence,
    output,
    resumable: learner,
    resumeCommand,
  });
  const evaluation = evaluationHook(run, faults);
  const earlyStopping = evaluation && earlyStoppingHook(run, evaluation);
  const hooks = [
    faults,
    learner.average,
    divergence,
    evaluation,
    earlyStopping,
    new JsonLinesWriter({ file: runFolder(output).metrics }),
    runEvents(configuration, output),
    progressWriter(run),
    checkpointHook(run),
  ].filter((hook) => hook !== undefined);
  return { hooks, divergence, evaluation, earlyStopping };
}

function evaluationHook(run: TrainingRun, faults: DataFaults): EvaluationHook | undefined {
  const { configuration, val, learner } = run;
  const { iouTypes, keypoints } = learner.model;
  const drawn = { masks: iouTypes.includes('segm'), keypoints };
  return (
    val &&
    new EvaluationHook({
      evaluate: (parts) => validate(run, val, faults, parts),
      every: configuration.evaluateEvery,
      summarize: (storage, result) => summarizeEvaluation(storage, result, drawn),
    })
  );
}

function earlyStoppingHook(
  { configuration, metric }: TrainingRun,
  evaluation: EvaluationHook,
): EarlyStopping | undefined {
  return (
    metric &&
    new EarlyStopping({
      ...configuration.earlyStopping,
      metric,
      isEvaluated: (state) => evaluation.hasEvaluated(state),
    })
  );
}

function progressWriter({ configuration, metric, learner }: TrainingRun): ProgressWriter {
  const ofTasks = learner.model.iouTypes.map((iouType) => `${metricPrefix(iouType)}AP`);
  const scores = metric ? [...ofTasks, metric.name] : [];
  return new ProgressWriter({
    output: process.stderr,
    imagesPerStep: imagesPerStep(configuration),
    // A metric may be named after a category, which may have any name.
    scores: Object.fromEntries(scores.map((name) => [terminalLine(name), name])),
    formatScore,
  });
}

function checkpointHook({ configuration, output, train, metric, learner }: TrainingRun): CheckpointHook {
  const { definition, input, keypoints } = learner.model;
  const { norm, normEpsilon } = configuration.model;
  const settings = settingsOf(definition, configuration.model);
  const options = { norm, epsilon: normEpsilon ?? undefined, input, settings, keypoints };
  const metadata = metadataOf({ definition, options, categories: train.categories });
  return new CheckpointHook(output, {
    ...learner,
    every: configuration.checkpointEvery,
    keep: configuration.keepCheckpoints,
    keepEvery: configuration.keepEvery ?? undefined,
    bestMetric: metric,
    log: logLine,
    metadata: { ...metadata },
  });
}
