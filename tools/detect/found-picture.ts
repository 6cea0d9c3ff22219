import type { CategoryMap } from '../../datasets/coco/category-map';
import type { DetectedPicture } from '../../datasets/evaluation/detect-images';

/** A picture to detect in. */
export interface PictureInput {
  /** Path of its file. */
  readonly file: string;
  /** Its path below the folder that was given, or its file's name: what is written of it is named after that. */
  readonly name: string;
}

/** A picture with what has been found in it: best first, as far as it reaches the threshold. */
export interface FoundPicture extends DetectedPicture {
  readonly input: PictureInput;
  /** What the labels mean. */
  readonly categories: CategoryMap;
}

/** Something that is made of what has been found. */
export interface DetectionOutput {
  /** Gets each picture, in the order of the inputs. It keeps no pixels. */
  add(found: FoundPicture): Promise<void> | void;
  /** To be called after the last picture. */
  finish(): void;
}
