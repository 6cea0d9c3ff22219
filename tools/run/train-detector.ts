import { rmSync } from 'node:fs';
import { ImageError } from '../../datasets/images/decode';
import { loadBackend, loadNativeBackend } from '../../detection/backend/node';
import { choosePrecision } from '../../detection/backend/node-precision';
import { DivergenceError } from '../../detection/engine/divergence-error';
import type { Hook } from '../../detection/engine/hooks';
import { train } from '../../detection/engine/train';
import { InputError } from '../../detection/errors';
import { resumeFrom } from '../../weights/checkpoints/resume';
import { batchesPerStep } from '../config/complete';
import { configurationYaml } from '../config/yaml-text';
import { DataFaults, type DataFault } from './hooks/data-faults';
import { bestMetric } from './hooks/evaluation-metrics';
import { Interrupted, interruptible } from '../terminal/interruption';
import { LeftOutRecord } from './folder/left-out';
import { detectorKeypoints, requireSameKeypoints } from './detector-keypoints';
import { noteSharedPictures } from './duplicate-pictures';
import { announceMemory } from './announce-memory';
import { completeForSet } from './complete-for-set';
import { messageWithHint } from './loading-hints';
import { makeClipping, makeSchedule } from './make-optimizer';
import { makeTrainingLoader } from './make-training-loader';
import { writeWholeFile } from '../../detection/files/whole-file';
import { pluralize } from '../terminal/pluralize';
import { logLine } from '../terminal/progress';
import { runFolder } from './folder/run-folder';
import { disposeLearner, startDetector } from './start-detector';
import { inTrainedCategories } from './known-categories';
import { startingPoint } from './starting-point';
import { requireSameData, shareStart } from './ranks/agree';
import { readTrainingData } from './training-data';
import { trainingHooks } from './hooks/training-hooks';
import type { FinishedRun, TrainingJob, TrainingRun } from './training-run';

/**
 * Trains a detector as its configuration says: metrics, checkpoints, evaluations go to the run's folder, which runExclusively
 * holds. Returns also when the user or its data stops it, after saving, and when it diverges.
 *
 * @throws InputError where files do not fit.
 */
export async function trainDetector(job: TrainingJob): Promise<FinishedRun> {
  // First: threads that start later share heaps (tools/setup/binding/start.cc). Ranks talk through the native library.
  if (job.ranks) await loadNativeBackend();
  const backend = await loadBackend();
  const replicas = job.ranks?.replicas();
  const data = await readTrainingData(job.configuration, job.resume);
  if (replicas) await requireSameData(replicas, data.train);
  const complete = completeForSet(job.configuration, data.train);
  if (backend === 'wasm') choosePrecision(complete.precision, new Set());
  const { epochs } = job.configuration;
  if (epochs !== null)
    logLine(`${pluralize(epochs, 'epoch')}: ${pluralize(complete.iterations, 'iteration')}`);
  const { checkpoint, train } = startingPoint(job, complete, data.train);
  if (data.val) requireSameKeypoints(data.val, detectorKeypoints(train, complete), train.file);
  const val = data.val && inTrainedCategories(data.val, train);
  if (val && !job.resume) await noteSharedPictures(train, val);
  const { learner, configuration } = await startDetector(complete, train, {
    isToBeRestored: checkpoint !== undefined,
  });
  try {
    announceMemory(learner, configuration, train);
    const metric = bestMetric(configuration, val, learner.model);
    const run = { ...job, configuration, train, val, metric, learner, checkpoint, replicas };
    return await interruptible((signal) =>
      trainAndEvaluate(run, job.ranks ? AbortSignal.any([signal, job.ranks.signal]) : signal),
    );
  } finally {
    disposeLearner(learner);
  }
}

