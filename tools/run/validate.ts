import type { CocoDataset } from '../../datasets/coco/annotations';
import { cocoExamples } from '../../datasets/examples';
import { EvaluationLoader } from '../../datasets/loader/evaluation-loader';
import { validationLosses } from '../../detection/engine/validation-losses';
import type { Detector } from '../../detection/modeling/detector';
import type { DataFaults } from './hooks/data-faults';
import type { DetectSetOptions } from '../../datasets/evaluation/detect-images';
import { yieldToEventLoop } from '../../datasets/inference/yield-to-event-loop';
import { evaluateDetector, type DetectorEvaluation } from '../../datasets/evaluation/evaluate-detector';
import { Progress, logLine } from '../terminal/progress';
import type { TrainingRun } from './training-run';
import { wantedTargets } from './wanted-targets';

/**
 * Evaluates what a run has learned, the average of its weights if there is one, as its configuration says, and tells how it
 * gets on. Training goes on as if nothing had been.
 *
 * @throws Interrupted where the user, or the data, stop the run.
 */
export async function validate(
  { configuration, train, learner }: TrainingRun,
  set: CocoDataset,
  faults: DataFaults,
  { withLosses }: { readonly withLosses: boolean },
): Promise<DetectorEvaluation> {
  const { model } = learner;
  const { categories } = train;
  const watched = (what: string): DetectSetOptions => {
    const progress = new Progress(what);
    const onProgress = (done: number, total: number): void => progress.update(done, total);
    const { workers } = configuration.data;
    return { workers, ...faults.listeners(set), signal: faults.signal, onProgress };
  };
  const evaluate = async (): Promise<DetectorEvaluation> => {
    const found = await evaluateDetector(model, set, {
      ...watched('evaluating'),
      categories,
      log: logLine,
    });
    if (!withLosses || !configuration.validationLoss) return found;
    const losses = await detectorLosses(model, found.dataset, watched('validation losses'));
    return { ...found, losses };
  };
  const { average } = learner;
  return faults.evaluating(() => (average ? average.during(evaluate) : evaluate()));
}

/** The losses that a detector computes of each image of a data set by itself: their means. */
async function detectorLosses(
  model: Detector,
  dataset: CocoDataset,
  { signal, onProgress, ...loading }: DetectSetOptions,
): Promise<Record<string, number>> {
  const images = new EvaluationLoader(cocoExamples(dataset, wantedTargets(model)), {
    input: model.input,
    ...loading,
  });
  return validationLosses(images, model, async (done) => {
    onProgress?.(done, dataset.images.length);
    await yieldToEventLoop(signal);
  });
}
