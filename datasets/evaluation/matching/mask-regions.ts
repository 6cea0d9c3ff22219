import type { CocoAnnotation, CocoDataset } from '../../coco/annotations';
import { rleArea, rleIou } from '../../coco/masks/rle';
import type { Mask } from '../../../detection/structures/mask';
import { kindOfResults, type CocoDetection, type ResultKind } from '../detections';
import { MaskReader } from './mask-reader';
import type { Regions } from './regions';

/** Masks of ground truth and of detections, which are run lengths only while their image is looked at. */
export class MaskRegions implements Regions {
  readonly detectionAreas: Float64Array;
  private readonly kind: ResultKind;
  private readonly ofTruths: MaskReader;
  private readonly ofDetections: MaskReader;
  /** 1 where a mask has been read. */
  private readonly truthsRead: Uint8Array;
  private readonly detectionsRead: Uint8Array;
  private values = new Float64Array(0);

  constructor(
    dataset: CocoDataset,
    private readonly annotations: readonly CocoAnnotation[],
    private readonly detections: readonly CocoDetection[],
    private readonly source: string,
  ) {
    this.kind = kindOfResults(detections);
    this.ofTruths = new MaskReader(dataset);
    this.ofDetections = new MaskReader(dataset);
    this.truthsRead = new Uint8Array(annotations.length);
    this.detectionsRead = new Uint8Array(detections.length);
    this.detectionAreas = new Float64Array(detections.length);
  }

  overlaps(detections: Int32Array, truths: Int32Array): Float64Array {
    const length = detections.length * truths.length;
    if (this.values.length < length) this.values = new Float64Array(2 * length);
    const truthMasks = Array.from(truths, (truth) => this.readTruth(truth));
    let at = 0;
    for (const detection of detections) {
      const mask = this.readDetection(detection);
      for (let g = 0; g < truths.length; g++) {
        this.values[at++] = rleIou(mask, truthMasks[g], this.annotations[truths[g]].isCrowd);
      }
    }
    return this.values.subarray(0, length);
  }

  finish(): void {
    this.truthsRead.forEach((isRead, truth) => isRead === 0 && this.readTruth(truth));
    this.detectionsRead.forEach((isRead, detection) => isRead === 0 && this.readDetection(detection));
    this.ofTruths.refuseMasksOfTruth();
    this.ofDetections.refuseMasksOf(this.source);
  }

  private readTruth(truth: number): Mask {
    this.truthsRead[truth] = 1;
    return this.ofTruths.ofTruth(this.annotations[truth]);
  }

  private readDetection(index: number): Mask {
    this.detectionsRead[index] = 1;
    const detection = this.detections[index];
    const mask = this.ofDetections.ofDetection(detection, index, this.kind);
    // A mask that comes with a box has the box's area, as in pycocotools' loadRes.
    this.detectionAreas[index] =
      this.kind === 'boxes' ? detection.bbox![2] * detection.bbox![3] : rleArea(mask);
    return mask;
  }
}
