import type { Size } from '../../detection/structures/size';
import { rleFromPolygon } from './polygon';
import type { Rle } from './rle';
import { mergeRles, parseRle, RleError } from './rle';

const MIN_POLYGON_NUMBERS = 6;

/**
 * A "segmentation" of COCO's JSON as run lengths, as pycocotools' annToRLE: a list of polygons (their union), or
 * run lengths, compressed or not.
 *
 * @param size Size of the image. Run lengths bring their own.
 * @throws RleError where it is none of these.
 */
export function segmentationToRle(segmentation: unknown, size: Size): Rle {
  if (Array.isArray(segmentation)) {
    if (segmentation.length === 0) throw new RleError('The segmentation has no polygon.');
    return mergeRles(segmentation.map((polygon: unknown) => rleFromPolygon(checkedPolygon(polygon), size)));
  }
  if (typeof segmentation !== 'object' || segmentation === null) {
    throw new RleError('The segmentation is neither a list of polygons nor run lengths.');
  }
  return parseRle(segmentation);
}

function checkedPolygon(polygon: unknown): readonly number[] {
  if (!Array.isArray(polygon) || polygon.length < MIN_POLYGON_NUMBERS || polygon.length % 2 !== 0) {
    throw new RleError('A polygon of the segmentation is no list of x, y pairs of three corners or more.');
  }
  if (!polygon.every(Number.isFinite))
    throw new RleError('A polygon of the segmentation holds something else than numbers.');
  return polygon as readonly number[];
}
