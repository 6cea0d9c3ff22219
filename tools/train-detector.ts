import { rmSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { CocoDataset } from '../datasets/coco/annotations';
import { loadTrainingBackend } from '../detection/backend/node';
import { clipByGlobalNorm } from '../detection/engine/gradient-clipping';
import { JsonLinesWriter } from '../detection/engine/json-lines-writer';
import type { Optimizer } from '../detection/engine/optimizer';
import { ProgressWriter } from '../detection/engine/progress-writer';
import { train } from '../detection/engine/train';
import { InputError } from '../detection/errors';
import type { FasterRcnn } from '../detection/modeling/faster-rcnn';
import { imageNormalization } from '../detection/modeling/models';
import { loadCheckpoint, readCheckpointState } from '../weights/checkpoint';
import { CheckpointHook } from '../weights/checkpoint-hook';
import { resumePoint } from '../weights/resume-point';
import type { CompleteConfiguration } from './config/complete';
import { configurationYaml } from './config/yaml-text';
import { evaluateDetector, type DetectorEvaluation } from './evaluate-detector';
import { BEST_METRIC, EvaluationHook } from './evaluation-hook';
import { Interrupted, interruptible } from './interruption';
import { writeLeftOut } from './left-out';
import { makeOptimizer, makeSchedule } from './make-optimizer';
import { makeTrainingLoader } from './make-training-loader';
import { writeAtomically } from './output-files';
import { Progress, say } from './progress';
import { runEvents } from './run-events';
import { runFolder } from './run-folder';
import { startDetector } from './start-detector';
import { summarizeEvaluation } from './summarize-evaluation';
import { readTrainingData, type TrainingData } from './training-data';

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
  /** Says that the user stopped the run, and how to go on. */
  readonly interrupted?: Interrupted;
}

/** The latest checkpoints that stay, beside the best: enough to go back from a step that went wrong. */
const KEPT_CHECKPOINTS = 3;

/**
 * Trains a detector as its configuration says: metrics, checkpoints, evaluations go to the run's folder, which holdRun
 * holds. Returns also when the user stops it, after saving.
 *
 * @throws InputError where files do not fit, DivergenceError where training diverges.
 */
export async function trainDetector(given: TrainingJob): Promise<TrainedDetector> {
  const data = await readTrainingData(given.configuration);
  await loadTrainingBackend();
  const checkpoint = given.resume ? resumePoint(given.output, say) : undefined;
  const { model, configuration } = await startDetector(given.configuration, data.train.categories.length, {
    isToBeRestored: checkpoint !== undefined,
  });
  const job = { ...given, configuration };
  const { minSize, maxSize, name } = configuration.model;
  const optimizer = makeOptimizer(configuration, model);
  try {
    const startIteration =
      checkpoint === undefined ? 0 : restore(job, checkpoint, data.train, model, optimizer);
    const transform = { minSize, maxSize, ...imageNormalization(name) };
    const detector = { model, ...transform, categories: data.train.categories };
    return await interruptible((signal) => run(job, data, detector, optimizer, startIteration, signal));
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

type Detector = Parameters<typeof evaluateDetector>[0];

async function run(
  job: TrainingJob,
  sets: TrainingData,
  detector: Detector,
  optimizer: Optimizer,
  startIteration: number,
  signal: AbortSignal,
): Promise<TrainedDetector> {
  const { train: trainSet, val } = sets;
  const { configuration, output } = job;
  const { data, iterations, clipGradientNorm } = configuration;
  const folder = runFolder(output);
  writeAtomically(folder.config, configurationYaml(configuration));
  rmSync(folder.report, { force: true }); // of a run that was stopped: no more what the folder holds
  if (data.skipInvalid) writeLeftOut(folder.leftOut, val ? [trainSet, val] : [trainSet]);
  const evaluate = (set: CocoDataset): Promise<DetectorEvaluation> => {
    const progress = new Progress('evaluating');
    const onProgress = (done: number, total: number): void => progress.update(done, total);
    return evaluateDetector(detector, set, { workers: data.workers, signal, onProgress });
  };
  const evaluation =
    val &&
    new EvaluationHook(
      () => evaluate(val),
      configuration.evaluateEvery,
      (storage, result) => summarizeEvaluation(storage, result, val, detector.categories),
    );
  const { model } = detector;
  const loader = makeTrainingLoader(trainSet, configuration, startIteration);
  const { iteration, interrupted } = await train(loader, model, {
    optimizer,
    learningRate: makeSchedule(configuration),
    iterations,
    startIteration,
    signal,
    ...(clipGradientNorm !== null && { clipGradients: clipByGlobalNorm(clipGradientNorm) }),
    describeBatch: ({ imageIds }) => `image ids ${imageIds.join(', ')}`,
    hooks: [
      ...(evaluation ? [evaluation] : []),
      new JsonLinesWriter({ file: folder.metrics }),
      runEvents(configuration, output),
      new ProgressWriter({ output: process.stderr, imagesPerStep: data.batchSize }),
      new CheckpointHook({
        folder: output,
        resumable: { model, optimizer },
        every: configuration.checkpointEvery,
        keep: KEPT_CHECKPOINTS,
        bestMetric: { name: BEST_METRIC, better: 'higher' },
        metadata: () => ({ configuration, categories: trainSet.categories }),
      }),
    ],
  });
  const trained = { ...sets, iteration };
  if (interrupted) return { ...trained, result: undefined, interrupted: stopped(iteration, job) };
  // A run that was complete before, or stopped while it evaluated at the end, gets its evaluation now.
  if (!val || evaluation?.latest?.iteration === iteration) {
    return { ...trained, result: evaluation?.latest?.result };
  }
  try {
    return { ...trained, result: await evaluate(val) };
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return { ...trained, result: undefined, interrupted: stopped(iteration, job) };
  }
}

function stopped(iteration: number, { output, resumeCommand }: TrainingJob): Interrupted {
  const saved =
    iteration === 0 ? 'before the first iteration' : `after iteration ${iteration}; saved in ${output}`;
  return new Interrupted(`Stopped ${saved}. To go on: ${resumeCommand}`);
}

/**
 * @returns the steps that the run has done.
 * @throws InputError where this checkpoint cannot be gone on from.
 */
function restore(
  { configuration, output }: TrainingJob,
  checkpoint: string,
  { file, categories }: CocoDataset,
  model: FasterRcnn,
  optimizer: Optimizer,
): number {
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
  loadCheckpoint(checkpoint, { model, optimizer });
  say(`going on after iteration ${iteration}`);
  return iteration;
}
