import { AnnotationError, type CocoAnnotation, type CocoDataset } from '../coco/annotations';
import { ProblemList, type Problem } from '../coco/problems';
import { rleArea, RleError, rleIou, rleToBox } from '../coco/rle';
import type { Mask } from '../../detection/structures/mask';
import { segmentationToRle } from '../coco/segmentation';
import { areBoxes, DetectionsError, type CocoDetection } from './detections';
import type { IouType } from './parameters';

/** Ground truth and detections, by index, as far as matching looks at them. */
export interface Regions {
  /** Intersection over union; over the area of the detection where the truth is a crowd. */
  overlap(detection: number, truth: number): number;
  readonly detectionAreas: Float64Array;
}

/**
 * @param annotations Ground truth in any order; indices of `overlap` are into it.
 * @param source What messages call the detections.
 * @throws AnnotationError or DetectionsError where a mask is needed and is malformed.
 */
export function regionsOf(
  dataset: CocoDataset,
  annotations: readonly CocoAnnotation[],
  detections: readonly CocoDetection[],
  iouType: IouType,
  source: string,
): Regions {
  const byBoxes = areBoxes(detections);
  const needsMasks = iouType === 'segm' || !byBoxes;
  const masks = needsMasks ? detectionMasks(dataset, detections, byBoxes, source) : [];
  const boxes = new Float64Array(detections.length * 4);
  const detectionAreas = new Float64Array(detections.length);
  detections.forEach(({ bbox = [] }, index) => {
    boxes.set(bbox.length > 0 ? bbox : rleToBox(masks[index]), index * 4);
    // A mask that comes with a box has the box's area, as in pycocotools' loadRes.
    detectionAreas[index] = byBoxes ? boxes[index * 4 + 2] * boxes[index * 4 + 3] : rleArea(masks[index]);
  });
  const overlap =
    iouType === 'bbox'
      ? boxOverlap(boxes, annotations)
      : maskOverlap(masks, truthMasks(dataset, annotations), annotations);
  return { overlap, detectionAreas };
}

function boxOverlap(boxes: Float64Array, annotations: readonly CocoAnnotation[]): Regions['overlap'] {
  return (detection, truth) => {
    const { bbox, isCrowd } = annotations[truth];
    const at = detection * 4;
    return boxIou(
      boxes[at],
      boxes[at + 1],
      boxes[at + 2],
      boxes[at + 3],
      bbox[0],
      bbox[1],
      bbox[2],
      bbox[3],
      isCrowd,
    );
  };
}

/**
 * maskApi.c's bbIou, whose order of operations decides ties: x, y, width, height of the detection and the truth. NaN where it is
 * there: of boxes with NaN or infinite numbers.
 */
function boxIou(
  dx: number,
  dy: number,
  dw: number,
  dh: number,
  gx: number,
  gy: number,
  gw: number,
  gh: number,
  isCrowd: boolean,
): number {
  const width = lesser(dw + dx, gw + gx) - greater(dx, gx);
  if (width <= 0) return 0;
  const height = lesser(dh + dy, gh + gy) - greater(dy, gy);
  if (height <= 0) return 0;
  const intersection = width * height;
  const detectionArea = dw * dh;
  return intersection / (isCrowd ? detectionArea : detectionArea + gw * gh - intersection);
}

/** C's fmin: the other one where one is NaN. */
function lesser(a: number, b: number): number {
  return a <= b || Number.isNaN(b) ? a : b;
}

/** C's fmax: the other one where one is NaN. */
function greater(a: number, b: number): number {
  return a >= b || Number.isNaN(b) ? a : b;
}

function maskOverlap(
  detections: readonly Mask[],
  truths: readonly Mask[],
  annotations: readonly CocoAnnotation[],
): Regions['overlap'] {
  const detectionBoxes = detections.map(rleToBox);
  const truthBoxes = truths.map(rleToBox);
  return (detection, truth) => {
    // Masks whose boxes do not meet need no walk along their runs.
    if (boxIou(...detectionBoxes[detection], ...truthBoxes[truth], false) === 0) return 0;
    return rleIou(detections[detection], truths[truth], annotations[truth].isCrowd);
  };
}

function detectionMasks(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  byBoxes: boolean,
  source: string,
): Mask[] {
  const problems = new ProblemList();
  const masks = detections.map(({ image_id: imageId, bbox, segmentation }, index) =>
    segmentation === undefined && byBoxes
      ? readMask([boxOutline(bbox!)], dataset, { place: `[${index}].bbox`, imageId }, problems)
      : readMask(segmentation, dataset, { place: `[${index}].segmentation`, imageId }, problems),
  );
  if (!problems.isEmpty) throw new DetectionsError(source, problems.problems, problems.describe(source));
  return masks;
}

/** What pycocotools' loadRes takes for the mask of a detection that has a box only. */
function boxOutline([x, y, width, height]: readonly number[]): number[] {
  return [x, y, x, y + height, x + width, y + height, x + width, y];
}

function truthMasks(dataset: CocoDataset, annotations: readonly CocoAnnotation[]): Mask[] {
  const problems = new ProblemList();
  const masks = annotations.map(({ id, imageId, segmentation }) =>
    readMask(segmentation, dataset, { place: 'segmentation', imageId, annotationId: id }, problems),
  );
  if (!problems.isEmpty)
    throw new AnnotationError(dataset.file, problems.problems, problems.describe(dataset.file));
  return masks;
}

const NO_MASK: Mask = { size: { height: 1, width: 1 }, counts: Uint32Array.of(1) };

function readMask(
  segmentation: unknown,
  dataset: CocoDataset,
  where: Pick<Problem, 'place' | 'imageId' | 'annotationId'>,
  problems: ProblemList,
): Mask {
  try {
    if (segmentation === undefined)
      throw new RleError('segmentation-missing', 'It is missing, and masks are evaluated.');
    return segmentationToRle(segmentation, dataset.imageOf(where.imageId!)!);
  } catch (error) {
    if (!(error instanceof RleError)) throw error;
    const reason = error.message.replace(/\.$/, '');
    problems.add({ ...where, kind: 'segmentation', code: error.code, reason });
    return NO_MASK;
  }
}
