import { detectron2Name } from '../../detectron2/entry-names';
import type { Range, StateDictLayout } from '../../detector';

/** The row of a label in a file where the background is the last one. */
export function rowOfLabel(label: number, numClasses: number): Range {
  const row = label === 0 ? numClasses : label - 1;
  return { start: row, end: row + 1 };
}

/** What older files have besides weights: constants that are settings here. */
const CONSTANT = /^(pixel_(mean|std)|proposal_generator\.anchor_generator\.cell_anchors\.\d+)$/;
/** The body's entries, those of a stage of it that is a head among them. */
const BODY = /^(backbone\.(bottom_up\.|stem\.|res\d\.)|roi_heads\.res5\.)/;
/** A ResNet of torchvision's, by which strides are in the 3x3 convolution: only bottlenecks have a third one. */
const TORCHVISION_BOTTLENECK = 'layer1.0.conv3.weight';

/**
 * Entries of detectron2's models.
 *
 * @param boxPredictor what the entries of the box predictor, or of each of several, begin with
 * @param hasBoxOfClass whether a region has a box for each class
 * @param torchvisionModel the model for files of torchvision's ResNets with bottlenecks, whose strides are in other layers
 * @param entryName what detectron2 calls an entry
 */
export function detectron2StateDict(
  boxPredictor: RegExp,
  hasBoxOfClass: boolean,
  torchvisionModel: string,
  entryName: (name: string) => string = detectron2Name,
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
    isBackbone: (entry) => BODY.test(entry),
    ofClassifier: (entry) => entryName(`backbone.body.${entry}`),
    cocoLabels: 'contiguous',
    isConstant: (entry) => CONSTANT.test(entry),
    otherModel: (entries) => (entries.has(TORCHVISION_BOTTLENECK) ? torchvisionModel : undefined),
  };
}
