import type { InferenceOptions } from '../../datasets/inference/options';
import type { PictureDetector } from '../../datasets/inference/picture-detector';
import { resizedSize } from '../../detection/structures/resize';
import { logLine } from '../terminal/progress';

/** Tells the user where a detector reduces the tiles, which are meant to keep the size of what is in them. */
export function tellOfReducedTiles({ input }: PictureDetector, { tiles }: InferenceOptions): void {
  if (tiles === undefined) return;
  const { size } = tiles;
  const { width, height } = resizedSize({ width: size, height: size }, input.resize);
  const shown = Math.min(width, height);
  if (shown >= size) return;
  logLine(
    `tiles of ${size} pixels are reduced to ${shown}, the size at which the detector takes pictures: ` +
      `--tile ${shown} shows objects at their own size`,
  );
}
