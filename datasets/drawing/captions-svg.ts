import type { Size } from '../../detection/structures/size';
import { escapeMarkup } from './markup';
import { textColorOn } from './palette';
import { placeCaptions, type Rectangle } from './place-captions';
import { CAP_HEIGHT, DESCENT, textPath, type TextPath } from './stroke-font';

/** What is written at an object. */
export interface CaptionedBox {
  /** x1, y1, x2, y2 in pixels of the image. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
  readonly label: string;
  /** As it is shown; empty for none. */
  readonly score: string;
  /** #rrggbb */
  readonly color: string;
}

/** The fewest pixels at which letters are still letters. */
const MIN_CAP_HEIGHT = 7;
/** Of captions without ground, of which less is read. */
const CROWDED_CAP_HEIGHT = 6;
/** Share of the image that captions cover at most, if smaller letters can help. */
const MAX_COVERED = 0.15;
/** Fewer captions are never shortened, however small the image is. */
const MIN_CROWD = 8;
/** Free space around the text, in units of the font. */
const PADDING = 2;
const LABEL_HEIGHT = CAP_HEIGHT + DESCENT / 2 + 2 * PADDING;

/**
 * The captions of objects, label and score. Where they would hide the picture they get smaller; where that is not enough each is its
 * label alone, or its score where all labels are the same, and those without a free place are left out.
 *
 * @param boxes the most important last
 * @param capHeight of letters, pixels, where there is room
 */
export function captionsSvg(boxes: readonly CaptionedBox[], image: Size, capHeight: number): string {
  const captioned = boxes.filter(({ label, score }) => label !== '' || score !== '');
  const wanted = Math.max(MIN_CAP_HEIGHT, capHeight) / CAP_HEIGHT;
  const areaAt = (unit: number): number =>
    grounded(captioned, image, unit).reduce((sum, { width, height }) => sum + width * height, 0);
  const most = MAX_COVERED * image.width * image.height;
  const smallest = MIN_CAP_HEIGHT / CAP_HEIGHT;
  if (captioned.length >= MIN_CROWD && areaAt(smallest) > most) return crowdedCaptions(captioned, image);
  const unit = Math.max(smallest, wanted * Math.min(1, Math.sqrt(most / areaAt(wanted))));
  const captions = grounded(captioned, image, unit);
  // The last lies on top, and chooses first.
  const places = placeCaptions([...captions].reverse(), image).reverse();
  return captions.map(({ text, color }, k) => captionSvg(text, color, places[k]!, unit)).join('');
}

/** Captions with a ground in the color of their box. */
function grounded(boxes: readonly CaptionedBox[], { width }: Size, unit: number) {
  return boxes.map(({ box, label, score, color }) => {
    const text = fittedText(label, score, width / unit - 2 * PADDING);
    return { box, text, color, width: (text.width + 2 * PADDING) * unit, height: LABEL_HEIGHT * unit };
  });
}

function captionSvg(
  text: TextPath,
  color: string,
  { left, top, width, height }: Rectangle,
  unit: number,
): string {
  return (
    `<rect x="${round(left)}" y="${round(top)}" width="${round(width)}" height="${round(height)}" ` +
    `rx="${round(unit)}" fill="${escapeMarkup(color)}"/>` +
    textSvg(
      text,
      left + PADDING * unit,
      top + PADDING * unit,
      unit,
      `stroke="${textColorOn(color)}" stroke-width="1"`,
    )
  );
}

/** Letters with a border in place of a ground: they hide little of the picture. */
function crowdedCaptions(boxes: readonly CaptionedBox[], image: Size): string {
  const unit = CROWDED_CAP_HEIGHT / CAP_HEIGHT;
  const areAlike = boxes.every(({ label }) => label === boxes[0].label);
  const captions = boxes.map(({ box, label, score, color }) => {
    const shown = (areAlike && score !== '') || label === '' ? score : label;
    const text = fittedText(shown, '', image.width / unit - 2);
    return { box, text, color, width: (text.width + 2) * unit, height: (CAP_HEIGHT + 2) * unit };
  });
  const places = placeCaptions([...captions].reverse(), image, { isFree: true }).reverse();
  return captions
    .map(({ text, color }, k) => {
      const place = places[k];
      if (place === undefined) return '';
      const draw = (stroke: string): string =>
        textSvg(text, place.left + unit, place.top + unit, unit, stroke);
      const [inside, around] = [escapeMarkup(color), textColorOn(color)];
      return draw(`stroke="${around}" stroke-width="3"`) + draw(`stroke="${inside}" stroke-width="1"`);
    })
    .join('');
}

function textSvg(text: TextPath, left: number, top: number, unit: number, stroke: string): string {
  return (
    `<path transform="translate(${round(left)} ${round(top)}) scale(${round(unit)})" d="${text.path}" fill="none" ` +
    `${stroke} stroke-linecap="round" stroke-linejoin="round"/>`
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

const round = (value: number) => Number(value.toFixed(2));
