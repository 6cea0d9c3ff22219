import { roundingError, shortestDecimal } from '../decimals';

/** What YOLO's tools write: the sixth decimal is rounded. */
const DECIMALS = 6;
/** More digits than a double distinguishes between 0 and 1 are not written. */
const MAX_DECIMALS = 16;
/** A little more than half: a tie may have been rounded either way, and computing with it has rounding errors. */
const HALF = 0.5001;
const NUMBER = /^[+-]?(?:\d+\.?(\d*)|\.(\d+))(?:e([+-]?\d+))?$/i;

/** A number of a label file, as a share of a picture's side. */
export interface Share {
  readonly value: number;
  /** Half a unit of its last digit; of the sixth at least, since tools drop zeros at the end. */
  readonly slack: number;
}

/** Reads a number of a label file; undefined where it is none. */
export function parseShare(text: string): Share | undefined {
  const match = NUMBER.exec(text);
  if (!match) return undefined;
  const decimals = (match[1] ?? match[2] ?? '').length - Number(match[3] ?? 0);
  return { value: Number(text), slack: HALF * 10 ** -Math.max(DECIMALS, decimals) };
}

/**
 * A share in pixels: of the numbers that are written as this share the one with the fewest decimals. Whole pixels that were
 * rounded to six decimals come back whole.
 */
export function pixelOf({ value, slack }: Share, side: number): number {
  return shortestDecimal(value * side, Math.max(slack * side, roundingError(side)));
}

/** Start and length, pixels, of what has its center and length as shares of a side. */
export function pixelSpan(center: Share, length: Share, side: number): [start: number, length: number] {
  const pixels = pixelOf(length, side);
  const tolerance = Math.max(center.slack * side, roundingError(side));
  return [shortestDecimal(center.value * side - pixels / 2, tolerance), pixels];
}

/** A share of a side as text: six decimals, or as many as give the pixel back. */
export function shareText(pixel: number, side: number): string {
  return fewestDigits(
    (decimals) => [(pixel / side).toFixed(decimals)],
    ([text]) => pixelOf(parseShare(text)!, side) === pixel,
  )[0];
}

/** Center and length as shares of a side: six decimals, or as many as give start and length back. */
export function spanTexts(start: number, length: number, side: number): [center: string, length: string] {
  const [center, share] = fewestDigits(
    (decimals) => [((start + length / 2) / side).toFixed(decimals), (length / side).toFixed(decimals)],
    (texts) => {
      const [from, pixels] = pixelSpan(parseShare(texts[0])!, parseShare(texts[1])!, side);
      return from === start && pixels === length;
    },
  );
  return [center, share];
}

function fewestDigits(
  write: (decimals: number) => string[],
  isExact: (texts: string[]) => boolean,
): string[] {
  for (let decimals = DECIMALS; decimals < MAX_DECIMALS; decimals++) {
    const texts = write(decimals);
    if (isExact(texts)) return texts;
  }
  return write(MAX_DECIMALS);
}
