import type { DecodedImage } from '../../images/decode';
import type { Color } from '../picture-window';
import { roundHalfToEven, type Turn } from './turn';

/**
 * The pixels of a turned picture, each between four of the old ones: torchvision's rotate of a tensor with bilinear
 * interpolation. What comes from outside has another color.
 */
export function turnPicture({ pixels, size }: DecodedImage, turn: Turn, color: Color): DecodedImage {
  const { height, width } = size;
  const turned = new Uint8Array(pixels.length);
  for (let row = 0, to = 0; row < height; row++) {
    for (let column = 0; column < width; column++, to += 3) {
      const [x, y] = turn.from(column, row);
      const left = Math.floor(x);
      const top = Math.floor(y);
      // Weights of the columns and rows, 0 where they are outside.
      const ofLeft = left >= 0 && left < width ? 1 - (x - left) : 0;
      const ofRight = left >= -1 && left < width - 1 ? x - left : 0;
      const ofTop = top >= 0 && top < height ? 1 - (y - top) : 0;
      const ofBottom = top >= -1 && top < height - 1 ? y - top : 0;
      const share = (ofLeft + ofRight) * (ofTop + ofBottom);
      if (share === 0) {
        turned.set(color, to);
        continue;
      }
      // Of columns and rows outside, which weigh nothing, those at the edge are read.
      const upper = 3 * width * Math.max(top, 0);
      const lower = 3 * width * Math.min(top + 1, height - 1);
      const first = 3 * Math.max(left, 0);
      const second = 3 * Math.min(left + 1, width - 1);
      for (let c = 0; c < 3; c++) {
        const sum =
          ofTop * (ofLeft * pixels[upper + first + c] + ofRight * pixels[upper + second + c]) +
          ofBottom * (ofLeft * pixels[lower + first + c] + ofRight * pixels[lower + second + c]);
        // As _apply_grid_transform, at the picture's edge too, where the sum is a share of the picture already.
        turned[to + c] = roundHalfToEven(share * (sum - color[c]) + color[c]);
      }
    }
  }
  return { pixels: turned, size };
}
