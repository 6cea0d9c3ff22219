import type { CocoAnnotation } from '../../coco/annotations';
import type { CocoDetection } from '../detections';
import type { Regions } from './regions';

/** Keypoints of ground truth and of detections: their overlap is COCO's object keypoint similarity (OKS). */
export class KeypointRegions implements Regions {
  /** [K] squares of twice the sigmas. */
  private readonly variances: Float64Array;
  private values = new Float64Array(0);

  /**
   * @param detectionAreas [D]
   * @param sigmas [K]
   */
  constructor(
    private readonly annotations: readonly CocoAnnotation[],
    private readonly detections: readonly CocoDetection[],
    readonly detectionAreas: Float64Array,
    sigmas: readonly number[],
  ) {
    this.variances = Float64Array.from(sigmas, (sigma) => (sigma * 2) ** 2);
  }

  overlaps(detections: Int32Array, truths: Int32Array): Float64Array {
    const length = detections.length * truths.length;
    if (this.values.length < length) this.values = new Float64Array(2 * length);
    let at = 0;
    for (const detection of detections) {
      const { keypoints } = this.detections[detection];
      for (const truth of truths) this.values[at++] = this.similarity(keypoints!, this.annotations[truth]);
    }
    return this.values.subarray(0, length);
  }

  finish(): void {
    // Keypoints have been checked by now.
  }

  /** pycocotools' computeOks. */
  private similarity(found: readonly number[], { keypoints, bbox, area }: CocoAnnotation): number {
    const { variances } = this;
    const truth = keypoints ?? [];
    const isLabeled = truth.some((value, i) => i % 3 === 2 && value > 0);
    let sum = 0;
    let count = 0;
    for (let k = 0; k < variances.length; k++) {
      const at = 3 * k;
      if (isLabeled && !(truth[at + 2] > 0)) continue;
      const dx = isLabeled ? found[at] - truth[at] : outside(found[at], bbox[0], bbox[2]);
      const dy = isLabeled ? found[at + 1] - truth[at + 1] : outside(found[at + 1], bbox[1], bbox[3]);
      sum += Math.exp(-((dx * dx + dy * dy) / variances[k] / (area + Number.EPSILON) / 2));
      count++;
    }
    return sum / count;
  }
}

/** How far outside of the box that is doubled about its center: what is known where no keypoint of an object is. */
function outside(found: number, start: number, length: number): number {
  return Math.max(0, start - length - found) + Math.max(0, found - (start + length * 2));
}
