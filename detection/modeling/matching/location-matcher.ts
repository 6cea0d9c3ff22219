import { boxAreas, numBoxes, type Boxes } from '../../structures/boxes';
import { Matcher } from './matcher';

const { fround } = Math;

/** FCOS.compute_loss: an object counts this much less its area, and one that counts less than the second, nothing. */
const LARGEST_AREA = 1e8;
const LEAST_QUALITY = 1e-5;
/** A level is to find objects whose farthest side is so many sides of its anchors away: FCOS.compute_loss. */
const NEAREST_SIDE = 4;
const FARTHEST_SIDE = 8;

/**
 * Gives each place of a pyramid, the middle of its square anchor, the object that it is to find: torchvision's
 * FCOS.compute_loss (Tian et al. 2019). That is the smallest of the objects that it lies in, near to their middle, and whose
 * size is the level's. Areas are compared as float32 differences from 1e8, where those of a few square pixels tie; the
 * first object wins then.
 */
export class LocationMatcher {
  private readonly matcher = new Matcher(LEAST_QUALITY, LEAST_QUALITY, false);

  /**
   * As torchvision's FCOS.
   *
   * @param centerSamplingRadius largest distance from an object's middle, in sides of the anchor
   */
  constructor(private readonly centerSamplingRadius: number) {}

  /**
   * @param gtBoxes M boxes
   * @param anchors of each level, finest first
   * @returns index of the ground truth of each place of all levels, or BELOW_LOW_THRESHOLD
   */
  match(gtBoxes: Boxes, anchors: readonly Boxes[]): Int32Array {
    const total = anchors.reduce((sum, level) => sum + numBoxes(level), 0);
    const areas = boxAreas(gtBoxes);
    return this.matcher.matchQualities(numBoxes(gtBoxes), total, (gt, row) => {
      const quality = fround(LARGEST_AREA - areas[gt]);
      let first = 0;
      anchors.forEach((level, index) => {
        const ofLevel = row.subarray(first, (first += numBoxes(level)));
        const isFinest = index === 0;
        const isCoarsest = index === anchors.length - 1;
        this.qualities(gtBoxes, gt, quality, level, { isFinest, isCoarsest }, ofLevel);
      });
    });
  }

  private qualities(
    gtBoxes: Boxes,
    gt: number,
    quality: number,
    anchors: Boxes,
    { isFinest, isCoarsest }: { readonly isFinest: boolean; readonly isCoarsest: boolean },
    row: Float32Array,
  ): void {
    const [x0, y0, x1, y1] = gtBoxes.subarray(4 * gt, 4 * gt + 4);
    const gtX = fround(x0 + x1) / 2;
    const gtY = fround(y0 + y1) / 2;
    for (let i = 0, a = 0; i < row.length; i++, a += 4) {
      const x = fround(anchors[a] + anchors[a + 2]) / 2;
      const y = fround(anchors[a + 1] + anchors[a + 3]) / 2;
      const side = fround(anchors[a + 2] - anchors[a]);
      const radius = fround(fround(this.centerSamplingRadius) * side);
      const fromMiddle = Math.max(Math.abs(fround(x - gtX)), Math.abs(fround(y - gtY)));
      const [left, top, right, bottom] = [fround(x - x0), fround(y - y0), fround(x1 - x), fround(y1 - y)];
      const farthest = Math.max(left, top, right, bottom);
      const isFound =
        fromMiddle < radius &&
        Math.min(left, top, right, bottom) > 0 &&
        farthest > (isFinest ? 0 : NEAREST_SIDE * side) &&
        farthest < (isCoarsest ? Infinity : FARTHEST_SIDE * side);
      row[i] = isFound ? quality : 0;
    }
  }
}
