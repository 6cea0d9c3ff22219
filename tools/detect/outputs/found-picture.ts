import type { CategoryMap, CocoCategory } from '../../../datasets/coco/categories/category-map';
import { surelyFound } from '../../../datasets/drawing/surely-found';
import type { DetectedPicture } from '../../../datasets/inference/detect-files';
import type { KeypointLayout } from '../../../detection/structures/keypoint-layout';
import type { Mask } from '../../../detection/structures/mask';

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
  /** Of a detector that finds keypoints: which. */
  readonly keypoints?: KeypointLayout;
}

/** Something that is made of what has been found. */
export interface DetectionOutput {
  /**
   * Gets what the detector's labels mean, before the first picture.
   *
   * @throws InputError where the output cannot have that.
   */
  begin?(categories: CategoryMap): void;
  /** Gets each picture, in the order of the inputs. It keeps no pixels. */
  add(found: FoundPicture): Promise<void> | void;
  /** To be called after the last picture. Writes what it has kept; returns what is to be printed of it. */
  finish(): string | undefined;
}

/** One of the objects of a picture. */
export interface FoundObject {
  /** x1, y1, x2, y2 in pixels of the picture. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
  readonly score: number;
  /** 1..K. */
  readonly label: number;
  /** The detector's, that the label stands for. */
  readonly category: CocoCategory;
  readonly mask?: Mask;
  /** x, y, visibility of each: 2 where it has surely been found, zeros where it has not. */
  readonly keypoints?: Float32Array;
}

/** As much of a picture as tells its objects. */
export type FoundObjects = Pick<FoundPicture, 'detections' | 'categories' | 'keypoints'>;

/** The objects of a picture, best first. */
export function objectsIn({ detections, categories }: FoundObjects): FoundObject[] {
  const { boxes, labels, scores, masks } = detections;
  const keypoints = surelyFound(detections);
  const row = keypoints ? keypoints.length / labels.length : 0;
  return Array.from(labels, (label, k) => ({
    box: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]],
    score: scores[k],
    label,
    category: categories.categoryOf(label),
    ...(masks && { mask: masks[k] }),
    ...(keypoints && { keypoints: keypoints.subarray(k * row, (k + 1) * row) }),
  }));
}
