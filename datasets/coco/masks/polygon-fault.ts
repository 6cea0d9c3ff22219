import type { Size } from '../../../detection/structures/size';
import { shownValue } from '../problems';
import { RleError } from './rle';

const MIN_CORNERS = 3;
/** How far outside of its image a polygon may reach: its outline is walked in steps of a fifth of a pixel. */
const MAX_OUTSIDE = 65_536;

/**
 * Why a value is not a polygon that can be filled: a flat list [x1, y1, x2, y2, ...] of three corners or more. A polygon that
 * reaches beyond its image, or whose last corner is its first once more, is fine.
 *
 * @param size of the image
 */
export function polygonFault(polygon: unknown, { width, height }: Size): RleError | undefined {
  if (!Array.isArray(polygon)) {
    const reason = `This is ${shownValue(polygon)}; a polygon [x1, y1, x2, y2, ...] is expected in a list of polygons.`;
    return new RleError('polygon-corners', reason);
  }
  const values = polygon as readonly unknown[];
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) {
    const reason = `Value ${wrong} of the polygon is ${shownValue(values[wrong])}, not a number.`;
    return new RleError('polygon-numbers', reason);
  }
  if (values.length % 2 !== 0) {
    const reason = `The polygon has ${values.length} numbers: x, y pairs are expected.`;
    return new RleError('polygon-corners', reason);
  }
  if (values.length < 2 * MIN_CORNERS) {
    const corners = values.length / 2;
    const reason = `The polygon has ${corners === 1 ? '1 corner' : `${corners} corners`}: ${MIN_CORNERS} are the fewest.`;
    return new RleError('polygon-corners', reason);
  }
  const most = MAX_OUTSIDE + Math.max(width, height);
  const far = (values as readonly number[]).find((coordinate) => Math.abs(coordinate) > most);
  if (far === undefined) return undefined;
  const reason = `The outline reaches to ${far}, far outside of the image.`;
  return new RleError('polygon-far-outside', reason, { coordinate: far });
}
