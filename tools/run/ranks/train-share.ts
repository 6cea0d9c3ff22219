import { loadNativeBackend } from '../../../detection/backend/node';
import { train, type TrainingResult } from '../../../detection/engine/train';
import { givenModel } from '../../config/model-file';
import type { PlannedConfiguration } from '../../config/complete';
import { interruptible } from '../../terminal/interruption';
import { logLine } from '../../terminal/progress';
import { DataFaults } from '../hooks/data-faults';
import { inCategoriesOfRun } from '../known-categories';
import { makeClipping, makeSchedule } from '../make-optimizer';
import { makeTrainingLoader } from '../make-training-loader';
import { disposeLearner, startDetector } from '../start-detector';
import { readTrainingData } from '../training-data';
import { requireSameData, shareStart } from './agree';
import type { Ranks } from './open-ranks';
import { configurationOfRank, type RankTask } from './rank-task';

/**
 * What a rank other than 0 does of a run: it computes its share of each step, from the weights of rank 0. It writes nothing,
 * evaluates nothing, and has no folder.
 *
 * @param own its configuration where it has been told one: says where its data are.
 * @throws InputError where its data cannot be used; ReplicaLostError; DivergenceError.
 */
export async function trainShare(
  { configuration: given, modelFile, resume }: RankTask,
  own: PlannedConfiguration | undefined,
  ranks: Ranks,
): Promise<TrainingResult> {
  if (modelFile !== undefined && own === undefined) givenModel(modelFile);
  await loadNativeBackend();
  const replicas = ranks.replicas();
  const planned = configurationOfRank(given, own);
  const { train: set } = await readTrainingData(planned, resume);
  await requireSameData(replicas, set);
  const start = await shareStart(replicas, undefined);
  const configuration = { ...start.configuration, data: planned.data };
  const trained = inCategoriesOfRun(set, start.categories, set.file);
  const { learner } = await startDetector(configuration, trained, { isToBeRestored: true });
  try {
    return await interruptible(async (userSignal) => {
      const signal = AbortSignal.any([userSignal, ranks.signal]);
      const record = { addBroken: () => undefined }; // rank 0's business
      const faults = new DataFaults({ onBrokenPicture: configuration.data.onBrokenPicture, record, signal });
      const { accumulate } = configuration.optimizer;
      const loader = makeTrainingLoader(trained, learner.model, configuration, {
        batchesSeen: start.iteration * accumulate * ranks.size,
        share: { index: ranks.rank, of: ranks.size },
        listeners: faults.listeners(trained),
      });
      const result = await train(faults.batches(loader), learner.model, {
        optimizer: learner.optimizer,
        learningRate: makeSchedule(configuration),
        iterations: configuration.iterations,
        startIteration: start.iteration,
        accumulate,
        clipGradients: makeClipping(configuration),
        describeBatch: ({ imageIds }) => `image ids ${imageIds.join(', ')}`,
        signal: faults.signal,
        hooks: [faults],
        replicas,
      });
      ranks.signal.throwIfAborted();
      if (faults.fault) throw faults.fault;
      if (!result.interrupted) logLine(`rank ${ranks.rank}: done after iteration ${result.iteration}`);
      return result;
    });
  } finally {
    disposeLearner(learner);
  }
}
