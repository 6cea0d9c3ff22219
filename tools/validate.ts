import type { CocoDataset } from '../datasets/coco/annotations';
import { EvaluationLoader } from '../datasets/loader/evaluation-loader';
import { validationLosses } from '../detection/engine/validation-losses';
import type { CompleteConfiguration } from './config/complete';
import type { LoaderListeners } from './data-faults';
import { giveWay, type DetectSetOptions, type SizedDetector } from './detect-images';
import { evaluateDetector, type DetectorEvaluation } from './evaluate-detector';
import { Progress } from './progress';

/**
 * Evaluates the detector of a run as its configuration says, and tells how it gets on. Training goes on as if nothing had
 * been. Throws Interrupted when the signal says so.
 */
export async function validate(
  detector: Parameters<typeof evaluateDetector>[0],
  set: CocoDataset,
  { data, seed, validationLoss }: CompleteConfiguration,
  signal: AbortSignal,
  listeners: LoaderListeners,
): Promise<DetectorEvaluation> {
  const watched = (what: string): DetectSetOptions => {
    const progress = new Progress(what);
    const onProgress = (done: number, total: number): void => progress.update(done, total);
    return { workers: data.workers, ...listeners, signal, onProgress };
  };
  const found = await evaluateDetector(detector, set, watched('evaluating'));
  if (!validationLoss) return found;
  return {
    ...found,
    losses: await detectorLosses(detector, found.dataset, seed, watched('validation losses')),
  };
}

/** The losses that a detector computes of each image of a data set by itself: their means. */
export async function detectorLosses(
  { model, ...transform }: SizedDetector,
  dataset: CocoDataset,
  seed: number,
  { signal, onProgress, ...loading }: DetectSetOptions,
): Promise<Record<string, number>> {
  const images = new EvaluationLoader(dataset, { ...transform, ...loading });
  return validationLosses(images, model, seed, async (done) => {
    onProgress?.(done, dataset.images.length);
    await giveWay(signal);
  });
}
