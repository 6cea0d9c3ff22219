import type { Frame } from '../images/picture-header';
import type { CocoImage } from './annotations';

/** Images whose pictures have an EXIF orientation, by what their annotations refer to; 'either' where their size leaves it open. */
export type ByFrame = Readonly<Record<Frame | 'either', readonly CocoImage[]>>;

/** Image ids that a note lists. */
const LISTED_IDS = 5;

/**
 * What the user should know of pictures with an EXIF orientation: none to some lines.
 *
 * @param ofOthers what the images whose sizes leave it open were taken for
 */
export function orientationNotes({ stored, shown, either }: ByFrame, ofOthers: Frame): string[] {
  const number = stored.length + shown.length + either.length;
  if (number === 0) return [];
  return [
    `Pictures turned as their EXIF orientation says: ${number}${turnedBoxes(stored)}.`,
    ...(either.length === 0 ? [] : [openNote({ stored, shown, either }, ofOthers)]),
  ];
}

function turnedBoxes(stored: readonly CocoImage[]): string {
  if (stored.length === 0) return '';
  return `; annotated as stored, by their sizes: ${stored.length} (${listIds(stored)}), with boxes that are turned too`;
}

function openNote({ stored, shown, either }: ByFrame, ofOthers: Frame): string {
  const what = `Of the same size as stored and as shown: ${either.length} (${listIds(either)})`;
  const taken = `boxes are taken to be of pictures as ${ofOthers}`;
  if (stored.length + shown.length === 0)
    return `${what}. No other picture tells how the set was annotated: ${taken}.`;
  if (stored.length === 0 || shown.length === 0) return `${what}. There, as in the others, ${taken}.`;
  return `${what}. The others disagree (as stored ${stored.length}, as shown ${shown.length}): ${taken}.`;
}

function listIds(images: readonly CocoImage[]): string {
  const ids = images.slice(0, LISTED_IDS).map(({ id }) => id);
  return `image ${images.length === 1 ? 'id' : 'ids'} ${ids.join(', ')}${images.length > LISTED_IDS ? ', ...' : ''}`;
}
