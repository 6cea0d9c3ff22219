import type { SampleRows } from '../../events/samples';
import { maskTargets } from '../../ops/mask-targets';
import type { BoxMasks } from '../../ops/paste-masks';
import { numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { Targets } from '../../structures/instances';
import type { Found } from '../found';
import type { Sample } from './box-stage';
import type { RoiRange } from './roi-pieces';

/** Table of `summary.samples`. */
export const MASK_SAMPLES = 'roi_head/masks';

const ABOUT =
  'The sampled proposals that the mask head learns from: those matched to an object that has a mask.';

/** The samples of an image that its mask head learns from, or some of these. */
export interface MaskSample {
  /** The first of them, counted through those of the image. */
  readonly first: number;
  /** [R] which of the image's samples they are. */
  readonly rows: Int32Array;
  /** R boxes, pixels of the resized image. */
  readonly boxes: Boxes;
  /** [R], 1..K. */
  readonly labels: Int32Array;
  /** [R] index of its object. */
  readonly matchedGt: Int32Array;
  /** [R * side * side], 0..1. */
  readonly targets: Float32Array;
}

/**
 * Those samples of an image that are positive and have an object with a mask, and what is to be predicted for them.
 *
 * @param side height and width of a mask
 * @param kind of the targets
 */
export function maskSample(
  { boxes, labels, matchedGt }: Sample,
  { masks, hasMask }: Targets,
  side: number,
  kind: 'torchvision' | 'detectron2',
): MaskSample {
  const rows = Int32Array.from(labels.keys()).filter(
    (roi) => labels[roi] > 0 && masks !== undefined && hasMask?.[matchedGt[roi]] !== 0,
  );
  const itsBoxes = selectBoxes(boxes, rows);
  const itsGt = rows.map((roi) => matchedGt[roi]);
  return {
    first: 0,
    rows,
    boxes: itsBoxes,
    labels: rows.map((roi) => labels[roi]),
    matchedGt: itsGt,
    targets: maskTargets(masks ?? [], itsGt, itsBoxes, side, kind),
  };
}

/** Those within a range of the image's samples: views. */
export function maskSamplesWithin(sample: MaskSample, { start, end }: RoiRange): MaskSample {
  const { rows, boxes, labels, matchedGt, targets } = sample;
  const [first, last] = [start, end].map((limit) => rows.filter((row) => row < limit).length);
  const pixels = rows.length > 0 ? targets.length / rows.length : 0;
  return {
    first,
    rows: rows.subarray(first, last),
    boxes: boxes.subarray(4 * first, 4 * last),
    labels: labels.subarray(first, last),
    matchedGt: matchedGt.subarray(first, last),
    targets: targets.subarray(pixels * first, pixels * last),
  };
}

/**
 * Those of each image, with what each loses.
 *
 * @param losses [R] of all images, one after the other
 */
export function describeMaskSamples(learned: readonly MaskSample[], losses: Float32Array): SampleRows[] {
  let start = 0;
  return learned.map(({ first, boxes, matchedGt }, image) => ({
    image,
    about: ABOUT,
    rows: Int32Array.from(matchedGt, (_, i) => first + i),
    boxes,
    matchedGt,
    sampled: new Uint8Array(matchedGt.length).fill(1),
    losses: { loss_mask: losses.subarray(start, (start += matchedGt.length)) },
  }));
}

/**
 * What is found in each image, with the masks of it.
 *
 * @param probabilities [R * side * side] of all images, one after the other
 */
export function withMasks(
  found: readonly Found[],
  probabilities: Float32Array,
  kind: Omit<BoxMasks, 'probabilities'>,
): Found[] {
  let first = 0;
  return found.map((ofImage) => {
    const last = first + numBoxes(ofImage.boxes) * kind.side ** 2;
    const boxMasks = { ...kind, probabilities: probabilities.slice(first, last) };
    first = last;
    return { ...ofImage, boxMasks };
  });
}
