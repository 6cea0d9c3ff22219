import type { Size } from '../../detection/structures/size';
import { rleFromPolygon } from './polygon';
import type { Mask } from '../../detection/structures/mask';
import { mergeRles, parseRle, RleError } from './rle';

const MIN_POLYGON_NUMBERS = 6;
/** How far outside of its image a polygon may reach: its outline is walked in steps of a fifth of a pixel. */
const MAX_OUTSIDE = 65_536;

/**
 * A "segmentation" of COCO's JSON as run lengths, as pycocotools' annToRLE: a list of polygons (their union), or
 * run lengths, compressed or not.
 *
 * @param size Size of the image. Run lengths bring their own.
 * @throws RleError where it is none of these, or reaches so far out that nobody can have meant it.
 */
export function segmentationToRle(segmentation: unknown, size: Size): Mask {
  if (Array.isArray(segmentation)) {
    if (segmentation.length === 0)
      throw new RleError('segmentation-empty', 'The segmentation has no polygon.');
    return mergeRles(
      segmentation.map((polygon: unknown) => rleFromPolygon(checkedPolygon(polygon, size), size)),
    );
  }
  if (typeof segmentation !== 'object' || segmentation === null) {
    throw new RleError(
      'segmentation-type',
      'The segmentation is neither a list of polygons nor run lengths.',
    );
  }
  return parseRle(segmentation);
}

function checkedPolygon(polygon: unknown, { width, height }: Size): readonly number[] {
  if (!Array.isArray(polygon) || polygon.length < MIN_POLYGON_NUMBERS || polygon.length % 2 !== 0) {
    throw new RleError(
      'polygon-corners',
      'A polygon of the segmentation is not a list of x, y pairs of three corners or more.',
    );
  }
  if (!polygon.every(Number.isFinite))
    throw new RleError(
      'polygon-numbers',
      'A polygon of the segmentation contains something other than numbers.',
    );
  const corners = polygon as readonly number[];
  const most = MAX_OUTSIDE + Math.max(width, height);
  const far = corners.find((coordinate) => Math.abs(coordinate) > most);
  if (far !== undefined)
    throw new RleError('polygon-far-outside', `The outline reaches to ${far}, far outside of the image.`, {
      coordinate: far,
    });
  return corners;
}
