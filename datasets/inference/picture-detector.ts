import type { Detector } from '../../detection/modeling/detector';
import type { Detections } from '../../detection/structures/instances';
import type { RgbImage } from '../../detection/structures/resize';

/** A detector that has been exported, and runs elsewhere: it takes pictures as they are, and resizes them itself. */
export interface ExportedDetector extends Pick<
  Detector,
  'definition' | 'input' | 'settings' | 'categories' | 'keypoints' | 'iouTypes' | 'dispose'
> {
  /** Objects of each picture, best first, in its pixels. @param pictures of one size, at least one */
  detectPictures(pictures: readonly RgbImage[]): Promise<Detections[]>;
}

/** What pictures are shown to. */
export type PictureDetector = Detector | ExportedDetector;

/** Whether a detector runs elsewhere. */
export function isExported(detector: PictureDetector): detector is ExportedDetector {
  return 'detectPictures' in detector;
}
