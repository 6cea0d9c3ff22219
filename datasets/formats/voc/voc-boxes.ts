import { difference, sum } from '../polygons';

/**
 * What the corners of a box mean in Pascal VOC's files. `inclusive`, VOC's own: numbers of pixels from 1, the last one belongs to
 * the box, so that a picture of 640 pixels goes from 1 to 640 (x = xmin - 1, width = xmax - xmin + 1; detectron2 reads them so).
 * `edges`: distances from the left and the top edge (x = xmin, width = xmax - xmin), as CVAT and Datumaro write them.
 */
export type VocBoxes = 'inclusive' | 'edges';

/** What can be chosen. */
export const VOC_BOXES: readonly VocBoxes[] = ['inclusive', 'edges'];

/** x, y, width, height of xmin, ymin, xmax, ymax. */
export function boxOfCorners(
  [xmin, ymin, xmax, ymax]: readonly [number, number, number, number],
  boxes: VocBoxes,
): [number, number, number, number] {
  const [x, y] = boxes === 'inclusive' ? [difference(xmin, 1), difference(ymin, 1)] : [xmin, ymin];
  return [x, y, difference(xmax, x), difference(ymax, y)];
}

/** xmin, ymin, xmax, ymax of x, y, width, height. */
export function cornersOfBox(
  [x, y, width, height]: readonly [number, number, number, number],
  boxes: VocBoxes,
): [number, number, number, number] {
  const [xmin, ymin] = boxes === 'inclusive' ? [sum(x, 1), sum(y, 1)] : [x, y];
  return [xmin, ymin, sum(x, width), sum(y, height)];
}
