import type { CategoryMap } from '../../../datasets/coco/categories/category-map';
import { cocoDetections, type FoundObject, type MaskForm } from '../../../datasets/evaluation/detect-images';
import { turnKeypoints } from '../../../datasets/coco/keypoints/turn-keypoints';
import { turnSegmentation } from '../../../datasets/coco/masks/turn-segmentation';
import { inverseOrientation, turnBox } from '../../../datasets/images/orientation';
import type { PictureHeader } from '../../../datasets/images/picture-header';
import type { AnnotatedAsStored } from './annotated-as-stored';
import type { AnnotationFile } from './annotation-file';
import type { DetectionOutput, FoundPicture } from './found-picture';
import type { ImageIds } from './image-ids';
import { resultCategories } from './result-categories';

/** The data set that results are for. */
export interface ResultsFor extends AnnotationFile {
  readonly asStored: AnnotatedAsStored;
}

/**
 * `--format coco`: COCO's results, the list that pycocotools' `loadRes` takes. Each entry has its picture's name, too. Objects are in
 * pixels of the picture as shown, or as stored where the annotations are. Categories are the detector's, or those of the
 * annotations with the same names.
 */
export class CocoFormat implements DetectionOutput {
  private readonly results: object[] = [];
  /** What the labels mean in the annotations. */
  private categories?: CategoryMap;

  /** @param write gets the file's content; returns what is to be printed. */
  constructor(
    private readonly write: (content: string) => string | undefined,
    private readonly ids: ImageIds,
    private readonly masks?: MaskForm,
    private readonly truth?: ResultsFor,
  ) {}

  /** @throws InputError where the detector has no category in common with the annotations. */
  begin(ofDetector: CategoryMap): void {
    if (this.truth) this.categories = resultCategories(ofDetector, this.truth);
  }

  add({ input, detections, categories: ofDetector }: FoundPicture): void {
    const header = this.truth?.asStored.get(input);
    const picture = { image_id: this.ids.get(input), file_name: input.name };
    for (const detection of cocoDetections(detections, this.categories ?? ofDetector, this.masks)) {
      this.results.push({ ...picture, ...(header ? turnBack(detection, header) : detection) });
    }
  }

  finish(): string | undefined {
    return this.write(`[${this.results.map((result) => JSON.stringify(result)).join(',\n')}]\n`);
  }
}

/** From pixels of the picture as shown to those of it as stored. */
function turnBack(detection: FoundObject, { orientation, shown }: PictureHeader): object {
  const [x, y, width, height] = detection.bbox;
  const inverse = inverseOrientation(orientation);
  const { segmentation, keypoints } = detection;
  return {
    ...detection,
    bbox: turnBox([x, y, width, height], inverse, shown),
    ...(segmentation && { segmentation: turnSegmentation(segmentation, inverse, shown) }),
    ...(keypoints && { keypoints: turnKeypoints(keypoints, inverse, shown) }),
  };
}
