import { InputError } from '../../../detection/errors';
import type { Mask } from '../../../detection/structures/mask';
import type { Size } from '../../../detection/structures/size';

/** Run lengths as COCO's JSON stores them: size is [height, width]. */
export interface CompressedRle {
  /** Height and width of the image. */
  readonly size: readonly [height: number, width: number];
  /** Differences of run lengths, 5 bits a character, characters '0' to 'o'. */
  readonly counts: string;
}

/** A run-length mask in a file is malformed. */
export class RleError extends InputError {
  override readonly name = 'RleError';
}

const FIRST_CHARACTER = 48; // '0'
/** Of a character's bits, 5 are of the number. */
const UNITS_PER_CHARACTER = 2 ** 5;
const CONTINUES = 0x20;
const SIGN = 0x10;
const VALUE = 0x1f;
/** 8 characters hold 40 bits: more than any run of an image takes. */
const MAX_CHARACTERS_PER_COUNT = 8;

/**
 * A mask of pixels as run lengths.
 *
 * @param mask [height * width], row by row as images are; anything but 0 is inside.
 */
export function rleFromMask(mask: Uint8Array, size: Size): Mask {
  const { height, width } = size;
  if (mask.length !== height * width) {
    throw new RangeError(`The mask has ${mask.length} pixels; ${height} x ${width} needs ${height * width}.`);
  }
  const counts: number[] = [];
  let inside = false;
  let run = 0;
  for (let x = 0; x < width; x++) {
    for (let index = x; index < mask.length; index += width) {
      if ((mask[index] !== 0) !== inside) {
        counts.push(run);
        run = 0;
        inside = !inside;
      }
      run++;
    }
  }
  counts.push(run);
  return { size: { height, width }, counts: Uint32Array.from(counts) };
}

/** @returns [height * width] of 0 and 1, row by row. */
export function rleToMask({ size: { height, width }, counts }: Mask): Uint8Array {
  const mask = new Uint8Array(height * width);
  let position = 0; // column by column
  for (let i = 0; i < counts.length; i++) {
    const end = position + counts[i];
    if (i % 2 === 1) {
      for (; position < end; position++)
        mask[(position % height) * width + Math.floor(position / height)] = 1;
    }
    position = end;
  }
  return mask;
}

/**
 * A mask of pixels as COCO's JSON has it.
 *
 * @param mask [height * width], row by row. What COCO's JSON takes as "segmentation".
 */
export function encodeMask(mask: Uint8Array, size: Size): CompressedRle {
  return compressMask(rleFromMask(mask, size));
}

/** A mask as COCO's JSON has it. */
export function compressMask({ size, counts }: Mask): CompressedRle {
  return { size: [size.height, size.width], counts: compressCounts(counts) };
}

/** As maskApi.c's rleToString: from the fourth run on, each is stored as its difference to the one two before. */
export function compressCounts(counts: Uint32Array): string {
  let text = '';
  for (let i = 0; i < counts.length; i++) {
    let rest = i > 2 ? counts[i] - counts[i - 2] : counts[i];
    for (let more = true; more;) {
      // Numbers below 2^53, not 32-bit integers: differences of runs need 33 bits.
      const low = ((rest % UNITS_PER_CHARACTER) + UNITS_PER_CHARACTER) % UNITS_PER_CHARACTER;
      rest = (rest - low) / UNITS_PER_CHARACTER;
      more = (low & SIGN) === 0 ? rest !== 0 : rest !== -1;
      text += String.fromCharCode(FIRST_CHARACTER + (more ? low | CONTINUES : low));
    }
  }
  return text;
}

/** As maskApi.c's rleFrString. @throws RleError where it is not such a string. */
export function decompressCounts(text: string): Uint32Array {
  const counts = new Uint32Array(numCounts(text));
  let position = 0;
  for (let run = 0; position < text.length; run++) {
    const start = position;
    let count = 0;
    let unit = 1;
    for (let more = true; more; position++) {
      const code = text.charCodeAt(position) - FIRST_CHARACTER; // NaN behind the end
      if (!(code >= 0 && code < 64) || position - start >= MAX_CHARACTERS_PER_COUNT) {
        const what =
          position < text.length ? `an unexpected character at place ${position}` : 'an unfinished end';
        throw new RleError('rle-counts-text', `The counts of the run-length mask have ${what}.`, {
          position,
          text,
        });
      }
      count += (code & VALUE) * unit;
      unit *= UNITS_PER_CHARACTER;
      more = (code & CONTINUES) !== 0;
      if (!more && (code & SIGN) !== 0) count -= unit;
    }
    if (run > 2) count += counts[run - 2];
    if (count < 0 || count >= 2 ** 32) throw countError(run);
    counts[run] = count;
  }
  return counts;
}

/** How many counts a text has: each ends with a character that does not go on. */
function numCounts(text: string): number {
  let number = 0;
  for (let position = 0; position < text.length; position++) {
    if (((text.charCodeAt(position) - FIRST_CHARACTER) & CONTINUES) === 0) number++;
  }
  return number;
}

