import type { CocoAnnotation, CocoDataset } from '../../coco/annotations';
import { rleArea, rleToBox } from '../../coco/masks/rle';
import { kindOfResults, type CocoDetection } from '../detections';
import { MaskReader } from './mask-reader';
import type { Regions } from './regions';

/** Boxes of ground truth and of detections. */
export class BoxRegions implements Regions {
  private values = new Float64Array(0);

  /**
   * @param boxes [D * 4], x, y, width, height of each detection
   * @param detectionAreas [D]
   */
  constructor(
    private readonly annotations: readonly CocoAnnotation[],
    private readonly boxes: Float64Array,
    readonly detectionAreas: Float64Array,
  ) {}

  overlaps(detections: Int32Array, truths: Int32Array): Float64Array {
    const length = detections.length * truths.length;
    if (this.values.length < length) this.values = new Float64Array(2 * length);
    let at = 0;
    for (const detection of detections) {
      for (const truth of truths) this.values[at++] = this.overlap(detection, truth);
    }
    return this.values.subarray(0, length);
  }

  /** Intersection over union; over the area of the detection where the truth is a crowd. */
  overlap(detection: number, truth: number): number {
    const { boxes } = this;
    const { bbox, isCrowd } = this.annotations[truth];
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
  }

  finish(): void {
    // Boxes have been read by now.
  }
}

/** Boxes of a data set's objects and of detections in it. @throws DetectionsError where a mask that stands for a box is malformed. */
export function boxRegions(dataset: CocoDataset, detections: readonly CocoDetection[]): BoxRegions {
  const { boxes, areas } = boxesOf(dataset, detections, 'detections');
  return new BoxRegions(dataset.annotations, boxes, areas);
}

/**
 * What pycocotools' loadRes takes for the box and the area of each detection, by what the first of them has.
 *
 * @returns boxes [D * 4], x, y, width, height; areas [D]
 * @throws DetectionsError where a mask is needed and is malformed
 */
export function boxesOf(
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  source: string,
): { readonly boxes: Float64Array; readonly areas: Float64Array } {
  const kind = kindOfResults(detections);
  const boxes = new Float64Array(detections.length * 4);
  const areas = new Float64Array(detections.length);
  const reader = new MaskReader(dataset);
  detections.forEach((detection, index) => {
    const { bbox = [], keypoints = [] } = detection;
    let box = bbox;
    if (kind === 'masks') {
      const mask = reader.ofDetection(detection, index, kind);
      if (box.length === 0) box = rleToBox(mask);
      areas[index] = rleArea(mask);
    } else {
      if (kind === 'keypoints') box = keypointExtent(keypoints);
      areas[index] = box[2] * box[3];
    }
    boxes.set(box, index * 4);
  });
  reader.refuseMasksOf(source);
  return { boxes, areas };
}

/** Smallest box around all keypoints, whether they are visible or not: x, y, width, height. */
function keypointExtent(keypoints: readonly number[]): readonly number[] {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i + 1 < keypoints.length; i += 3) {
    left = Math.min(left, keypoints[i]);
    right = Math.max(right, keypoints[i]);
    top = Math.min(top, keypoints[i + 1]);
    bottom = Math.max(bottom, keypoints[i + 1]);
  }
  return [left, top, right - left, bottom - top];
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