async function trainAndEvaluate(run: TrainingRun, userSignal: AbortSignal): Promise<FinishedRun> {
  const { learner, replicas, ranks, ...ofRun } = run;
  const known = { ...ofRun, keypoints: learner.model.keypoints };
  const { configuration } = run;
  const { iterations } = configuration;
  const { accumulate } = configuration.optimizer;
  const record = leftOutRecord(run);
  const { onBrokenPicture } = configuration.data;
  const faults = new DataFaults({ onBrokenPicture, record, signal: userSignal });
  const { hooks, divergence, evaluation, earlyStopping } = trainingHooks(run, faults);
  const startIteration = restoreRun(run, hooks);
  openRunFolder(run, record);
  if (replicas) {
    const { categories } = run.train;
    await shareStart(replicas, { iteration: startIteration, configuration, categories });
  }
  const loader = makeTrainingLoader(run.train, learner.model, configuration, {
    batchesSeen: startIteration * batchesPerStep(configuration),
    share: replicas && { index: replicas.rank, of: replicas.size },
    listeners: faults.listeners(run.train),
  });
  const outcome = await train(faults.batches(loader), learner.model, {
    optimizer: learner.optimizer,
    learningRate: makeSchedule(configuration),
    iterations,
    startIteration,
    accumulate,
    clipGradients: makeClipping(configuration),
    onDivergence: divergence.handle,
    describeBatch: ({ imageIds }) => `image ids ${imageIds.join(', ')}`,
    signal: faults.signal,
    hooks,
    replicas,
  }).catch(divergenceOf);
  if (outcome instanceof DivergenceError) {
    return { ...known, iteration: outcome.step.iteration - 1, result: undefined, interrupted: outcome };
  }
  const { iteration, interrupted } = outcome;
  const stoppedEarly = interrupted || iteration >= iterations ? undefined : earlyStopping?.reason;
  if (stoppedEarly !== undefined) logLine(earlyStopMessage(stoppedEarly, iteration, startIteration, run));
  const result = interrupted ? undefined : await evaluation?.resultAfter(iteration);
  const isStopped = interrupted || (evaluation !== undefined && !result);
  return {
    ...known,
    val: result?.dataset ?? run.val,
    iteration,
    result,
    interrupted: isStopped
      ? (lossOf(iteration, run, ranks?.signal) ?? interruptionOf(iteration, run, faults.fault))
      : undefined,
    stoppedEarly,
  };
}

/** What ends a run like an interruption. Anything else is thrown. */
function divergenceOf(error: unknown): DivergenceError {
  if (error instanceof DivergenceError) return error;
  throw error;
}

/** Of what a run does without. */
function leftOutRecord({ output, train, val }: TrainingRun): LeftOutRecord {
  return new LeftOutRecord(runFolder(output).leftOut, val ? [train, val] : [train]);
}

/** Puts what learns and what hooks remember back to where a run had come, and says so. Returns the steps that it has done. */
function restoreRun({ checkpoint, learner }: TrainingRun, hooks: readonly Hook[]): number {
  if (checkpoint === undefined) return 0;
  const { startIteration } = resumeFrom(checkpoint, { ...learner, hooks, log: logLine });
  logLine(`resuming after iteration ${startIteration}`);
  return startIteration;
}

/** Writes what is known of a run before its first step. */
function openRunFolder({ configuration, output }: TrainingRun, record: LeftOutRecord): void {
  const folder = runFolder(output);
  writeWholeFile(folder.config, configurationYaml(configuration));
  rmSync(folder.report, { force: true }); // of a run that was stopped: no more what the folder holds
  if (configuration.data.skipInvalid) record.write();
}

/** Of a run that had enough; where it had stopped before, how to go on too. */
function earlyStopMessage(
  reason: string,
  iteration: number,
  startIteration: number,
  { resumeCommand }: TrainingRun,
): string {
  const message = `stopped early after iteration ${iteration}: ${reason}`;
  if (startIteration < iteration) return message;
  return `${message}. To resume: ${resumeCommand} --set earlyStopping.patience=null (or more evaluations)`;
}

/** Of a run that has lost another rank, and how to go on. */
function lossOf(
  iteration: number,
  { output, resume, resumeCommand }: TrainingRun,
  signal: AbortSignal | undefined,
): InputError | undefined {
  if (signal?.aborted !== true) return undefined;
  const { message } = signal.reason as InputError;
  const saved =
    iteration === 0 && !resume
      ? 'Nothing has been trained yet.'
      : `Stopped after iteration ${iteration}; saved in ${output}. To resume: ${resumeCommand}`;
  return new InputError('rank-lost', `${message}\n${saved}`, { iteration });
}

/** Of a run that the user has stopped, or its data, and how to go on. */
function interruptionOf(
  iteration: number,
  { output, resume, resumeCommand }: TrainingRun,
  fault: DataFault | undefined,
): Interrupted | InputError {
  const saved =
    iteration === 0 ? 'before the first iteration' : `after iteration ${iteration}; saved in ${output}`;
  if (!fault) return new Interrupted(`Stopped ${saved}. To resume: ${resumeCommand}`);
  const what = messageWithHint(fault);
  // A new run that is refused before its first step leaves nothing behind.
  if (iteration === 0 && !resume)
    return new InputError('data-fault', `${what}. Nothing has been trained yet`, {
      iteration,
      fault: fault.code,
    });
  const remedy = `When this is fixed, resume with: ${resumeCommand}`;
  const without =
    fault instanceof ImageError
      ? `\nTo resume without unreadable pictures: ${resumeCommand} --set data.onBrokenPicture=skip`
      : '';
  return new InputError('data-fault', `${what}.\nStopped ${saved}. ${remedy}${without}`, {
    iteration,
    fault: fault.code,
  });
}
