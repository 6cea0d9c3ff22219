import type { RgbImage } from '../../detection/structures/resize';

/** Cells of a row or a column of which neighbors are compared. */
const CELLS = 8;
/** Bits in a hexadecimal digit of a hash. */
const DIGIT_BITS = 4;
/** Digits of a word of 32 bits. */
const WORD_DIGITS = 8;

/**
 * 128 bits that pictures of the same thing share, however they are scaled and compressed: dHash by row and by column (Neal
 * Krawetz 2013, Kind of Like That; Ben Hoyt's dhash). The picture becomes 9 x 9 cells of mean brightness; a bit says whether a cell
 * is darker than its right neighbor, and 64 more whether it is darker than the one below.
 *
 * @returns 32 hexadecimal digits
 */
export function differenceHash(image: RgbImage): string {
  const cells = meanBrightness(image, CELLS + 1);
  const at = (row: number, column: number): number => cells[row * (CELLS + 1) + column];
  const bits: boolean[] = [];
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) bits.push(at(row, column) < at(row, column + 1));
  }
  for (let row = 0; row < CELLS; row++) {
    for (let column = 0; column < CELLS; column++) bits.push(at(row, column) < at(row + 1, column));
  }
  let digits = '';
  for (let i = 0; i < bits.length; i += DIGIT_BITS) {
    const digit = bits.slice(i, i + DIGIT_BITS).reduce((value, bit) => 2 * value + Number(bit), 0);
    digits += digit.toString(16);
  }
  return digits;
}

/**
 * Mean brightness of side x side equal cells, rounded to a whole number: what noise and compression change is less. A pixel on
 * the border of two cells counts for the one that has its middle; of pictures smaller than the grid, cells share pixels.
 */
function meanBrightness({ pixels, size: { height, width } }: RgbImage, side: number): Int32Array {
  const means = new Int32Array(side * side);
  for (let row = 0; row < side; row++) {
    const [top, bottom] = range(row, side, height);
    for (let column = 0; column < side; column++) {
      const [left, right] = range(column, side, width);
      let sum = 0;
      for (let y = top; y < bottom; y++) {
        for (let x = left, i = 3 * (y * width + left); x < right; x++, i += 3) {
          // ITU-R 601-2, as PIL's convert('L').
          sum += 299 * pixels[i] + 587 * pixels[i + 1] + 114 * pixels[i + 2];
        }
      }
      means[row * side + column] = Math.round(sum / (1000 * (bottom - top) * (right - left)));
    }
  }
  return means;
}

function range(cell: number, side: number, length: number): readonly [first: number, end: number] {
  const first = Math.min(Math.round((cell * length) / side), length - 1);
  return [first, Math.max(first + 1, Math.round(((cell + 1) * length) / side))];
}

/** In how many bits two hashes differ, 0 to 128. */
export function hashDistance(a: string, b: string): number {
  const [wordsOfA, wordsOfB] = [hashWords(a), hashWords(b)];
  return wordsOfA.reduce((distance, word, i) => distance + countBits(word ^ wordsOfB[i]), 0);
}

/** A hash as 32-bit words, signed. */
export function hashWords(hash: string): number[] {
  const words = [];
  for (let i = 0; i < hash.length; i += WORD_DIGITS)
    words.push(parseInt(hash.slice(i, i + WORD_DIGITS), 16) | 0);
  return words;
}

/** How many of 32 bits are set: sums in fields of 2, 4, 8 and 32 bits (Warren 2012, Hacker's Delight, 5-1). */
export function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const fours = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((fours + (fours >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
