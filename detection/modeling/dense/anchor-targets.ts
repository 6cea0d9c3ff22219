import { numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { Targets } from '../../structures/instances';
import { indicesWhere } from '../matching/indices-where';
import { BETWEEN_THRESHOLDS } from '../matching/matcher';

/** What the anchors of one level of one image are to predict. Anchors are counted within the level. */
export interface LevelTargets {
  /** [P], ascending: anchors that are objects. */
  readonly positives: Int32Array;
  /** [P], 1..K. */
  readonly gtLabels: Int32Array;
  /** P boxes, pixels of the resized image. */
  readonly gtBoxes: Boxes;
  /** Anchors that count neither as object nor as background, ascending. */
  readonly ignored: Int32Array;
}

/** What all anchors of one image are to predict. */
export interface AnchorTargets {
  /** Finest first. */
  readonly levels: readonly LevelTargets[];
  /** Number of positive anchors on all levels. */
  readonly numPositives: number;
}

/** What the anchors of a batch are to predict. Lists have an entry for each image. */
export interface DenseTargets {
  /** Targets of each level. */
  readonly matched: readonly AnchorTargets[];
  /** What the losses of each image are divided by. */
  readonly divisors: readonly number[];
}

/**
 * Hands matches out level by level.
 *
 * @param matches of the anchors of all levels: index of the ground truth, BELOW_LOW_THRESHOLD or BETWEEN_THRESHOLDS
 * @param anchors of each level
 */
export function anchorTargets(
  matches: Int32Array,
  anchors: readonly Boxes[],
  { boxes, labels }: Targets,
): AnchorTargets {
  let first = 0;
  const levels = anchors.map((ofLevel): LevelTargets => {
    const ofLevelMatches = matches.subarray(first, (first += numBoxes(ofLevel)));
    const positives = indicesWhere(ofLevelMatches, (match) => match >= 0);
    const gt = positives.map((anchor) => ofLevelMatches[anchor]);
    return {
      positives,
      gtLabels: gt.map((index) => labels[index]),
      gtBoxes: selectBoxes(boxes, gt),
      ignored: indicesWhere(ofLevelMatches, (match) => match === BETWEEN_THRESHOLDS),
    };
  });
  return { levels, numPositives: levels.reduce((sum, { positives }) => sum + positives.length, 0) };
}

/**
 * Levels of some images that a head which learns from objects alone is to look at: those that have objects; where none has,
 * the coarsest, so that there is a loss of 0 and a gradient of 0.
 */
export function levelsToTrain(...images: readonly AnchorTargets[]): number[] {
  const numLevels = images[0].levels.length;
  const found = [...Array(numLevels).keys()].filter((level) =>
    images.some(({ levels }) => levels[level].positives.length > 0),
  );
  return found.length > 0 ? found : [numLevels - 1];
}
