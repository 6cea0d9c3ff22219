import { rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { CocoDataset } from '../datasets/coco/annotations';
import { ImageError } from '../datasets/images/decode';
import { loadTrainingBackend } from '../detection/backend/node';
import type { Metric } from '../detection/engine/metric';
import { train } from '../detection/engine/train';
import { InputError } from '../detection/errors';
import type { FasterRcnn } from '../detection/modeling/faster-rcnn';
import { imageNormalization } from '../detection/modeling/models';
import { loadCheckpoint, readCheckpointState, type Resumable } from '../weights/checkpoint';
import { resumePoint } from '../weights/resume-point';
import type { CompleteConfiguration } from './config/complete';
import { configurationYaml } from './config/yaml-text';
import { DataFaults, type DataFault } from './data-faults';
import { DivergencePolicy, divergedIterationsOf } from './divergence-policy';
import type { DetectorEvaluation, evaluateDetector } from './evaluate-detector';
import { EvaluationHook } from './evaluation-hook';
import { bestMetric } from './evaluation-metrics';
import { Interrupted, interruptible } from './interruption';
import { LeftOutRecord } from './left-out';
import { makeAverage, makeClipping, makeOptimizer, makeSchedule } from './make-optimizer';
import { makeTrainingLoader } from './make-training-loader';
import { writeAtomically } from './output-files';
import { say } from './progress';
import { runFolder } from './run-folder';
import { startDetector } from './start-detector';
import { summarizeEvaluation } from './summarize-evaluation';
import { readTrainingData, type TrainingData } from './training-data';
import { evaluationStateOf, trainingHooks, type EvaluationState } from './training-hooks';
import { validate } from './validate';

/** A run to do, checked: what can be refused before it has been. */
export interface TrainingJob {
  readonly configuration: CompleteConfiguration;
  /** The run's folder. */
  readonly output: string;
  /** Whether to go on from the folder's last checkpoint. */
  readonly resume: boolean;
  /** What the user types to go on when the run has been stopped. */
  readonly resumeCommand: string;
}

/** A run that is done, or has been stopped. */
export interface TrainedDetector {
  readonly train: CocoDataset;
  readonly val: CocoDataset | undefined;
  /** Steps done in all. */
  readonly iteration: number;
  /** Of the weights after the last step; undefined without a validation set, and where the run has been stopped. */
  readonly result: DetectorEvaluation | undefined;
  /** Says that the user stopped the run, or that its data cannot be used any more, and how to go on. */
  readonly interrupted?: Interrupted | InputError;
  /** Says why the run ended before its last iteration, where it did. */
  readonly stoppedEarly?: string;
}

/**
 * Trains a detector as its configuration says: metrics, checkpoints, evaluations go to the run's folder, which holdRun
 * holds. Returns also when the user or its data stops it, after saving.
 *
 * @throws InputError where files do not fit, DivergenceError where training diverges.
 */
export async function trainDetector(given: TrainingJob): Promise<TrainedDetector> {
  const data = await readTrainingData(given.configuration, given.resume);
  const metric = bestMetric(given.configuration, data.val);
  await loadTrainingBackend();
  const checkpoint = given.resume ? resumePoint(given.output, say) : undefined;
  const { model, configuration } = await startDetector(given.configuration, data.train.categories.length, {
    isToBeRestored: checkpoint !== undefined,
  });
  try {
    return await trainModel({ ...given, configuration, metric }, data, model, checkpoint);
  } finally {
    model.dispose();
  }
}

/** A job whose files have been read. */
interface PreparedJob extends TrainingJob {
  /** What makes a checkpoint the best. Undefined without a validation set. */
  readonly metric: Metric | undefined;
}

async function trainModel(
  job: PreparedJob,
  data: TrainingData,
  model: FasterRcnn,
  checkpoint: string | undefined,
): Promise<TrainedDetector> {
  const { configuration } = job;
  const optimizer = makeOptimizer(configuration, model);
  const average = makeAverage(configuration, model);
  const resumable = { model, optimizer, ...(average && { average }) };
  try {
    const start: StartingPoint =
      checkpoint === undefined
        ? { iteration: 0, diverged: [] }
        : restore(job, checkpoint, data.train, resumable);
    const { minSize, maxSize, name } = configuration.model;
    const transform = { minSize, maxSize, ...imageNormalization(name) };
    const detector = { model, ...transform, categories: data.train.categories };
    return await interruptible((signal) => run({ ...job, start }, data, detector, resumable, signal));
  } finally {
    average?.dispose();
    optimizer.dispose();
  }
}

type Detector = Parameters<typeof evaluateDetector>[0];

/** A job that can begin. */
interface StartedJob extends PreparedJob {
  readonly start: StartingPoint;
}

/** Where a run begins, or goes on. */
interface StartingPoint extends EvaluationState {
  readonly iteration: number;
  /** The steps that have diverged. */
  readonly diverged: readonly number[];
}

async function run(
  job: StartedJob,
  sets: TrainingData,
  detector: Detector,
  resumable: Resumable,
  userSignal: AbortSignal,
): Promise<TrainedDetector> {
  const { train: trainSet, val } = sets;
  const { configuration, output, metric, start } = job;
  const { data, iterations } = configuration;
  const { accumulate } = configuration.optimizer;
  const folder = runFolder(output);
  writeAtomically(folder.config, configurationYaml(configuration));
  rmSync(folder.report, { force: true }); // of a run that was stopped: no more what the folder holds
  const record = new LeftOutRecord(folder.leftOut, val ? [trainSet, val] : [trainSet]);
  if (data.skipInvalid) record.write();
  const faults = new DataFaults({ onBrokenPicture: data.onBrokenPicture, record, signal: userSignal });
  const { signal } = faults;
  const { optimizer, average } = resumable;
  const evaluate = (set: CocoDataset, validationLoss: boolean): Promise<DetectorEvaluation> => {
    const settings = { ...configuration, validationLoss };
    const found = () => validate(detector, set, settings, signal, faults.listeners(set));
    return faults.evaluating(() => (average ? average.during(found) : found()));
  };
  const evaluation =
    val &&
    new EvaluationHook({
      evaluate: () => evaluate(val, configuration.validationLoss),
      every: configuration.evaluateEvery,
      summarize: (storage, result) => summarizeEvaluation(storage, result, detector.categories),
      ...(start.evaluatedUpTo !== undefined && { doneUpTo: start.evaluatedUpTo }),
    });
  const { resumeCommand } = job;
  const divergence = new DivergencePolicy({
    policy: configuration.onDivergence,
    output,
    resumable,
    resumeCommand,
    diverged: start.diverged,
  });
  const { hooks, earlyStopping } = trainingHooks({
    configuration,
    output,
    resumable,
    divergence,
    metadata: { categories: trainSet.categories },
    evaluation,
    metric,
    earlyStoppingState: start.earlyStopping,
  });
  const { iteration, interrupted } = await train(
    faults.batches(
      makeTrainingLoader(trainSet, configuration, start.iteration * accumulate, faults.listeners(trainSet)),
    ),
    detector.model,
    {
      optimizer,
      learningRate: makeSchedule(configuration),
      iterations,
      startIteration: start.iteration,
      signal,
      accumulate,
      clipGradients: makeClipping(configuration),
      onDivergence: divergence.handle,
      describeBatch: ({ imageIds }) => `image ids ${imageIds.join(', ')}`,
      hooks: [faults, ...hooks],
    },
  );
  const early = interrupted || iteration >= iterations ? undefined : earlyStopping?.reason;
  if (early !== undefined) say(whyEarly(early, iteration, job));
  const trained = { ...sets, iteration, ...(early !== undefined && { stoppedEarly: early }) };
  const stop = (): TrainedDetector => ({
    ...trained,
    result: undefined,
    interrupted: stopped(iteration, job, faults.fault),
  });
  if (interrupted || faults.fault) return stop();
  if (!val) return { ...trained, result: undefined };
  try {
    const { latest } = evaluation!;
    // A run that was over before, or stopped while it evaluated at the end, gets its evaluation now.
    const result = latest?.iteration === iteration ? latest.result : await evaluate(val, false);
    return { ...trained, val: result.dataset, result };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return stop();
  }
}

/** Says so; where the run had stopped before, how to go on too. */
function whyEarly(reason: string, iteration: number, { start, resumeCommand }: StartedJob): string {
  const message = `stopped early after iteration ${iteration}: ${reason}`;
  if (start.iteration < iteration) return message;
  return `${message}. To go on: ${resumeCommand} --set earlyStopping.patience=null (or more evaluations)`;
}

function stopped(
  iteration: number,
  { output, resumeCommand }: TrainingJob,
  fault: DataFault | undefined,
): Interrupted | InputError {
  const saved =
    iteration === 0 ? 'before the first iteration' : `after iteration ${iteration}; saved in ${output}`;
  if (!fault) return new Interrupted(`Stopped ${saved}. To go on: ${resumeCommand}`);
  const remedy = `When that is put right, go on with: ${resumeCommand}`;
  const without =
    fault instanceof ImageError
      ? `\nTo go on without pictures that break: ${resumeCommand} --set data.onBrokenPicture=skip`
      : '';
  return new InputError(`${fault.message}.\nStopped ${saved}. ${remedy}${without}`);
}

/**
 * @returns how far the run has come.
 * @throws InputError where this checkpoint cannot be gone on from.
 */
function restore(
  { configuration, output }: TrainingJob,
  checkpoint: string,
  { file, categories }: CocoDataset,
  resumable: Resumable,
): StartingPoint {
  const { iteration, metadata } = readCheckpointState(checkpoint);
  if (iteration > configuration.iterations) {
    const wanted = `more than the ${configuration.iterations} that it is to have`;
    throw new InputError(
      `${output}: this run has done ${iteration} iterations, ${wanted}; give --iterations`,
    );
  }
  // Other categories would give the detector's labels other meanings.
  if (!isDeepStrictEqual(metadata['categories'], categories)) {
    throw new InputError(`${file}: its categories are not those that ${output} has been trained on`);
  }
  loadCheckpoint(checkpoint, resumable);
  say(`going on after iteration ${iteration}`);
  return { iteration, diverged: divergedIterationsOf(metadata), ...evaluationStateOf(metadata) };
}
