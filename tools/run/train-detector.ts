import { rmSync } from 'node:fs';
import type { CocoDataset } from '../../datasets/coco/annotations';
import { ImageError } from '../../datasets/images/decode';
import { loadTrainingBackend } from '../../detection/backend/node';
import { DivergenceError } from '../../detection/engine/divergence-error';
import { train } from '../../detection/engine/train';
import { InputError } from '../../detection/errors';
import { resumePoint } from '../../weights/checkpoints/resume-point';
import { configurationYaml } from '../config/yaml-text';
import { DataFaults, type DataFault } from './hooks/data-faults';
import type { DetectorEvaluation } from '../detectors/evaluate-detector';
import { bestMetric } from './hooks/evaluation-metrics';
import { Interrupted, interruptible } from '../terminal/interruption';
import { LeftOutRecord } from './folder/left-out';
import { messageWithHint } from './loading-hints';
import { makeClipping, makeSchedule } from './make-optimizer';
import { makeTrainingLoader } from './make-training-loader';
import { writeWholeFile } from '../../detection/files/whole-file';
import { say } from '../terminal/progress';
import { runFolder } from './folder/run-folder';
import { disposeLearner, startDetector } from './start-detector';
import { FIRST_STEP, goOnFrom } from './starting-point';
import { readTrainingData } from './training-data';
import { trainingHooks } from './hooks/training-hooks';
import type { TrainingJob, TrainingRun } from './training-run';

/** A run that is done, or has been stopped. */
export interface TrainedDetector {
  readonly train: CocoDataset;
  readonly val: CocoDataset | undefined;
  /** Steps done in all. */
  readonly iteration: number;
  /** Of the weights after the last step; undefined without a validation set, and where the run has been stopped. */
  readonly result: DetectorEvaluation | undefined;
  /** Says that the user stopped the run, or that its data cannot be used any more, and how to go on. */
  readonly interrupted?: Interrupted | InputError | DivergenceError;
  /** Says why the run ended before its last iteration, where it did. */
  readonly stoppedEarly?: string;
}

/**
 * Trains a detector as its configuration says: metrics, checkpoints, evaluations go to the run's folder, which holdRun
 * holds. Returns also when the user or its data stops it, after saving, and when it diverges.
 *
 * @throws InputError where files do not fit.
 */
export async function trainDetector(job: TrainingJob): Promise<TrainedDetector> {
  await loadTrainingBackend(); // first: threads that start later share heaps (binding-start.cc)
  const data = await readTrainingData(job.configuration, job.resume);
  const checkpoint = job.resume ? resumePoint(job.output, say) : undefined;
  const { learner, configuration } = await startDetector(
    job.configuration,
    data.train.categories.map((category) => category.name),
    {
      isToBeRestored: checkpoint !== undefined,
    },
  );
  try {
    const metric = bestMetric(configuration, data.val, learner.model.lossNames);
    const start =
      checkpoint === undefined
        ? FIRST_STEP
        : goOnFrom(checkpoint, job.output, configuration, data.train, learner);
    const run = { ...job, configuration, data, metric, learner, start };
    return await interruptible((signal) => trainAndEvaluate(run, signal));
  } finally {
    disposeLearner(learner);
  }
}

async function trainAndEvaluate(run: TrainingRun, userSignal: AbortSignal): Promise<TrainedDetector> {
  const { configuration, data, learner, start } = run;
  const { iterations } = configuration;
  const { accumulate } = configuration.optimizer;
  const faults = new DataFaults({
    onBrokenPicture: configuration.data.onBrokenPicture,
    record: openRunFolder(run),
    signal: userSignal,
  });
  const { hooks, divergence, evaluation, earlyStopping } = trainingHooks(run, faults);
  const batchesSeen = start.iteration * accumulate;
  const loader = makeTrainingLoader(data.train, configuration, batchesSeen, faults.listeners(data.train));
  const outcome = await train(faults.batches(loader), learner.model, {
    optimizer: learner.optimizer,
    learningRate: makeSchedule(configuration),
    iterations,
    startIteration: start.iteration,
    accumulate,
    clipGradients: makeClipping(configuration),
    onDivergence: divergence.handle,
    describeBatch: ({ imageIds }) => `image ids ${imageIds.join(', ')}`,
    signal: faults.signal,
    hooks,
  }).catch(divergenceOf);
  if (outcome instanceof DivergenceError) {
    return { ...data, iteration: outcome.step.iteration - 1, result: undefined, interrupted: outcome };
  }
  const { iteration, interrupted } = outcome;
  const stoppedEarly = interrupted || iteration >= iterations ? undefined : earlyStopping?.reason;
  if (stoppedEarly !== undefined) say(whyEarly(stoppedEarly, iteration, run));
  const result = interrupted ? undefined : await evaluation?.resultAfter(iteration);
  const isStopped = interrupted || (evaluation !== undefined && !result);
  return {
    train: data.train,
    val: result?.dataset ?? data.val,
    iteration,
    result,
    interrupted: isStopped ? whyStopped(iteration, run, faults.fault) : undefined,
    stoppedEarly,
  };
}

/** What ends a run like an interruption. Anything else is thrown. */
function divergenceOf(error: unknown): DivergenceError {
  if (error instanceof DivergenceError) return error;
  throw error;
}

/** Writes what is known of a run before its first step. Returns the record of what it does without. */
function openRunFolder({ configuration, output, data: { train, val } }: TrainingRun): LeftOutRecord {
  const folder = runFolder(output);
  writeWholeFile(folder.config, configurationYaml(configuration));
  rmSync(folder.report, { force: true }); // of a run that was stopped: no more what the folder holds
  const record = new LeftOutRecord(folder.leftOut, val ? [train, val] : [train]);
  if (configuration.data.skipInvalid) record.write();
  return record;
}

/** Of a run that had enough; where it had stopped before, how to go on too. */
function whyEarly(reason: string, iteration: number, { start, resumeCommand }: TrainingRun): string {
  const message = `stopped early after iteration ${iteration}: ${reason}`;
  if (start.iteration < iteration) return message;
  return `${message}. To go on: ${resumeCommand} --set earlyStopping.patience=null (or more evaluations)`;
}

/** Of a run that the user has stopped, or its data, and how to go on. */
function whyStopped(
  iteration: number,
  { output, resume, resumeCommand }: TrainingRun,
  fault: DataFault | undefined,
): Interrupted | InputError {
  const saved =
    iteration === 0 ? 'before the first iteration' : `after iteration ${iteration}; saved in ${output}`;
  if (!fault) return new Interrupted(`Stopped ${saved}. To go on: ${resumeCommand}`);
  const what = messageWithHint(fault);
  // A new run that is refused before its first step leaves nothing behind.
  if (iteration === 0 && !resume) return new InputError(`${what}. Nothing has been trained yet`);
  const remedy = `When that is put right, go on with: ${resumeCommand}`;
  const without =
    fault instanceof ImageError
      ? `\nTo go on without pictures that break: ${resumeCommand} --set data.onBrokenPicture=skip`
      : '';
  return new InputError(`${what}.\nStopped ${saved}. ${remedy}${without}`);
}
