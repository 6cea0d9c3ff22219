import type { Size } from '../../../detection/structures/size';
import type { Mask } from '../../../detection/structures/mask';
import { isSameSize } from '../../images/picture-header';
import { polygonFault } from './polygon-fault';
import { PolygonMask } from './polygon-mask';
import { parseRle, RleError } from './rle';

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
    const polygons = segmentation.map((polygon: unknown) => checkedPolygon(polygon, size));
    return new PolygonMask(polygons, { height: size.height, width: size.width });
  }
  if (typeof segmentation !== 'object' || segmentation === null) {
    throw new RleError(
      'segmentation-type',
      'The segmentation is neither a list of polygons nor run lengths.',
    );
  }
  return parseRle(segmentation);
}

/**
 * The mask of an object to train on; undefined where the file says that it has none.
 *
 * @param image its size
 * @throws RleError as segmentationToRle, and where run lengths are of another size than the image
 */
export function objectMask(segmentation: unknown, image: Size): Mask | undefined {
  if (saysNoMask(segmentation)) return undefined;
  const mask = segmentationToRle(segmentation, image);
  requireSizeOf(image, mask);
  return mask;
}

/**
 * Whether a "segmentation" says that its object has no mask: it is missing, null, an empty list, or a list of empty lists, which
 * annotation tools write of boxes.
 */
export function saysNoMask(segmentation: unknown): boolean {
  return (
    segmentation === undefined ||
    segmentation === null ||
    (Array.isArray(segmentation) &&
      segmentation.every((polygon) => Array.isArray(polygon) && polygon.length === 0))
  );
}

/** @throws RleError where a mask has another size than its image. */
export function requireSizeOf(image: Size, { size }: Mask): void {
  if (isSameSize(size, image)) return;
  throw new RleError(
    'rle-image-size',
    `The size of the run-length mask, [height, width], is [${size.height}, ${size.width}]; ` +
      `that of its image is [${image.height}, ${image.width}].`,
  );
}

function checkedPolygon(polygon: unknown, size: Size): readonly number[] {
  const fault = polygonFault(polygon, size);
  if (fault) throw fault;
  return polygon as readonly number[];
}
