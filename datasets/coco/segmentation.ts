import type { Size } from '../../detection/structures/size';
import type { Mask } from '../../detection/structures/mask';
import { rleFromPolygon } from './polygon';
import { polygonFault } from './polygon-fault';
import { mergeRles, parseRle, RleError } from './rle';

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

function checkedPolygon(polygon: unknown, size: Size): readonly number[] {
  const fault = polygonFault(polygon, size);
  if (fault) throw fault;
  return polygon as readonly number[];
}
