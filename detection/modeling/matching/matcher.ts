import { iouRow } from '../../ops/iou';
import type { Boxes } from '../../structures/boxes';
import { boxAreas, numBoxes } from '../../structures/boxes';

/** The box matches nothing: background. */
export const BELOW_LOW_THRESHOLD = -1;
/** The box matches something, but not well: it counts neither as object nor as background. */
export const BETWEEN_THRESHOLDS = -2;

/**
 * Gives each of N boxes (anchors or proposals) the ground truth that it overlaps most: torchvision's Matcher,
 * without its M x N matrix. It walks the ground truth one box at a time in O(N) memory. Overlaps and thresholds
 * are float32, since exact ties decide which boxes the low-quality matches add.
 */
export class Matcher {
  private readonly highThreshold: number;
  private readonly lowThreshold: number;

  /**
   * Thresholds are rounded to float32.
   *
   * @param highThreshold overlap at or above which a box matches
   * @param lowThreshold overlap below which a box is background
   * @param allowLowQualityMatches whether the boxes that overlap a ground truth most of all, ties included, match
   * (each the ground truth that it overlaps most itself) even if that is below the thresholds. A ground truth
   * that overlaps nothing then ties with every box, as in torchvision: pass none without area.
   */
  constructor(
    highThreshold: number,
    lowThreshold: number,
    private readonly allowLowQualityMatches: boolean,
  ) {
    this.highThreshold = Math.fround(highThreshold);
    this.lowThreshold = Math.fround(lowThreshold);
  }

  /**
   * @param gtBoxes M boxes; where there are none, all is background
   * @param boxes N boxes
   * @returns [N] index of the matched ground truth, BELOW_LOW_THRESHOLD or BETWEEN_THRESHOLDS
   */
  match(gtBoxes: Boxes, boxes: Boxes): Int32Array {
    const areas = boxAreas(boxes);
    return this.matchQualities(numBoxes(gtBoxes), numBoxes(boxes), (gt, row) => {
      iouRow(gtBoxes, gt, boxes, areas, row);
    });
  }

  /**
   * The same for any measure of quality.
   * @param quality writes the quality (0 or more) of a ground truth's match with each of the N boxes
   */
  matchQualities(
    numGt: number,
    numBoxes: number,
    quality: (gt: number, row: Float32Array) => void,
  ): Int32Array {
    if (numGt === 0) return new Int32Array(numBoxes).fill(BELOW_LOW_THRESHOLD);
    const matches = new Int32Array(numBoxes);
    const best = new Float32Array(numBoxes);
    const isBestOfSomeGt = new Uint8Array(numBoxes);
    const row = new Float32Array(numBoxes);
    for (let gt = 0; gt < numGt; gt++) {
      quality(gt, row);
      let bestOfGt = 0;
      for (let i = 0; i < numBoxes; i++) {
        const value = row[i];
        if (value > bestOfGt) bestOfGt = value;
        if (value > best[i]) {
          best[i] = value;
          matches[i] = gt;
        }
      }
      if (!this.allowLowQualityMatches) continue;
      for (let i = 0; i < numBoxes; i++) if (row[i] === bestOfGt) isBestOfSomeGt[i] = 1;
    }
    for (let i = 0; i < numBoxes; i++) {
      if (best[i] >= this.highThreshold || isBestOfSomeGt[i] === 1) continue;
      matches[i] = best[i] < this.lowThreshold ? BELOW_LOW_THRESHOLD : BETWEEN_THRESHOLDS;
    }
    return matches;
  }
}
