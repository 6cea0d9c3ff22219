import type { Size } from '../../../detection/structures/size';
import { damaged } from './plain-format';

/** What follows a 0: the end of a row or of the picture, a step ahead, or so many pixels one by one. */
const END_OF_ROW = 0;
const END_OF_PICTURE = 1;
const STEP = 2;

/**
 * Run lengths of a bitmap: places in its palette, [height, width], in the order of the file. Pixels that the runs leave out are 0.
 *
 * @param bits 8, or 4: then the pixels of a run take turns between two halves of a byte
 * @throws ImageError if they end before the picture
 */
export function decodeRuns(runs: Buffer, { width, height }: Size, bits: number, file: string): Uint8Array {
  const indices = new Uint8Array(width * height);
  let [x, line, at] = [0, 0, 0];
  const next = (): number => {
    if (at >= runs.length) throw damaged(file, 'its end is missing');
    return runs[at++];
  };
  const put = (index: number): void => {
    if (x < width && line < height) indices[line * width + x] = index;
    x++;
  };
  const half = (byte: number, i: number): number => (i % 2 === 0 ? byte >> 4 : byte & 15);
  while (line < height && !(line === height - 1 && x >= width)) {
    const length = next();
    const value = next();
    if (length > 0) {
      for (let i = 0; i < length; i++) put(bits === 8 ? value : half(value, i));
    } else if (value === END_OF_ROW) {
      x = 0;
      line++;
    } else if (value === END_OF_PICTURE) {
      return indices;
    } else if (value === STEP) {
      x += next();
      line += next();
    } else {
      const bytes = Math.ceil((value * bits) / 8);
      const pixels = Array.from({ length: bytes }, next);
      for (let i = 0; i < value; i++) put(bits === 8 ? pixels[i] : half(pixels[i >> 1], i));
      // Padded to an even number of bytes.
      if (bytes % 2 === 1) at++;
    }
  }
  return indices;
}
