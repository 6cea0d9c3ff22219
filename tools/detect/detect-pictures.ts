import type { CategoryMap } from '../../datasets/coco/category-map';
import {
  aboveThreshold,
  detectFile,
  yieldToEventLoop,
  type DetectedPicture,
  type ScoreThreshold,
} from '../../datasets/evaluation/detect-images';
import { ImageError } from '../../datasets/images/decode';
import { InputError } from '../../detection/errors';
import type { Detector } from '../../detection/modeling/detector';
import { interruptible } from '../terminal/interruption';
import { logLine, Progress } from '../terminal/progress';
import type { FoundPicture, PictureInput } from './outputs/found-picture';

/** How pictures are detected in. */
export interface DetectPicturesOptions {
  /** Of the detector. */
  readonly categories: CategoryMap;
  readonly scoreThreshold: ScoreThreshold;
  /** Gets each picture that can be read, in order. */
  readonly onFound: (found: FoundPicture) => Promise<void>;
}

/**
 * Finds objects in pictures, one after the other. Each is decoded once, and none is kept. Of one that cannot be read a line
 * says why, and the others follow.
 *
 * @returns how many could not be read
 * @throws ImageError where the only picture cannot be read, InputError where none can; Interrupted where the user stops it.
 */
export async function detectPictures(
  detector: Detector,
  inputs: readonly PictureInput[],
  { categories, scoreThreshold, onFound }: DetectPicturesOptions,
): Promise<number> {
  const progress = new Progress('detecting');
  let numBroken = 0;
  await interruptible(async (signal) => {
    for (const [k, input] of inputs.entries()) {
      const picture = await pictureUnlessBroken(detector, input, inputs.length > 1);
      if (picture) {
        const detections = aboveThreshold(picture.detections, scoreThreshold);
        await onFound({ ...picture, input, detections, categories });
      } else numBroken++;
      progress.update(k + 1, inputs.length);
      await yieldToEventLoop(signal);
    }
  });
  if (numBroken < inputs.length) return numBroken;
  throw new InputError(
    'pictures-unusable',
    `none of the ${inputs.length} pictures can be read; nothing was written`,
    { count: inputs.length },
  );
}

async function pictureUnlessBroken(
  detector: Detector,
  { file }: PictureInput,
  isOneOfSeveral: boolean,
): Promise<DetectedPicture | undefined> {
  try {
    return await detectFile(detector, file);
  } catch (error) {
    if (!isOneOfSeveral || !(error instanceof ImageError)) throw error;
    logLine(error.message);
    return undefined;
  }
}
