import type { Size, Window } from '../../detection/structures/size';
import type { TileOptions } from './options';

/**
 * The tiles that cover a picture, row by row. All have the same size: that of a tile, or the picture's own along an axis where
 * the picture is smaller. Neighbors have `overlap` of a tile in common or a little more, as tiles are evenly spread from
 * border to border. An object that is no larger than the common part lies wholly in a tile.
 */
export function tileGrid({ width, height }: Size, { size, overlap }: TileOptions): Window[] {
  const stride = Math.max(1, size - Math.ceil(size * overlap));
  const lefts = starts(width, size, stride);
  return starts(height, size, stride).flatMap((top) =>
    lefts.map((left) => ({ top, left, width: Math.min(size, width), height: Math.min(size, height) })),
  );
}

/** Where tiles begin along one axis. */
function starts(length: number, size: number, stride: number): number[] {
  const room = Math.max(0, length - size);
  const gaps = Math.ceil(room / stride);
  return Array.from({ length: gaps + 1 }, (_, i) => (gaps === 0 ? 0 : Math.round((i * room) / gaps)));
}
