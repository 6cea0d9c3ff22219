import type { Size } from '../../detection/structures/size';

/**
 * How a picture is turned before it is shown: EXIF's numbers. 1 as stored, 2 mirrored left to right, 3 by 180 degrees, 4
 * mirrored top to bottom, 5 transposed, 6 by 90 degrees clockwise, 7 transposed the other way, 8 by 90 degrees
 * counterclockwise.
 */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

/** Whether rows become columns. */
export function swapsSides(orientation: Orientation): boolean {
  return orientation >= 5;
}

/** What an orientation does to a picture, in this order: rows become columns, mirrored left to right, top to bottom. */
export function stepsOf(orientation: Orientation): {
  readonly transposes: boolean;
  readonly mirrorsX: boolean;
  readonly mirrorsY: boolean;
} {
  return {
    transposes: swapsSides(orientation),
    mirrorsX: [2, 3, 6, 7].includes(orientation),
    mirrorsY: [3, 4, 7, 8].includes(orientation),
  };
}

/** The orientation that undoes another. */
export function inverseOrientation(orientation: Orientation): Orientation {
  if (orientation === 6) return 8;
  return orientation === 8 ? 6 : orientation;
}

/** The size of a picture when it has been turned. */
export function turnSize({ width, height }: Size, orientation: Orientation): Size {
  return swapsSides(orientation) ? { width: height, height: width } : { width, height };
}

/**
 * A point of a picture, pixels, when the picture has been turned.
 *
 * @param size of the picture before
 */
export function turnPoint(
  [x, y]: readonly [number, number],
  orientation: Orientation,
  size: Size,
): [number, number] {
  const { transposes, mirrorsX, mirrorsY } = stepsOf(orientation);
  const { width, height } = turnSize(size, orientation);
  const [turnedX, turnedY] = transposes ? [y, x] : [x, y];
  return [mirrorsX ? width - turnedX : turnedX, mirrorsY ? height - turnedY : turnedY];
}

/**
 * A box, x, y, width, height in pixels of a picture, when the picture has been turned. To go back, turn the turned box by
 * `inverseOrientation` and the turned size.
 *
 * @param size of the picture before
 */
export function turnBox(
  [x, y, width, height]: readonly [number, number, number, number],
  orientation: Orientation,
  size: Size,
): [number, number, number, number] {
  const { transposes, mirrorsX, mirrorsY } = stepsOf(orientation);
  const turned = turnSize(size, orientation);
  const [left, top, w, h] = transposes ? [y, x, height, width] : [x, y, width, height];
  return [mirrorsX ? turned.width - left - w : left, mirrorsY ? turned.height - top - h : top, w, h];
}

/** The orientation that a picture's metadata state; what is no orientation counts as none, as in PIL. */
export function orientationOf(value: number | undefined): Orientation {
  return isOrientation(value) ? value : 1;
}

function isOrientation(value: number | undefined): value is Orientation {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= 8;
}
