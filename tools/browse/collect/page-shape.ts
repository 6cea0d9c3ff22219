import { RleError } from '../../../datasets/coco/masks/rle';
import { objectMask } from '../../../datasets/coco/masks/segmentation';
import { PolygonMask } from '../../../datasets/coco/masks/polygon-mask';
import { polygonsPath, smoothMaskPath } from '../../../datasets/drawing/smooth-path';
import { isSurelyFound } from '../../../datasets/drawing/surely-found';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import type { Mask } from '../../../detection/structures/mask';
import type { Size } from '../../../detection/structures/size';
import type { PageShape } from '../page-data';

/** Of a picture's longer side: how far an outline on the page may be from the edges of a mask's pixels. */
const TOLERANCE_SHARE = 1 / 800;
/** The least, pixels: steps of single pixels become slopes. */
const MIN_TOLERANCE = 1;

/** What an annotation, or a detection, says of its object besides the box. */
type Shaped = Pick<CocoDetection, 'segmentation' | 'keypoints' | 'keypoint_scores'>;

/**
 * The outline and the keypoints of an object, or of a detection, as COCO's files have them, for a page. What is malformed is left out:
 * `rcnn check` tells it.
 */
export function pageShape(
  { segmentation, keypoints, keypoint_scores: scores }: Shaped,
  image: Size,
): PageShape {
  const mask = maskOf(segmentation, image);
  const outline = mask && outlineOf(mask);
  return {
    ...(outline && { outline }),
    ...(keypoints &&
      keypoints.length > 0 && {
        keypoints: keypoints.map((value, i) => {
          const score = scores?.[Math.floor(i / 3)];
          if (score === undefined) return rounded(value);
          if (!isSurelyFound(score)) return 0;
          return i % 3 === 2 ? 2 : rounded(value);
        }),
      }),
  };
}

/** The outline of a mask: the polygons that it is made of, or one that is a little simpler than its pixels. */
export function outlineOf(mask: Mask): string {
  if (mask instanceof PolygonMask) return polygonsPath(mask.polygons);
  const tolerance = TOLERANCE_SHARE * Math.max(mask.size.width, mask.size.height);
  return smoothMaskPath(mask, Math.max(MIN_TOLERANCE, tolerance));
}

function maskOf(segmentation: unknown, image: Size): Mask | undefined {
  try {
    return objectMask(segmentation, image);
  } catch (error) {
    if (error instanceof RleError) return undefined;
    throw error;
  }
}

const rounded = (value: number) => Number(value.toFixed(1));
