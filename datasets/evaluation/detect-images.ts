import { CategoryMap } from '../coco/categories/category-map';
import type { CocoCategory } from '../coco/annotations';
import { maskToPolygons } from '../coco/masks/mask-outline';
import { compressMask, type CompressedRle } from '../coco/masks/rle';
import type { CocoDetection } from './detections';
import type { Example } from '../examples';
import { ImageError } from '../images/image-error';
import {
  detectFileBatches,
  detectFiles,
  type DetectedPicture,
  type DetectOptions,
} from '../inference/detect-files';
import { inBatches } from '../inference/in-batches';
import type { InferenceOptions } from '../inference/options';
import { isExported, type PictureDetector } from '../inference/picture-detector';
import { yieldToEventLoop } from '../inference/yield-to-event-loop';
import { EvaluationLoader } from '../loader/evaluation-loader';
import type { Detections } from '../../detection/structures/instances';
import type { InputSpec } from '../../detection/structures/input-spec';
import type { Mask } from '../../detection/structures/mask';
import { paddedSize, resizedSize } from '../../detection/structures/resize';
import { selectInstances } from '../../detection/structures/transform-instances';
import type { LoaderListeners } from '../loader/batch-loader';

/** How a detector is run over a data set. */
export interface DetectSetOptions extends InferenceOptions, LoaderListeners {
  /** Threads that load pictures, where each is shown once and whole. Default 1. */
  readonly workers?: number;
  /** Ends it between two batches: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Is told how many images are done, and of how many, after each batch. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Detections in each image of a data set, by image id, in the order of the examples, in pixels of their pictures. An image whose
 * picture cannot be used has none, where `onBrokenPicture` is given.
 *
 * @throws ImageError where a picture cannot be used and nobody listens for that; the signal's reason.
 */
export async function detectSet(
  model: PictureDetector,
  examples: readonly Example[],
  options: DetectSetOptions,
): Promise<Map<number, Detections>> {
  const { batchSize = 1, signal, onProgress } = options;
  const ordered = batchSize === 1 ? examples : bySizeInBatch(examples, model.input);
  const found = new Map<number, Detections>();
  for await (const batch of detectBatches(model, ordered, { ...options, batchSize })) {
    for (const [imageId, detections] of batch) found.set(imageId, detections);
    onProgress?.(found.size, examples.length);
    await yieldToEventLoop(signal);
  }
  // Those of which the picture broke are done with too.
  if (found.size < examples.length) onProgress?.(examples.length, examples.length);
  if (ordered === examples) return found;
  const seen = examples.filter(({ imageId }) => found.has(imageId));
  return new Map(seen.map(({ imageId }) => [imageId, found.get(imageId)!]));
}

type FoundInBatch = (readonly [imageId: number, detections: Detections])[];

async function* detectBatches(
  model: PictureDetector,
  examples: readonly Example[],
  options: DetectSetOptions & { readonly batchSize: number },
): AsyncGenerator<FoundInBatch, void> {
  const { batchSize, flip, scales, tiles, maxPixels, workers, onBrokenPicture, onWorkerDeath } = options;
  const isPlain = [flip, scales, tiles, maxPixels].every((option) => option === undefined);
  if (isPlain && !isExported(model)) {
    const loading = { input: model.input, batchSize, workers, onBrokenPicture, onWorkerDeath };
    for await (const { images, imageIds } of new EvaluationLoader(examples, loading)) {
      yield model.detect(images).map((detections, k) => [imageIds[k], detections] as const);
    }
    return;
  }
  // What is shown in several ways is decoded once, and here.
  const pictures = examples.map(({ file, size, upright = false }) => ({ file, expectedSize: size, upright }));
  let start = 0;
  for await (const batch of detectFileBatches(model, inBatches(pictures, batchSize), options)) {
    const found: FoundInBatch = [];
    for (const [k, picture] of batch.entries()) {
      const { imageId } = examples[start + k];
      if (!(picture instanceof ImageError)) found.push([imageId, picture.detections]);
      else if (onBrokenPicture) onBrokenPicture({ imageId, error: picture });
      else throw picture;
    }
    start += batch.length;
    yield found;
  }
}

/** Those that the detector takes at one size side by side: they share batches. */
function bySizeInBatch(examples: readonly Example[], { resize, sizeDivisor }: InputSpec): Example[] {
  const areas = examples.map((example) => {
    const { width, height } = paddedSize([resizedSize(example.size, resize)], sizeDivisor);
    return { example, width, height };
  });
  areas.sort((a, b) => a.height - b.height || a.width - b.width);
  return areas.map(({ example }) => example);
}

/**
 * Detections in one picture, turned as its EXIF orientation says, in pixels of that. They come along for whoever draws them,
 * unless tiles were taken of a picture too large to be in memory.
 *
 * @param picture path of its file, or the file's bytes
 * @throws ImageError where it cannot be read; the signal's reason.
 */
export async function detectFile(
  model: PictureDetector,
  picture: string | Uint8Array,
  options: DetectOptions = {},
): Promise<DetectedPicture> {
  const [found] = await detectFiles(model, [{ file: picture }], options);
  if (found instanceof ImageError) throw found;
  return found;
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

/** A detection as COCO's results files have it. */
export interface FoundObject extends Omit<CocoDetection, 'image_id'> {
  readonly bbox: readonly [x: number, y: number, width: number, height: number];
  /** Of a detector that finds masks: run lengths, or polygons where they are asked for. */
  readonly segmentation?: CompressedRle | readonly (readonly number[])[];
  /** Of a detector that finds keypoints: x, y, visibility of each, in the order of its KeypointLayout. */
  readonly keypoints?: readonly number[];
  /** Of each keypoint. */
  readonly keypoint_scores?: readonly number[];
}

/** How masks are written in COCO's JSON: as compressed run lengths, or as polygons along the edges of their pixels. */
export const MASK_FORMS = ['rle', 'polygons'] as const;
/** One of `MASK_FORMS`. */
export type MaskForm = (typeof MASK_FORMS)[number];

/**
 * Detections in one picture as COCO's results files have them, in its pixels and in full precision.
 *
 * @param form of masks. An empty one is no polygon, and always run lengths; all others are the same in both (`maskToPolygons`).
 */
export function cocoDetections(
  detections: Detections,
  categories: CategoryMap,
  form: MaskForm = 'rle',
): FoundObject[] {
  const { boxes, labels, scores, masks, keypoints, keypointScores } = detections;
  const rowOf = (values: Float32Array, k: number): number[] => {
    const length = values.length / labels.length;
    return Array.from(values.subarray(k * length, (k + 1) * length));
  };
  return Array.from(scores, (score, k) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * k, 4 * k + 4);
    return {
      bbox: [x1, y1, x2 - x1, y2 - y1],
      score,
      category_id: categories.idOf(labels[k]),
      ...(masks && { segmentation: segmentationOf(masks[k], form) }),
      ...(keypoints && { keypoints: rowOf(keypoints, k) }),
      ...(keypointScores && { keypoint_scores: rowOf(keypointScores, k) }),
    };
  });
}

function segmentationOf(mask: Mask, form: MaskForm): CompressedRle | number[][] {
  const polygons = form === 'polygons' ? maskToPolygons(mask) : [];
  return polygons.length > 0 ? polygons : compressMask(mask);
}

/**
 * Detections by image id as COCO's results files have them, all in one list.
 *
 * @param categories by label - 1, of the detector
 */
export function cocoResults(
  detections: ReadonlyMap<number, Detections>,
  categories: readonly CocoCategory[],
): (FoundObject & CocoDetection)[] {
  const map = new CategoryMap(categories, 'the detector');
  return [...detections].flatMap(([imageId, found]) =>
    cocoDetections(found, map).map((detection) => ({ image_id: imageId, ...detection })),
  );
}
