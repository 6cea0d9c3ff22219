import type { Size } from '../../detection/structures/size';

/**
 * The size at which a picture's longer side has so many pixels. Small pictures are enlarged to it, so that the labels of
 * their boxes do not hide them.
 */
export function sizeOfSide({ width, height }: Size, side: number): Size {
  const scale = side / Math.max(width, height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
