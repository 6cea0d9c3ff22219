import type { StateDictLayout } from '../detector';
import { classesByEntries, rowsOfEachAnchor } from './class-rows';

const LOGITS = 'head.classification_head.cls_logits.';
const BOXES = 'head.regression_head.bbox_reg.';

/** Entries of torchvision's RetinaNet and FCOS. Only what classifies depends on the classes. */
export const denseStateDict: StateDictLayout = {
  numClasses: (entries) => classesByEntries(entries, `${LOGITS}weight`, `${BOXES}weight`),
  rowsOfClass: (entry, label, size) => (entry.startsWith(LOGITS) ? rowsOfEachAnchor(label, size) : []),
  isPredictor: (entry) => entry.startsWith(LOGITS),
  isBackbone: (entry) => entry.startsWith('backbone.body.'),
};
