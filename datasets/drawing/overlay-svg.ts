import type { Size } from '../../detection/structures/size';
import { escapeMarkup } from './markup';
import { CAP_HEIGHT, DESCENT, textPath, type TextPath } from './stroke-font';

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
}

/** Bright and far apart in hue or lightness, the first eight above all. */
const PALETTE = [
  '#ff3b5c',
  '#00c2ff',
  '#ffd400',
  '#00d084',
  '#b15cff',
  '#ff8a00',
  '#3f6bff',
  '#ff5fd2',
  '#a4e400',
  '#00a39b',
  '#c98850',
  '#ffffff',
  '#9c1f3f',
  '#8fb8ff',
  '#5a7d00',
  '#c8b6ff',
];

/** A color for each label 1..K; it repeats after 16. */
export function categoryColor(label: number): string {
  return PALETTE[(label - 1) % PALETTE.length];
}

/** Share of the image's shorter side, and the fewest pixels at which letters are still letters. */
const CAP_HEIGHT_SHARE = 0.024;
const MIN_CAP_HEIGHT = 7;
const LINE_WIDTH_SHARE = 0.006;
const MIN_LINE_WIDTH = 1.5;
/** The most of a box's shorter side, that of the box in the middle by size: many small objects stay in sight. */
const MAX_CAP_HEIGHT_OF_BOX = 0.3;
const MAX_LINE_WIDTH_OF_BOX = 0.06;
/** Free space around the text, in units of the font. */
const PADDING = 2;
const LABEL_HEIGHT = CAP_HEIGHT + DESCENT / 2 + 2 * PADDING;

/**
 * Boxes with their labels as a self-contained SVG of the image's size: lay it over the image. Later boxes lie on
 * top of earlier ones. A label stands above its box, or in its top corner where the image ends.
 */
export function overlaySvg({ width, height }: Size, boxes: readonly LabeledBox[]): string {
  const side = Math.min(width, height);
  const boxSide = medianSide(boxes);
  const capHeight = Math.min(CAP_HEIGHT_SHARE * side, MAX_CAP_HEIGHT_OF_BOX * boxSide);
  const unit = Math.max(MIN_CAP_HEIGHT, capHeight) / CAP_HEIGHT;
  const lineWidth = Math.max(
    MIN_LINE_WIDTH,
    Math.min(LINE_WIDTH_SHARE * side, MAX_LINE_WIDTH_OF_BOX * boxSide),
  );
  const captionOf = ({ box: [x1, y1], label, score, color }: LabeledBox): string => {
    if (label === '' && score === undefined) return '';
    const scoreText = formatScore(score);
    const text = fittedText(label, scoreText, width / unit - 2 * PADDING);
    const labelWidth = (text.width + 2 * PADDING) * unit;
    const labelHeight = LABEL_HEIGHT * unit;
    const left = Math.max(0, Math.min(x1 - lineWidth / 2, width - labelWidth));
    const above = y1 - labelHeight;
    const top = Math.max(0, Math.min(above >= 0 ? above : y1, height - labelHeight));
    return (
      `<rect x="${round(left)}" y="${round(top)}" width="${round(labelWidth)}" height="${round(labelHeight)}" ` +
      `rx="${round(unit)}" fill="${escapeMarkup(color)}"/>` +
      `<path transform="translate(${round(left + PADDING * unit)} ${round(top + PADDING * unit)}) scale(${round(unit)})" ` +
      `d="${text.path}" fill="none" stroke="${textColorOn(color)}" ` +
      `stroke-width="1" stroke-linecap="round" stroke-linejoin="round"/>`
    );
  };
  const groups = boxes.map((each) => {
    const [x1, y1, x2, y2] = each.box;
    const title = `${each.label} ${formatScore(each.score)}`.trim();
    return (
      `<g><title>${escapeMarkup(title)}</title>` +
      `<rect x="${round(x1)}" y="${round(y1)}" width="${round(x2 - x1)}" height="${round(y2 - y1)}" ` +
      `fill="none" stroke="${escapeMarkup(each.color)}" stroke-width="${round(lineWidth)}" stroke-linejoin="round"/>` +
      `${captionOf(each)}</g>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}">${groups.join('')}</svg>`
  );
}

/** Label and score on one line; a label that is too long for the image ends in dots, the score stays. */
function fittedText(label: string, score: string, maxWidth: number): TextPath {
  const suffix = score === '' ? '' : ` ${score}`;
  let text = textPath(label + suffix);
  const characters = [...label];
  // No glyph is wider than 6 units with its space: what cannot fit is cut off at once.
  characters.splice(Math.ceil(maxWidth));
  while (text.width > maxWidth && characters.length > 0) {
    characters.pop();
    text = textPath(`${characters.join('')}...${suffix}`);
  }
  return text;
}

/** Black or white, whichever stands out (Rec. 709 luma). */
function textColorOn(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 110 ? '#000000' : '#ffffff';
}

const formatScore = (score: number | undefined) => score?.toFixed(2) ?? '';
const round = (value: number) => Number(value.toFixed(2));

/** Of boxes, the shorter side of the one in the middle by that. */
function medianSide(boxes: readonly LabeledBox[]): number {
  const sides = boxes.map(({ box: [x1, y1, x2, y2] }) => Math.min(x2 - x1, y2 - y1)).sort((a, b) => a - b);
  return sides[sides.length >> 1] ?? Infinity;
}
