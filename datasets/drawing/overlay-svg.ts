import type { Mask } from '../../detection/structures/mask';
import type { Size } from '../../detection/structures/size';
import { captionsSvg } from './captions-svg';
import { escapeMarkup } from './markup';
import { maskPath } from './mask-path';
import { skeletonSvg, type DrawnKeypoints } from './skeleton-svg';

/** A box to draw. */
export interface LabeledBox {
  /** x1, y1, x2, y2 in pixels of the image. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
  /** Any text at all: it is drawn as strokes, and escaped where it stands as text. Empty without a score: no caption. */
  readonly label: string;
  /** 0..1, shown behind the label. */
  readonly score?: number;
  /** As `categoryColor` gives it: #rrggbb. */
  readonly color: string;
  /** Of the picture, in any size of it. */
  readonly mask?: Mask;
  /** Its keypoints, and the lines between them. */
  readonly keypoints?: DrawnKeypoints;
}

/** Shares of the image's shorter side. */
const CAP_HEIGHT_SHARE = 0.024;
const LINE_WIDTH_SHARE = 0.006;
const MIN_LINE_WIDTH = 1.5;
/** The most of a box's shorter side, that of the box in the middle by size: many small objects stay in sight. */
const MAX_CAP_HEIGHT_OF_BOX = 0.3;
const MAX_LINE_WIDTH_OF_BOX = 0.06;
/** How much of a mask's color covers the picture, and the share of a line that its outline, and the box around it, have. */
const MASK_OPACITY = 0.35;
const OUTLINE_WIDTH_SHARE = 0.6;
const BOX_AROUND_MASK_SHARE = 0.4;

/**
 * Objects with their labels as a self-contained SVG of the image's size: lay it over the image. Masks are translucent, with an
 * outline. Later objects lie on top of earlier ones, and all labels on top of all objects. A label stands above its box, or at
 * another place at it that is not taken by the label of a later one; in a crowd labels are short, and some are left out.
 */
export function overlaySvg(size: Size, boxes: readonly LabeledBox[]): string {
  const { width, height } = size;
  const side = Math.min(width, height);
  const boxSide = medianSide(boxes);
  const capHeight = Math.min(CAP_HEIGHT_SHARE * side, MAX_CAP_HEIGHT_OF_BOX * boxSide);
  const lineWidth = Math.max(
    MIN_LINE_WIDTH,
    Math.min(LINE_WIDTH_SHARE * side, MAX_LINE_WIDTH_OF_BOX * boxSide),
  );
  const objects = boxes.map((each) => objectSvg(each, size, lineWidth));
  const captioned = boxes.map(({ box: [x1, y1, x2, y2], label, score, color }) => ({
    box: [x1 - lineWidth / 2, y1, x2 + lineWidth / 2, y2] as const,
    label,
    score: formatScore(score),
    color,
  }));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">${objects.join('')}${captionsSvg(captioned, size, capHeight)}</svg>`
  );
}

/** A mask below its box, and keypoints on top. */
function objectSvg(each: LabeledBox, size: Size, lineWidth: number): string {
  const [x1, y1, x2, y2] = each.box;
  const color = escapeMarkup(each.color);
  const title = `${each.label} ${formatScore(each.score)}`.trim();
  const boxWidth = each.mask ? Math.max(1, BOX_AROUND_MASK_SHARE * lineWidth) : lineWidth;
  return (
    `<g><title>${escapeMarkup(title)}</title>` +
    (each.mask ? maskSvg(maskPath(each.mask, size), color, OUTLINE_WIDTH_SHARE * lineWidth) : '') +
    `<rect x="${round(x1)}" y="${round(y1)}" width="${round(x2 - x1)}" height="${round(y2 - y1)}" ` +
    `fill="none" stroke="${color}" stroke-width="${round(boxWidth)}" stroke-linejoin="round"/>` +
    `${each.keypoints ? skeletonSvg(each.keypoints, color, lineWidth) : ''}</g>`
  );
}

/** A dark border lies around the outline: it is seen where the picture has the color. */
function maskSvg(path: string, color: string, lineWidth: number): string {
  if (path === '') return '';
  return (
    `<path d="${path}" fill="none" stroke="#000000" stroke-opacity="0.5" stroke-width="${round(lineWidth + 1)}"/>` +
    `<path d="${path}" fill="${color}" fill-opacity="${MASK_OPACITY}" fill-rule="evenodd" ` +
    `stroke="${color}" stroke-width="${round(lineWidth)}" stroke-linejoin="round"/>`
  );
}

const formatScore = (score: number | undefined) => score?.toFixed(2) ?? '';
const round = (value: number) => Number(value.toFixed(2));

/** Of boxes, the shorter side of the one in the middle by that. */
function medianSide(boxes: readonly LabeledBox[]): number {
  const sides = boxes.map(({ box: [x1, y1, x2, y2] }) => Math.min(x2 - x1, y2 - y1)).sort((a, b) => a - b);
  return sides[sides.length >> 1] ?? Infinity;
}
