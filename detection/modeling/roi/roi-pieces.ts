import { numBoxes, type Boxes } from '../../structures/boxes';
import type { Sample } from './box-stage';

/** Some regions of an image, or of a batch, counted through all of its images. */
export interface RoiRange {
  /** The first. */
  readonly start: number;
  /** Behind the last. */
  readonly end: number;
}

/** Regions of a batch that are worked on at a time. */
export interface Piece extends RoiRange {
  /** Which regions of each image these are, counted in the image. */
  readonly ofImages: readonly RoiRange[];
  /** Of each image: views of those of the batch. */
  readonly boxes: readonly Boxes[];
}

/** Cuts the regions of a batch into pieces of at most so many; none where there is no region. @param boxes of each image */
export function piecesOf(boxes: readonly Boxes[], roisAtATime: number): Piece[] {
  const counts = boxes.map(numBoxes);
  const numRois = counts.reduce((sum, count) => sum + count, 0);
  const size = Math.min(roisAtATime, numRois);
  return Array.from({ length: size > 0 ? Math.ceil(numRois / size) : 0 }, (_, k) => {
    const range = { start: k * size, end: Math.min((k + 1) * size, numRois) };
    const ofImages = rangesOf(range, counts);
    return {
      ...range,
      ofImages,
      boxes: boxes.map((ofImage, image) => boxesWithin(ofImage, ofImages[image])),
    };
  });
}

/** Some samples of an image: views. */
export function samplesWithin({ boxes, labels, matchedGt }: Sample, range: RoiRange): Sample {
  const { start, end } = range;
  return {
    boxes: boxesWithin(boxes, range),
    labels: labels.subarray(start, end),
    matchedGt: matchedGt.subarray(start, end),
  };
}

function boxesWithin(boxes: Boxes, { start, end }: RoiRange): Boxes {
  return boxes.subarray(4 * start, 4 * end);
}

function rangesOf({ start, end }: RoiRange, counts: readonly number[]): RoiRange[] {
  let first = 0;
  return counts.map((count) => {
    const within = (roi: number): number => Math.min(Math.max(roi - first, 0), count);
    const range = { start: within(start), end: within(end) };
    first += count;
    return range;
  });
}
