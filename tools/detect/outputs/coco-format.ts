import { cocoDetections } from '../../../datasets/evaluation/detect-images';
import { inverseOrientation, turnBox } from '../../../datasets/images/orientation';
import type { PictureHeader } from '../../../datasets/images/picture-header';
import type { AnnotatedAsStored } from './annotated-as-stored';
import type { DetectionOutput, FoundPicture } from './found-picture';
import type { ImageIds } from './image-ids';

/**
 * `--format coco`: COCO's results, the list that pycocotools' `loadRes` takes. Each entry has its picture's name, too. Boxes are in
 * pixels of the picture as shown, or as stored where the annotations are.
 */
export class CocoFormat implements DetectionOutput {
  private readonly results: object[] = [];

  /** @param write gets the file's content; returns what is to be printed. */
  constructor(
    private readonly ids: ImageIds,
    private readonly asStored: AnnotatedAsStored,
    private readonly write: (content: string) => string | undefined,
  ) {}

  add({ input, detections, categories }: FoundPicture): void {
    const header = this.asStored.get(input);
    const picture = { image_id: this.ids.get(input), file_name: input.name };
    for (const detection of cocoDetections(detections, categories)) {
      const bbox = header ? turnBack(detection.bbox, header) : detection.bbox;
      this.results.push({ ...picture, ...detection, bbox });
    }
  }

  finish(): string | undefined {
    return this.write(`[${this.results.map((result) => JSON.stringify(result)).join(',\n')}]\n`);
  }
}

/** From pixels of the picture as shown to those of it as stored. */
function turnBack(bbox: readonly number[], { orientation, shown }: PictureHeader): number[] {
  const [x, y, width, height] = bbox;
  return turnBox([x, y, width, height], inverseOrientation(orientation), shown);
}
