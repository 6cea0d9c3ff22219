/** Settings that models of several families have. */
import { count, fraction, list, positive } from './settings';

/** Anchors by sizes, with the same ratios on every level. */
export const anchorSettings = {
  sizes: list(
    'of each level of the pyramid, pixels of the resized image',
    list('of one level', positive('pixels')),
  ),
  aspectRatios: list('heights / widths of the anchors, on every level', positive('height / width')),
};

/** Which anchors learn what. */
export const anchorMatchSettings = {
  fgIouThreshold: fraction('overlap at or above which an anchor is an object'),
  bgIouThreshold: fraction('overlap below which an anchor is background'),
};

/** Which detections are left. */
export const detectionSettings = {
  nmsThreshold: fraction('overlap above which non-maximum suppression drops the worse of two detections'),
  detectionsPerImage: count('maximum number of detections of an image'),
};
