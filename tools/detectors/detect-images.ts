import type { CocoCategory, CocoDataset } from '../../datasets/coco/annotations';
import type { CocoDetection } from '../../datasets/evaluation/detections';
import { decodeImage } from '../../datasets/images/decode';
import type { LoaderListeners } from '../../datasets/loader/batch-loader';
import { EvaluationLoader } from '../../datasets/loader/evaluation-loader';
import type { Detector } from '../../detection/modeling/detector';
import type { Detections } from '../../detection/structures/instances';
import { makeImageBatch } from '../../detection/structures/image-batch';
import { batchSlot, paddedSize, resizeAndNormalize, resizedSize } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import { Interrupted } from '../terminal/interruption';

export interface DetectSetOptions extends LoaderListeners {
  readonly workers: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Detections in each image of a data set, by image id; none of an image whose picture breaks, where a listener is given for
 * that. Throws Interrupted when the signal says so.
 */
export async function detectSet(
  model: Detector,
  dataset: CocoDataset,
  { signal, onProgress, ...loading }: DetectSetOptions,
): Promise<Map<number, Detections>> {
  const found = new Map<number, Detections>();
  for await (const { images, imageIds } of new EvaluationLoader(dataset, {
    ...transformOf(model),
    ...loading,
  })) {
    model.detect(images).forEach((detections, k) => found.set(imageIds[k], detections));
    onProgress?.(found.size, dataset.images.length);
    await giveWay(signal);
  }
  // Those of which the picture broke are done with too.
  if (found.size < dataset.images.length) onProgress?.(dataset.images.length, dataset.images.length);
  return found;
}

/**
 * Lets the event loop take a turn between pieces of synchronous work: signals are only delivered then. Throws
 * Interrupted when one has said so.
 */
export async function giveWay(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  if (signal?.aborted) throw new Interrupted('Stopped; nothing was written.');
}

/** Detections in one picture. */
export async function detectFile(
  model: Detector,
  file: string,
): Promise<{ size: Size; detections: Detections }> {
  const transform = transformOf(model);
  const picture = await decodeImage(file);
  const resized = resizedSize(picture.size, transform);
  const padded = paddedSize([resized]);
  const pixels = new Float32Array(padded.height * padded.width * 3);
  resizeAndNormalize(picture, resized, batchSlot(pixels, padded, 0), transform);
  const images = makeImageBatch(pixels, padded, [resized], [picture.size]);
  try {
    return { size: picture.size, detections: model.detect(images)[0] };
  } finally {
    images.tensor.dispose();
  }
}

/** The first `count` of detections, which are sorted by score, that reach a score. */
export function aboveThreshold({ boxes, labels, scores }: Detections, threshold: number): Detections {
  const end = scores.findIndex((score) => score < threshold);
  const count = end < 0 ? scores.length : end;
  return {
    boxes: boxes.subarray(0, 4 * count),
    labels: labels.subarray(0, count),
    scores: scores.subarray(0, count),
  };
}

/** A detection as COCO's results files have it: box as x, y, width, height. */
export function cocoDetections(
  { boxes, labels, scores }: Detections,
  categoryIdOf: (label: number) => number,
): Omit<CocoDetection & { bbox: number[] }, 'image_id'>[] {
  return Array.from(scores, (score, k) => {
    const [x1, y1, x2, y2] = [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]];
    return { bbox: [x1, y1, x2 - x1, y2 - y1], score, category_id: categoryIdOf(labels[k]) };
  });
}

/**
 * Detections by image id as COCO's results files have them, all in one list.
 *
 * @param categories by label - 1, of the detector
 */
export function cocoResults(
  detections: ReadonlyMap<number, Detections>,
  categories: readonly CocoCategory[],
): CocoDetection[] {
  return [...detections].flatMap(([imageId, found]) =>
    cocoDetections(found, (label) => categories[label - 1].id).map((detection) => ({
      image_id: imageId,
      ...detection,
    })),
  );
}

/** In the loaders' words. */
export function transformOf({ input: { resize, mean, std } }: Detector) {
  if (resize.kind === 'fixed') throw new RangeError('loaders make no pictures of a fixed size yet');
  return { minSize: resize.minSize, maxSize: resize.maxSize, mean, std };
}
