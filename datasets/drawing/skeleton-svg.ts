import { limbColor } from './palette';

/** Keypoints of an object, to be drawn. */
export interface DrawnKeypoints {
  /** x, y, visibility of each, in pixels of the image. Those of visibility 0 are not drawn, those of visibility 1 hollow. */
  readonly points: ArrayLike<number>;
  /** Which are joined by a line, where both are drawn. */
  readonly skeleton: readonly (readonly [from: number, to: number])[];
}

/** How dark what lies around lines is: bright lines are seen on bright pictures, too. */
const HALO = 'stroke="#000000" stroke-opacity="0.6"';

/**
 * Keypoints as disks, and the lines between them, as SVG elements. Each line has a color of its own, each disk that of its object,
 * and all a dark border: they stand out on any picture.
 *
 * @param lineWidth pixels
 */
export function skeletonSvg({ points, skeleton }: DrawnKeypoints, color: string, lineWidth: number): string {
  const at = (keypoint: number): string =>
    `${round(points[3 * keypoint])} ${round(points[3 * keypoint + 1])}`;
  const isDrawn = (keypoint: number): boolean => points[3 * keypoint + 2] > 0;
  const limbs = skeleton
    .map(([from, to], limb) => ({ from, to, path: `M${at(from)}L${at(to)}`, color: limbColor(limb) }))
    .filter(({ from, to }) => isDrawn(from) && isDrawn(to));
  const joined = limbs.map(({ path }) => path).join('');
  const halo =
    limbs.length === 0
      ? ''
      : `<path d="${joined}" fill="none" ${HALO} stroke-width="${round(lineWidth + 2)}" stroke-linecap="round"/>`;
  const lines = limbs.map(
    ({ path, color: own }) =>
      `<path d="${path}" fill="none" stroke="${own}" stroke-width="${round(lineWidth)}" stroke-linecap="round"/>`,
  );
  const disks = Array.from({ length: points.length / 3 }, (_, keypoint) => {
    if (!isDrawn(keypoint)) return '';
    const isSeen = points[3 * keypoint + 2] >= 2;
    const [x, y] = at(keypoint).split(' ');
    return (
      `<circle cx="${x}" cy="${y}" r="${round(1.2 * lineWidth)}" fill="${isSeen ? color : '#ffffff'}" ` +
      `stroke="${isSeen ? '#000000' : color}" stroke-width="${round(Math.max(0.8, lineWidth / 3))}"/>`
    );
  });
  return [halo, ...lines, ...disks].join('');
}

const round = (value: number) => Number(value.toFixed(2));
