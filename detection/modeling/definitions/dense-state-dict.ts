import type { StateDictLayout } from '../detector';
import { rowsOfEachAnchor } from './class-rows';

const LOGITS = 'head.classification_head.cls_logits.';
const BOXES = 'head.regression_head.bbox_reg.';

/** Entries of torchvision's RetinaNet and FCOS. Only what classifies depends on the classes. */
export const denseStateDict: StateDictLayout = {
  numClasses: (entries) => {
    const [logits, boxes] = [LOGITS, BOXES].map((prefix) => entries.get(`${prefix}weight`)?.shape[0]);
    if (logits !== undefined && boxes !== undefined) return (4 * logits) / boxes - 1;
    throw new RangeError(`it has no ${logits === undefined ? LOGITS : BOXES}weight`);
  },
  rowsOfClass: (entry, label, size) => (entry.startsWith(LOGITS) ? rowsOfEachAnchor(label, size) : []),
  isPredictor: (entry) => entry.startsWith(LOGITS),
  isBackbone: (entry) => entry.startsWith('backbone.body.'),
};
