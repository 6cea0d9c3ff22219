import { AnnotationError, type CocoAnnotation, type CocoDataset } from '../../coco/annotations';
import { ProblemList, type Problem } from '../../coco/problems';
import { RleError } from '../../coco/masks/rle';
import { segmentationToRle } from '../../coco/masks/segmentation';
import type { Mask } from '../../../detection/structures/mask';
import { DetectionsError, type CocoDetection, type ResultKind } from '../detections';

const NO_MASK: Mask = { size: { height: 1, width: 1 }, counts: Uint32Array.of(1) };

/** Reads the masks of an evaluation, and collects what is wrong with them. */
export class MaskReader {
  private readonly problems = new ProblemList();

  constructor(private readonly dataset: CocoDataset) {}

  /** @param index names it in messages */
  ofDetection(
    { image_id: imageId, bbox, segmentation }: CocoDetection,
    index: number,
    kind: ResultKind,
  ): Mask {
    return kind === 'boxes' && segmentation === undefined
      ? this.read([boxOutline(bbox!)], { place: `[${index}].bbox`, imageId })
      : this.read(segmentation, { place: `[${index}].segmentation`, imageId });
  }

  ofTruth({ id, imageId, segmentation }: CocoAnnotation): Mask {
    return this.read(segmentation, { place: 'segmentation', imageId, annotationId: id });
  }

  /** @throws DetectionsError where a mask that has been read is malformed. */
  refuseMasksOf(source: string): void {
    if (this.problems.isEmpty) return;
    throw new DetectionsError(source, this.problems.problems, this.problems.describe(source));
  }

  /** @throws AnnotationError where a mask that has been read is malformed. */
  refuseMasksOfTruth(): void {
    const { file } = this.dataset;
    if (this.problems.isEmpty) return;
    throw new AnnotationError(file, this.problems.problems, this.problems.describe(file));
  }

  private read(segmentation: unknown, where: Pick<Problem, 'place' | 'imageId' | 'annotationId'>): Mask {
    if (isMask(segmentation)) return segmentation;
    try {
      if (segmentation === undefined)
        throw new RleError('segmentation-missing', 'It is missing, and masks are evaluated.');
      return segmentationToRle(segmentation, this.dataset.imageOf(where.imageId!)!);
    } catch (error) {
      if (!(error instanceof RleError)) throw error;
      const reason = error.message.replace(/\.$/, '');
      this.problems.add({ ...where, kind: 'segmentation', code: error.code, reason });
      return NO_MASK;
    }
  }
}

/** Whether a segmentation is run lengths as the program has them, of a detector or an example. */
function isMask(segmentation: unknown): segmentation is Mask {
  return (
    typeof segmentation === 'object' &&
    segmentation !== null &&
    'counts' in segmentation &&
    segmentation.counts instanceof Uint32Array
  );
}

/** What pycocotools' loadRes takes for the mask of a detection that has a box only. */
function boxOutline([x, y, width, height]: readonly number[]): number[] {
  return [x, y, x, y + height, x + width, y + height, x + width, y];
}
