import { detectron2Name } from '../../detectron2/entry-names';
import type { Range, StateDictLayout } from '../../detector';

/** The row of a label in a file where the background is the last one. */
export function rowOfLabel(label: number, numClasses: number): Range {
  const row = label === 0 ? numClasses : label - 1;
  return { start: row, end: row + 1 };
}

/** What older files have besides weights: constants that are settings here. */
const CONSTANT = /^(pixel_(mean|std)|proposal_generator\.anchor_generator\.cell_anchors\.\d+)$/;
/** A ResNet of torchvision's, by which strides are in the 3x3 convolution: only bottlenecks have a third one. */
const TORCHVISION_BOTTLENECK = 'layer1.0.conv3.weight';

/**
 * Entries of detectron2's models.
 *
 * @param boxPredictor what the entries of the box predictor, or of each of several, begin with
 * @param hasBoxOfClass whether a region has a box for each class
 * @param torchvisionModel the model for files of torchvision's ResNets with bottlenecks, whose strides are in other layers
 */
export function detectron2StateDict(
  boxPredictor: RegExp,
  hasBoxOfClass: boolean,
  torchvisionModel: string,
): StateDictLayout {
  const isOf = (entry: string, layer: 'cls_score' | 'bbox_pred'): boolean =>
    boxPredictor.test(entry) && entry.includes(`.${layer}.`);
  return {
    numClasses: (entries) => {
      const scores = [...entries].find(([entry]) => isOf(entry, 'cls_score'));
      if (scores) return scores[1].shape[0] - 1;
      throw new RangeError('it has no cls_score in roi_heads.box_predictor');
    },
    rowsOfClass: (entry, label, { numClasses }) => {
      if (isOf(entry, 'cls_score')) return [rowOfLabel(label, numClasses)];
      if (!hasBoxOfClass || !isOf(entry, 'bbox_pred') || label === 0) return [];
      return [{ start: 4 * (label - 1), end: 4 * label }];
    },
    isPredictor: (entry) => isOf(entry, 'cls_score') || (hasBoxOfClass && isOf(entry, 'bbox_pred')),
    isBackbone: (entry) => entry.startsWith('backbone.bottom_up.'),
    ofClassifier: (entry) => detectron2Name(`backbone.body.${entry}`),
    cocoLabels: 'contiguous',
    isConstant: (entry) => CONSTANT.test(entry),
    otherModel: (entries) => (entries.has(TORCHVISION_BOTTLENECK) ? torchvisionModel : undefined),
  };
}
