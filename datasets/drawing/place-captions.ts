import type { Size } from '../../detection/structures/size';

/** A rectangle in pixels of the image. */
export interface Rectangle extends Size {
  readonly left: number;
  readonly top: number;
}

/** A caption that looks for its place. */
export interface Caption extends Size {
  /** x1, y1, x2, y2 of the box that it belongs to. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
}

/**
 * Places for captions, one after the other: above the box, in its top corner, below it, in its bottom corner, or at its sides,
 * whichever is in the image and touches no caption placed before. Where none is, the place that covers the least of them, or
 * undefined where only free places are wanted.
 *
 * @param captions the most important first
 */
export function placeCaptions(
  captions: readonly Caption[],
  image: Size,
  wanted: { readonly isFree: boolean } = { isFree: false },
): (Rectangle | undefined)[] {
  const placed: Rectangle[] = [];
  return captions.map((caption) => {
    let best: Rectangle | undefined;
    let least = Infinity;
    for (const candidate of candidates(caption, image)) {
      const covered = placed.reduce((sum, other) => sum + commonArea(candidate, other), 0);
      if (covered >= least) continue;
      least = covered;
      best = candidate;
      if (covered === 0) break;
    }
    if (best === undefined || (wanted.isFree && least > 0)) return undefined;
    placed.push(best);
    return best;
  });
}

/** The best first. Those that reach out of the image are moved into it, after all others. */
function candidates({ box: [x1, y1, x2, y2], width, height }: Caption, image: Size): Rectangle[] {
  const [right, bottom] = [x2 - width, y2 - height];
  const wanted = [
    [x1, y1 - height],
    [x1, y1],
    [right, y1 - height],
    [x1, y2],
    [right, y2],
    [x1, bottom],
    [right, bottom],
    [x2, y1],
    [x1 - width, y1],
    [x2, bottom],
    [x1 - width, bottom],
  ].map(([left, top]): Rectangle => ({ left, top, width, height }));
  const isInside = ({ left, top }: Rectangle): boolean =>
    left >= 0 && top >= 0 && left + width <= image.width && top + height <= image.height;
  const moved = ({ left, top, ...size }: Rectangle): Rectangle => ({
    left: Math.max(0, Math.min(left, image.width - width)),
    top: Math.max(0, Math.min(top, image.height - height)),
    ...size,
  });
  return [...wanted.filter(isInside), ...wanted.filter((place) => !isInside(place)).map(moved)];
}

function commonArea(a: Rectangle, b: Rectangle): number {
  const width = Math.min(a.left + a.width, b.left + b.width) - Math.max(a.left, b.left);
  const height = Math.min(a.top + a.height, b.top + b.height) - Math.max(a.top, b.top);
  return width > 0 && height > 0 ? width * height : 0;
}
