import { CategoryMap } from '../../datasets/coco/category-map';
import { aboveThreshold, detectFile, yieldToEventLoop } from '../../datasets/evaluation/detect-images';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import { interruptible } from '../terminal/interruption';
import { Progress } from '../terminal/progress';
import type { FoundPicture, PictureInput } from './found-picture';

/** How pictures are detected in. */
export interface DetectPicturesOptions {
  readonly scoreThreshold: number;
  /** Gets each picture, in order. */
  readonly onFound: (found: FoundPicture) => Promise<void>;
}

/**
 * Finds objects in pictures, one after the other. Each is decoded once, and none is kept.
 *
 * @throws ImageError where a picture cannot be read; Interrupted where the user stops it.
 */
export async function detectPictures(
  detector: LoadedDetector,
  inputs: readonly PictureInput[],
  { scoreThreshold, onFound }: DetectPicturesOptions,
): Promise<void> {
  const categories = new CategoryMap(detector.categories, 'the detector');
  const progress = new Progress('detecting');
  await interruptible(async (signal) => {
    for (const [k, input] of inputs.entries()) {
      const picture = await detectFile(detector.model, input.file);
      const detections = aboveThreshold(picture.detections, scoreThreshold);
      await onFound({ ...picture, input, detections, categories });
      progress.update(k + 1, inputs.length);
      await yieldToEventLoop(signal);
    }
  });
}
