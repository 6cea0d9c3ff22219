import { CategoryMap } from '../coco/category-map';
import type { CocoCategory } from '../coco/annotations';
import type { CocoDetection } from './detections';
import type { Example } from '../examples';
import { decodeImage, type DecodedImage } from '../images/decode';
import { EvaluationLoader } from '../loader/evaluation-loader';
import type { Detector } from '../../detection/modeling/detector';
import type { Detections } from '../../detection/structures/instances';
import type { RgbImage } from '../../detection/structures/resize';
import { batchImages } from '../../detection/structures/image-batch';
import { selectInstances } from '../../detection/structures/transform-instances';
import type { LoaderListeners } from '../loader/batch-loader';

/** How a detector is run over a data set. */
export interface DetectSetOptions extends LoaderListeners {
  /** Threads that load pictures. Default 1. */
  readonly workers?: number;
  /** Ends it between two images: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Is told how many images are done, and of how many, after each of them. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Detections in each image of a data set, by image id, in pixels of the pictures as the examples have them. An image whose picture cannot be used
 * has none, where `onBrokenPicture` is given.
 *
 * @throws ImageError where a picture cannot be used and nobody listens for that; the signal's reason.
 */
export async function detectSet(
  model: Detector,
  examples: readonly Example[],
  { signal, onProgress, ...loading }: DetectSetOptions,
): Promise<Map<number, Detections>> {
  const found = new Map<number, Detections>();
  for await (const { images, imageIds } of new EvaluationLoader(examples, {
    input: model.input,
    ...loading,
  })) {
    model.detect(images).forEach((detections, k) => found.set(imageIds[k], detections));
    onProgress?.(found.size, examples.length);
    await yieldToEventLoop(signal);
  }
  // Those of which the picture broke are done with too.
  if (found.size < examples.length) onProgress?.(examples.length, examples.length);
  return found;
}

/**
 * Lets the event loop take a turn between pieces of synchronous work: signals are only delivered then.
 *
 * @throws the reason of a signal that has been aborted.
 */
export async function yieldToEventLoop(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  signal?.throwIfAborted();
}

/** A picture, and what was found in it. */
export interface DetectedPicture extends DecodedImage {
  /** Best first, in pixels of the picture. */
  readonly detections: Detections;
}

/**
 * Detections in one picture, turned as its EXIF orientation says, in pixels of that, which come along for whoever draws them.
 *
 * @param picture path of its file, or the file's bytes
 * @throws ImageError where it cannot be read.
 */
export async function detectFile(model: Detector, picture: string | Uint8Array): Promise<DetectedPicture> {
  const decoded = await decodeImage(picture, { upright: true });
  const [detections] = detectImages(model, [decoded]);
  return { ...decoded, detections };
}

/** Detections in pictures that are in memory, in their pixels, best first. */
export function detectImages(model: Detector, pictures: readonly RgbImage[]): Detections[] {
  const images = batchImages(pictures, model.input);
  try {
    return model.detect(images);
  } finally {
    images.tensor.dispose();
  }
}

/** From which score on detections count: one score for all categories, or one for each, by label - 1. */
export type ScoreThreshold = number | readonly number[];

/** The detections that reach a score, in their order. */
export function aboveThreshold(detections: Detections, threshold: ScoreThreshold): Detections {
  const { scores, labels } = detections;
  const least = (label: number) => (typeof threshold === 'number' ? threshold : threshold[label - 1]);
  return selectInstances(
    detections,
    Int32Array.from(scores.keys()).filter((k) => scores[k] >= least(labels[k])),
  );
}

/** A detection as COCO's results files have it: box as x, y, width, height. */
export function cocoDetections(
  { boxes, labels, scores }: Detections,
  categories: CategoryMap,
): Omit<CocoDetection & { bbox: number[] }, 'image_id'>[] {
  return Array.from(scores, (score, k) => {
    const [x1, y1, x2, y2] = [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]];
    return { bbox: [x1, y1, x2 - x1, y2 - y1], score, category_id: categories.idOf(labels[k]) };
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
  const map = new CategoryMap(categories, 'the detector');
  return [...detections].flatMap(([imageId, found]) =>
    cocoDetections(found, map).map((detection) => ({ image_id: imageId, ...detection })),
  );
}
