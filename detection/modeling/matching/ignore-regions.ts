import { numBoxes, type Boxes } from '../../structures/boxes';
import { BELOW_LOW_THRESHOLD, BETWEEN_THRESHOLDS } from './matcher';

/**
 * A box of which more than so much lies in a region is no background. mmdetection's MaxIoUAssigner takes such a share
 * (`ignore_iof_thr`), and its configurations that use it have 0.5; Detectron left out proposals from 0.7 on
 * (CROWD_FILTER_THRESH).
 */
const LARGEST_SHARE = 0.5;

/**
 * Takes boxes in regions to ignore (crowds, say) out of the background: they count as nothing then. Boxes that match an object
 * stay objects.
 *
 * @param matches [N] of the boxes, changed in place: BELOW_LOW_THRESHOLD becomes BETWEEN_THRESHOLDS
 * @param boxes N anchors or proposals
 * @param regions none where absent: nothing changes
 * @returns `matches`
 */
export function ignoreBoxesIn(regions: Boxes | undefined, matches: Int32Array, boxes: Boxes): Int32Array {
  return ignoreWhere(regions, matches, (i, x1, y1, x2, y2) => {
    const [left, top, right, bottom] = [boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]];
    const width = Math.min(right, x2) - Math.max(left, x1);
    const height = Math.min(bottom, y2) - Math.max(top, y1);
    const area = (right - left) * (bottom - top);
    return width > 0 && height > 0 && width * height > LARGEST_SHARE * area;
  });
}

/**
 * The same for places, the middles of anchors, of which FCOS says what lies there: those within a region.
 *
 * @param matches [N] of the places of all levels, changed in place
 * @param anchors of each level
 * @returns `matches`
 */
export function ignorePlacesIn(
  regions: Boxes | undefined,
  matches: Int32Array,
  anchors: readonly Boxes[],
): Int32Array {
  let first = 0;
  for (const level of anchors) {
    ignoreWhere(regions, matches.subarray(first, (first += numBoxes(level))), (i, x1, y1, x2, y2) => {
      const [x, y] = [(level[i] + level[i + 2]) / 2, (level[i + 1] + level[i + 3]) / 2];
      return x > x1 && x < x2 && y > y1 && y < y2;
    });
  }
  return matches;
}

/** @param isIn of the box whose numbers begin at `i`, whether it lies in the region */
function ignoreWhere(
  regions: Boxes | undefined,
  matches: Int32Array,
  isIn: (i: number, x1: number, y1: number, x2: number, y2: number) => boolean,
): Int32Array {
  if (regions === undefined) return matches;
  for (let r = 0; r < regions.length; r += 4) {
    const [x1, y1, x2, y2] = regions.subarray(r, r + 4);
    for (let box = 0; box < matches.length; box++) {
      if (matches[box] === BELOW_LOW_THRESHOLD && isIn(4 * box, x1, y1, x2, y2))
        matches[box] = BETWEEN_THRESHOLDS;
    }
  }
  return matches;
}
