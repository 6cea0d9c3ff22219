import { iouRow } from '../../ops/iou';
import { boxAreas, numBoxes, type Boxes } from '../../structures/boxes';
import { Matcher } from './matcher';

/**
 * torchvision's SSDMatcher: gives each default box the ground truth that it overlaps most, if that is enough; and then each
 * ground truth the box that it overlaps most (the first of equals), whatever the overlap and whatever that box had. Where
 * two ground truths have the same such box the later one gets it, which torch leaves open.
 */
export class SsdMatcher {
  private readonly matcher: Matcher;

  /** @param threshold overlap at or above which a box matches; below it is background */
  constructor(threshold: number) {
    this.matcher = new Matcher(threshold, threshold, false);
  }

  /**
   * @param gtBoxes M boxes; where there are none, all is background
   * @param boxes N boxes, at least one
   * @returns [N] index of the matched ground truth or BELOW_LOW_THRESHOLD
   */
  match(gtBoxes: Boxes, boxes: Boxes): Int32Array {
    const areas = boxAreas(boxes);
    const bestOfGt = new Int32Array(numBoxes(gtBoxes));
    const matches = this.matcher.matchQualities(bestOfGt.length, areas.length, (gt, row) => {
      iouRow(gtBoxes, gt, boxes, areas, row);
      bestOfGt[gt] = indexOfLargest(row);
    });
    bestOfGt.forEach((box, gt) => (matches[box] = gt));
    return matches;
  }
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