/** @throws RleError unless size is two positive whole numbers and counts are runs that fill it. */
export function parseRle(segmentation: { size?: unknown; counts?: unknown }): Mask {
  const { size, counts } = segmentation;
  if (
    !Array.isArray(size) ||
    size.length !== 2 ||
    !size.every((side) => Number.isInteger(side) && side > 0)
  ) {
    throw new RleError('rle-size', 'The size of the run-length mask is not [height, width].', { size });
  }
  const [height, width] = size as [number, number];
  let runs: Uint32Array;
  if (typeof counts === 'string') runs = decompressCounts(counts);
  else if (Array.isArray(counts)) runs = checkedCounts(counts);
  else
    throw new RleError(
      'rle-counts-type',
      'The counts of the run-length mask are neither a string nor a list of numbers.',
    );

  let total = 0;
  for (let i = 0; i < runs.length; i++) total += runs[i];
  if (total !== height * width) {
    throw new RleError(
      'rle-counts-sum',
      `The runs of the mask add up to ${total} pixels; ${height} x ${width} has ${height * width}.`,
      { total, height, width },
    );
  }
  return { size: { height, width }, counts: runs };
}

function checkedCounts(counts: readonly unknown[]): Uint32Array {
  const wrong = counts.findIndex(
    (count) => !(Number.isInteger(count) && Number(count) >= 0 && Number(count) < 2 ** 32),
  );
  if (wrong >= 0) throw countError(wrong);
  return Uint32Array.from(counts as readonly number[]);
}

function countError(run: number): RleError {
  return new RleError('rle-count', `Run ${run} of the run-length mask is not a whole number from 0 up.`, {
    run,
  });
}

/** Number of pixels inside. */
export function rleArea({ counts }: Mask): number {
  let area = 0;
  for (let i = 1; i < counts.length; i += 2) area += counts[i];
  return area;
}

/** Smallest box around the mask: [x, y, width, height]; all 0 where the mask has one run only. */
export function rleToBox({ size: { height, width }, counts }: Mask): [number, number, number, number] {
  if (counts.length < 2) return [0, 0, 0, 0];
  let [left, top, right, bottom] = [width, height, 0, 0];
  let end = 0;
  for (let i = 0; i < counts.length; i++) {
    const start = end;
    end += counts[i];
    if (i % 2 === 0 || counts[i] === 0) continue;
    const firstColumn = Math.floor(start / height);
    const lastColumn = Math.floor((end - 1) / height);
    left = Math.min(left, firstColumn);
    right = Math.max(right, lastColumn);
    const oneColumn = firstColumn === lastColumn;
    top = Math.min(top, oneColumn ? start % height : 0);
    bottom = Math.max(bottom, oneColumn ? (end - 1) % height : height - 1);
  }
  return left > right ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}

/**
 * Intersection over union; over the area of the detection where the truth is a crowd.
 * -1 where the sizes of the two masks differ, as maskApi.c's rleIou.
 */
export function rleIou(detection: Mask, truth: Mask, truthIsCrowd: boolean): number {
  if (detection.size.height !== truth.size.height || detection.size.width !== truth.size.width) return -1;
  const intersection = intersectionOf(detection.counts, truth.counts);
  if (intersection === 0) return 0;
  const area = rleArea(detection);
  return intersection / (truthIsCrowd ? area : area + rleArea(truth) - intersection);
}

/** Number of pixels inside both of two masks of one size: runs of ones are compared in their order. */
function intersectionOf(first: Uint32Array, second: Uint32Array): number {
  if (first.length < 2 || second.length < 2) return 0;
  let intersection = 0;
  let [i, j] = [1, 1];
  let [startOfFirst, startOfSecond] = [first[0], second[0]];
  for (;;) {
    const endOfFirst = startOfFirst + first[i];
    const endOfSecond = startOfSecond + second[j];
    const shared = Math.min(endOfFirst, endOfSecond) - Math.max(startOfFirst, startOfSecond);
    if (shared > 0) intersection += shared;
    if (endOfFirst < endOfSecond) {
      if (i + 2 >= first.length) return intersection;
      startOfFirst = endOfFirst + first[i + 1];
      i += 2;
    } else {
      if (j + 2 >= second.length) return intersection;
      startOfSecond = endOfSecond + second[j + 1];
      j += 2;
    }
  }
}

/** Union of masks of one size. */
export function mergeRles(rles: readonly Mask[]): Mask {
  return rles.reduce((merged, rle) => combined(merged, rle, (inFirst, inSecond) => inFirst || inSecond));
}

/** What of a mask is not in another one of its size. */
export function subtractRle(rle: Mask, hidden: Mask): Mask {
  return combined(rle, hidden, (inFirst, inSecond) => inFirst && !inSecond);
}

/** The pixels of two masks of one size for which a rule holds. */
function combined(first: Mask, second: Mask, rule: (inFirst: boolean, inSecond: boolean) => boolean): Mask {
  const counts: number[] = [];
  let inside = false;
  let run = 0;
  walkRuns(first.counts, second.counts, (length, inFirst, inSecond) => {
    if (rule(inFirst, inSecond) !== inside) {
      counts.push(run);
      run = 0;
      inside = !inside;
    }
    run += length;
  });
  counts.push(run);
  return { size: first.size, counts: Uint32Array.from(counts) };
}

/** Visits the stretches over which neither of two masks of one size changes. */
function walkRuns(
  first: Uint32Array,
  second: Uint32Array,
  visit: (length: number, inFirst: boolean, inSecond: boolean) => void,
): void {
  let [i, j] = [0, 0];
  let [leftOfFirst, leftOfSecond] = [first[0], second[0]];
  while (i < first.length && j < second.length) {
    const length = Math.min(leftOfFirst, leftOfSecond);
    if (length > 0) visit(length, i % 2 === 1, j % 2 === 1);
    leftOfFirst -= length;
    leftOfSecond -= length;
    if (leftOfFirst === 0) leftOfFirst = first[++i];
    if (leftOfSecond === 0) leftOfSecond = second[++j];
  }
}
