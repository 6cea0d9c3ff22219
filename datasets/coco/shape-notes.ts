import type { Mask } from '../../detection/structures/mask';
import type { CocoAnnotation, CocoDataset, CocoImage } from './annotations';
import { Counted } from './counted';
import { countLabeled } from './keypoints/keypoint-faults';
import { boxOfPolygons, boxOverlap } from './masks/mask-box';
import { PolygonMask } from './masks/polygon-mask';
import { rleArea, rleToBox } from './masks/rle';
import { objectMask } from './masks/segmentation';

type Box = CocoAnnotation['bbox'];

/** Masks and boxes of one object overlap by more, whoever has drawn them. */
const MIN_OVERLAP = 0.5;
/** By so many pixels the edges of a mask and of its box differ by rounding. */
const ROUNDING = 1;
/** Areas that differ by a larger factor are not of the same outline. */
const MAX_AREA_RATIO = 2;
/** Of smaller masks the area depends on how pixels on the border are counted, pixels. */
const MIN_AREA = 16;

const LOOK = '`rcnn browse` shows them.';

/**
 * What users should know of masks and keypoints that can be used: a mask and a box, an area, or keypoints and a box that disagree.
 *
 * @param set read with `keepSegmentations`, `checkSegmentations`, `keepKeypoints`, as far as it is to be looked at
 */
export function shapeNotes(set: CocoDataset): string[] {
  const otherBox = new Counted('have a mask and a box that disagree: their IoU is below 0.5', LOOK);
  const otherArea = new Counted(
    'have an "area" that is less than half, or more than twice, that of their mask',
    'COCO’s evaluation takes objects for small, medium or large by it.',
  );
  const noPixel = new Counted('have a mask without a pixel: of these objects, nothing is learned of masks');
  const otherCount = new Counted(
    'have a "num_keypoints" that is not the number of keypoints of visibility 1 or 2',
    'COCO’s evaluation leaves objects out where it is 0; `rcnn check --repair` counts anew.',
  );
  const outsideBox = new Counted(
    'have labeled keypoints outside of their box',
    'Training learns from those alone that are inside of a proposal.',
  );
  const outsideImage = new Counted('have labeled keypoints outside of their image');

  let [masks, rectangles] = [0, 0];

  for (const annotation of set.annotations) {
    const { id, bbox, area, segmentation, keypoints, numKeypoints } = annotation;
    const image = set.imageOf(annotation.imageId)!;
    const mask = objectMask(segmentation, image);
    if (mask !== undefined) {
      const overlap = overlapWithBox(mask, bbox, image);
      const pixels = areaNear(mask, area);
      if (pixels === 0) noPixel.add(id);
      else if (overlap < MIN_OVERLAP) otherBox.add(id, overlap.toFixed(2));
      masks++;
      if (mask instanceof PolygonMask && Math.abs(pixels - bbox[2] * bbox[3]) < ROUNDING) rectangles++;
      if (isOtherArea(pixels, area)) otherArea.add(id, `${area} for ${pixels}`);
    }
    if (keypoints !== undefined) {
      const labeled = countLabeled(keypoints);
      if (numKeypoints !== undefined && numKeypoints !== labeled)
        otherCount.add(id, `${numKeypoints} for ${labeled}`);
      const [x, y, width, height] = bbox;
      const beyondBox = countOutside(keypoints, [x, y, x + width, y + height]);
      if (beyondBox > 0) outsideBox.add(id, `${beyondBox} of ${labeled}`);
      const beyondImage = countOutside(keypoints, [0, 0, image.width, image.height]);
      if (beyondImage > 0) outsideImage.add(id, `${beyondImage} of ${labeled}`);
    }
  }
  const counted = [otherBox, otherArea, noPixel, otherCount, outsideBox, outsideImage];
  const mostAreRectangles = rectangles > masks / 2;
  return [
    ...counted.flatMap((kind) => kind.note()),
    ...(mostAreRectangles
      ? [`${rectangles} of ${masks} masks fill their box: masks learned from them are boxes.`]
      : []),
  ];
}

/** 1 where nothing but rounding is between them, or the box has no size, of which users are told anyway. */
function overlapWithBox(mask: Mask, bbox: Box, image: CocoImage): number {
  const box = boxOfPolygons([[bbox[0], bbox[1], bbox[0] + bbox[2], bbox[1] + bbox[3]]], image);
  const ofMask = mask instanceof PolygonMask ? boxOfPolygons(mask.polygons, image) : rleToBox(mask);
  if (box[2] === 0 || box[3] === 0) return 1;
  const edges = ([x, y, width, height]: Box): number[] => [x, y, x + width, y + height];
  const other = edges(ofMask);
  const isRounded = edges(box).every((edge, k) => Math.abs(edge - other[k]) <= ROUNDING);
  return isRounded ? 1 : boxOverlap(box, ofMask);
}

/** Pixels of a mask. Polygons are filled only where their own area is another than the given one: that is what takes time. */
function areaNear(mask: Mask, given: number): number {
  if (mask instanceof PolygonMask && mask.polygons.length === 1) {
    const area = polygonArea(mask.polygons[0]);
    if (area >= MIN_AREA && !isOtherArea(area, given)) return area;
  }
  return rleArea(mask);
}

function isOtherArea(pixels: number, area: number): boolean {
  const [less, more] = pixels < area ? [pixels, area] : [area, pixels];
  return more >= MIN_AREA && more > MAX_AREA_RATIO * less;
}

/** Of the outline; where it crosses itself, parts count against each other. */
function polygonArea(polygon: readonly number[]): number {
  let twice = 0;
  for (let i = 0; i < polygon.length; i += 2) {
    const next = (i + 2) % polygon.length;
    twice += polygon[i] * polygon[next + 1] - polygon[next] * polygon[i + 1];
  }
  return Math.abs(twice) / 2;
}

function countOutside(
  keypoints: readonly number[],
  [left, top, right, bottom]: readonly [number, number, number, number],
): number {
  let count = 0;
  for (let i = 0; i < keypoints.length; i += 3) {
    const [x, y, visibility] = keypoints.slice(i, i + 3);
    const isOutside =
      x < left - ROUNDING || y < top - ROUNDING || x > right + ROUNDING || y > bottom + ROUNDING;
    if (visibility > 0 && isOutside) count++;
  }
  return count;
}
