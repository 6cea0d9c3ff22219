import { InputError } from '../../detection/errors';
import { batchedNms } from '../../detection/ops/nms';
import { detectionLimits, type DetectionLimits } from '../../detection/modeling/detection-limits';
import type { Detections } from '../../detection/structures/instances';
import type { RgbImage } from '../../detection/structures/resize';
import { selectInstances } from '../../detection/structures/transform-instances';
import { concatDetections } from './concat-detections';
import { detectViews, type View } from './detect-views';
import type { InferenceOptions } from './options';
import { isExported, type PictureDetector } from './picture-detector';

/** Of how pictures are shown, what is done to each image for itself. */
export interface AugmentedOptions extends Pick<InferenceOptions, 'batchSize' | 'flip' | 'scales'> {
  /** Ends it between two batches: its reason is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Detections in each picture, in its pixels, best first. Where a picture is shown in several ways (mirrored, at several
 * scales), the detections of all of them are put together, and of those that overlap, label by label, the best stays, at the
 * detector's own threshold and up to its own number: test-time augmentation as detectron2's GeneralizedRCNNWithTTA.
 *
 * @throws InputError where the model takes pictures of one size only and another is asked for; the signal's reason.
 */
export async function detectAugmented(
  model: PictureDetector,
  images: readonly RgbImage[],
  { batchSize = 1, flip = false, scales = [1], signal }: AugmentedOptions,
): Promise<Detections[]> {
  requireScalable(model, scales);
  const views = images.map((image) =>
    scales.flatMap((scale) => [false, ...(flip ? [true] : [])].map((f): View => ({ image, scale, flip: f }))),
  );
  const found = await detectViews(model, views.flat(), batchSize, signal);
  const limits = detectionLimits(model);
  const perImage = views[0]?.length ?? 0;
  return images.map((_, k) => mergeViews(found.slice(k * perImage, (k + 1) * perImage), limits));
}

function requireScalable(model: PictureDetector, scales: readonly number[]): void {
  const { definition, input } = model;
  if (scales.every((scale) => scale === 1)) return;
  if (isExported(model)) {
    throw new InputError(
      'scales-exported',
      `an exported ${definition.name} resizes pictures itself: scales other than 1 are not possible`,
      { model: definition.name },
    );
  }
  if (input.resize.kind !== 'fixed') return;
  const { width, height } = input.resize;
  throw new InputError(
    'scales-fixed-size',
    `${definition.name} takes pictures of ${width} x ${height} pixels only: scales other than 1 are not possible`,
    { model: definition.name, width, height },
  );
}

function mergeViews(found: readonly Detections[], limits: DetectionLimits): Detections {
  if (found.length === 1) return found[0];
  const all = concatDetections(found);
  const { boxes, scores, labels } = all;
  return selectInstances(
    all,
    batchedNms(boxes, scores, labels, limits.nmsThreshold, limits.detectionsPerImage),
  );
}
