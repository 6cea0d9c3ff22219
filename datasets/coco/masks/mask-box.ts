import type { Size } from '../../../detection/structures/size';

/** A box as COCO has it: x, y, width, height. */
type Box = readonly [number, number, number, number];

/**
 * The smallest box around the corners of polygons.
 *
 * @param clip to this size, as a mask has nothing outside of its image. Default: not at all.
 * @returns [x, y, width, height]
 */
export function boxOfPolygons(polygons: readonly (readonly number[])[], clip?: Size): Box {
  const corners = [Infinity, Infinity, -Infinity, -Infinity];
  for (const polygon of polygons) {
    polygon.forEach((coordinate, i) => {
      const axis = i % 2;
      corners[axis] = Math.min(corners[axis], coordinate);
      corners[axis + 2] = Math.max(corners[axis + 2], coordinate);
    });
  }
  if (clip) {
    corners.forEach((coordinate, k) => {
      corners[k] = Math.min(Math.max(coordinate, 0), k % 2 === 0 ? clip.width : clip.height);
    });
  }
  return [corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]];
}

/** Intersection over union of two boxes [x, y, width, height]; 0 where neither has an area. */
export function boxOverlap([x, y, width, height]: Box, [x2, y2, width2, height2]: Box): number {
  const across = Math.min(x + width, x2 + width2) - Math.max(x, x2);
  const down = Math.min(y + height, y2 + height2) - Math.max(y, y2);
  const intersection = Math.max(across, 0) * Math.max(down, 0);
  return intersection === 0 ? 0 : intersection / (width * height + width2 * height2 - intersection);
}
