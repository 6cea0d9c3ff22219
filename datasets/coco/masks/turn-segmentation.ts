import type { Size } from '../../../detection/structures/size';
import { turnPoint, turnSize, type Orientation } from '../../images/orientation';
import { isSameSize } from '../../images/picture-header';
import { isObject } from '../entries';
import { encodeMask, parseRle, rleToMask, RleError } from './rle';

/**
 * A "segmentation" of COCO's JSON when its picture has been turned: polygons, or run lengths, which become compressed ones. What
 * is neither, or of another size, stays as it is, for whoever reads it to refuse.
 *
 * @param size of the picture before
 */
export function turnSegmentation(segmentation: unknown, orientation: Orientation, size: Size): unknown {
  if (Array.isArray(segmentation)) {
    return segmentation.map((polygon: unknown) => turnPolygon(polygon, orientation, size));
  }
  return isObject(segmentation) ? turnRunLengths(segmentation, orientation, size) : segmentation;
}

function turnPolygon(polygon: unknown, orientation: Orientation, size: Size): unknown {
  if (!Array.isArray(polygon) || polygon.length % 2 !== 0 || !polygon.every(Number.isFinite)) return polygon;
  const corners = polygon as readonly number[];
  return corners.flatMap((x, i) => (i % 2 === 0 ? turnPoint([x, corners[i + 1]], orientation, size) : []));
}

function turnRunLengths(segmentation: object, orientation: Orientation, size: Size): unknown {
  let mask;
  try {
    mask = parseRle(segmentation);
  } catch (error) {
    if (!(error instanceof RleError)) throw error;
    return segmentation;
  }
  if (!isSameSize(mask.size, size)) return segmentation;
  return encodeMask(turnMask(rleToMask(mask), orientation, size), turnSize(size, orientation));
}

/** @param mask [height, width], row by row */
function turnMask(mask: Uint8Array, orientation: Orientation, size: Size): Uint8Array {
  const { width } = turnSize(size, orientation);
  const turned = new Uint8Array(mask.length);
  for (let row = 0, from = 0; row < size.height; row++) {
    for (let column = 0; column < size.width; column++, from++) {
      // Centers of pixels.
      const [x, y] = turnPoint([column + 0.5, row + 0.5], orientation, size);
      turned[(y - 0.5) * width + x - 0.5] = mask[from];
    }
  }
  return turned;
}
