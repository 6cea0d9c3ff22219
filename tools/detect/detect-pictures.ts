import type { CategoryMap } from '../../datasets/coco/categories/category-map';
import { aboveThreshold, type ScoreThreshold } from '../../datasets/evaluation/detect-images';
import { ImageError } from '../../datasets/images/decode';
import { detectFileBatches, type DetectedPicture } from '../../datasets/inference/detect-files';
import { inBatches } from '../../datasets/inference/in-batches';
import type { InferenceOptions } from '../../datasets/inference/options';
import { yieldToEventLoop } from '../../datasets/inference/yield-to-event-loop';
import { InputError } from '../../detection/errors';
import type { PictureDetector } from '../../datasets/inference/picture-detector';
import { interruptible } from '../terminal/interruption';
import { logLine, Progress } from '../terminal/progress';
import type { FoundPicture, PictureInput } from './outputs/found-picture';

/** How pictures are detected in. */
export interface DetectPicturesOptions {
  /** Of the detector. */
  readonly categories: CategoryMap;
  readonly scoreThreshold: ScoreThreshold;
  /** How pictures are shown to the detector. */
  readonly inference?: InferenceOptions;
  /** Gets each picture that can be read, in order, one at a time; meanwhile the detector goes on with the next batch. */
  readonly onFound: (found: FoundPicture) => Promise<void>;
}

/**
 * Finds objects in pictures, as many at a time as go through the detector at once. Each is decoded once, and none is kept. Of
 * one that cannot be read a line says why, and the others follow.
 *
 * @returns how many could not be read; none of none
 * @throws ImageError where the only picture cannot be read, InputError where none can; Interrupted where the user stops it.
 */
export async function detectPictures(
  detector: PictureDetector,
  inputs: readonly PictureInput[],
  { categories, scoreThreshold, inference = {}, onFound }: DetectPicturesOptions,
): Promise<number> {
  const { batchSize = 1, tiles } = inference;
  // Batches are of the tiles of one picture, or of pictures.
  const together = tiles === undefined ? batchSize : 1;
  const { keypoints } = detector;
  const progress = new Progress('detecting', (done) => String(Math.round(100 * done) / 100));
  let numBroken = 0;
  const handOver = async (
    start: number,
    pictures: readonly (DetectedPicture | ImageError)[],
  ): Promise<void> => {
    for (const [k, picture] of pictures.entries()) {
      if (picture instanceof ImageError) {
        if (inputs.length === 1) throw picture;
        logLine(picture.message);
        numBroken++;
      } else {
        const detections = aboveThreshold(picture.detections, scoreThreshold);
        await onFound({ ...picture, input: inputs[start + k], detections, categories, keypoints });
      }
      progress.update(start + k + 1, inputs.length);
    }
  };
  await interruptible(async (signal) => {
    let start = 0;
    const onTiles = (done: number, total: number): void => {
      if (done < total) progress.update(start + done / total, inputs.length);
    };
    const options = { ...inference, signal, onTiles };
    let handedOver = Promise.resolve();
    try {
      for await (const pictures of detectFileBatches(detector, inBatches(inputs, together), options)) {
        await handedOver;
        signal.throwIfAborted();
        handedOver = handOver(start, pictures);
        start += pictures.length;
        await yieldToEventLoop(signal);
      }
    } finally {
      // Whatever happens: nothing is written once this function has ended.
      await Promise.allSettled([handedOver]);
    }
    await handedOver;
    await yieldToEventLoop(signal);
  });
  if (numBroken < inputs.length || inputs.length === 0) return numBroken;
  throw new InputError(
    'pictures-unusable',
    `none of the ${inputs.length} pictures can be read; nothing was written`,
    { count: inputs.length },
  );
}
