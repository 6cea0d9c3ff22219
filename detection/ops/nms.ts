import type { Boxes } from '../structures/boxes';
import { boxAreas, numBoxes } from '../structures/boxes';
import { descendingOrder } from './descending-order';
import { iouOfAreas } from './iou';

const { fround } = Math;

/** Up to here torchvision's batched_nms shifts the groups apart; above, it takes one group at a time. */
export const MOST_BOXES_TO_SHIFT = 1000;

/**
 * Non-maximum suppression: goes through the boxes by falling score (of equal scores the lower index first) and
 * keeps a box unless it overlaps one kept before by *more* than the threshold. As torchvision's CPU kernel:
 * overlaps are float32, the threshold is not rounded.
 * @param scores [N]
 * @param iouThreshold 0..1
 * @param limit stop when so many are kept
 * @returns indices of the boxes kept, best first
 */
export function nms(
  boxes: Boxes,
  scores: Float32Array,
  iouThreshold: number,
  limit: number = scores.length,
): Int32Array {
  return keepBest(boxes, scores, new Int32Array(scores.length), iouThreshold, limit);
}

/**
 * Non-maximum suppression within each group (feature level or class) alone, as torchvision's batched_nms on a
 * CPU. That includes what it does for up to 1000 boxes: it adds group * (largest coordinate + 1) to the
 * coordinates and suppresses all together, so that overlaps come from coordinates that this sum has rounded.
 * @param scores [N]
 * @param groups [N], 0 or more
 * @param iouThreshold 0..1
 * @param limit stop when so many are kept
 * @returns indices of the boxes kept, best first over all groups
 */
export function batchedNms(
  boxes: Boxes,
  scores: Float32Array,
  groups: Int32Array,
  iouThreshold: number,
  limit: number = scores.length,
): Int32Array {
  return numBoxes(boxes) <= MOST_BOXES_TO_SHIFT
    ? nms(shiftApart(boxes, groups), scores, iouThreshold, limit)
    : keepBest(boxes, scores, groups, iouThreshold, limit);
}

function shiftApart(boxes: Boxes, groups: Int32Array): Boxes {
  let largest = -Infinity;
  for (const coordinate of boxes) if (coordinate > largest) largest = coordinate;
  const step = fround(largest + 1);
  return boxes.map((coordinate, i) => coordinate + fround(groups[i >> 2] * step));
}

/** Compares each box with the kept ones of its group, which lie side by side in `kept`. */
function keepBest(
  boxes: Boxes,
  scores: Float32Array,
  groups: Int32Array,
  iouThreshold: number,
  limit: number,
): Int32Array {
  const areas = boxAreas(boxes);
  const starts = groupStarts(groups);
  const ends = starts.slice();
  const keptBoxes = new Float32Array(boxes.length);
  const keptAreas = new Float32Array(areas.length);
  const kept = new Int32Array(Math.min(limit, scores.length));
  let numKept = 0;

  for (const index of descendingOrder(scores)) {
    if (numKept >= kept.length) break;
    const group = groups[index];
    const b = index * 4;
    const x1 = boxes[b];
    const y1 = boxes[b + 1];
    const x2 = boxes[b + 2];
    const y2 = boxes[b + 3];
    const area = areas[index];
    const end = ends[group];
    let k = starts[group];
    for (; k < end; k++) {
      const q = k * 4;
      const left = keptBoxes[q] > x1 ? keptBoxes[q] : x1;
      const right = keptBoxes[q + 2] < x2 ? keptBoxes[q + 2] : x2;
      if (!(left < right)) continue;
      const top = keptBoxes[q + 1] > y1 ? keptBoxes[q + 1] : y1;
      const bottom = keptBoxes[q + 3] < y2 ? keptBoxes[q + 3] : y2;
      if (!(top < bottom)) continue;
      const intersection = fround(fround(right - left) * fround(bottom - top));
      if (iouOfAreas(intersection, keptAreas[k], area) > iouThreshold) break;
    }
    if (k < end) continue;
    keptBoxes[end * 4] = x1;
    keptBoxes[end * 4 + 1] = y1;
    keptBoxes[end * 4 + 2] = x2;
    keptBoxes[end * 4 + 3] = y2;
    keptAreas[end] = area;
    ends[group]++;
    kept[numKept++] = index;
  }
  return kept.subarray(0, numKept);
}

/** Where each group's room begins in an array that holds all members group by group. */
function groupStarts(groups: Int32Array): Int32Array {
  let numGroups = 0;
  for (const group of groups) if (group >= numGroups) numGroups = group + 1;
  const starts = new Int32Array(numGroups + 1);
  for (const group of groups) starts[group + 1]++;
  for (let group = 0; group < numGroups; group++) starts[group + 1] += starts[group];
  return starts;
}
