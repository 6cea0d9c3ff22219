import { categoryColor } from '../../../datasets/drawing/palette';
import { verdictColors } from '../../html/verdict-colors';
import type { PagePicture } from '../page-data';
import { svgElement } from './elements';
import type { Entry } from './judged-picture';
import type { Match } from './query';

/** Which boxes are drawn, and whether with their names. */
export interface Layers {
  readonly truth: boolean;
  readonly detections: boolean;
  readonly names: boolean;
}

/** Where pictures come from: each in two sizes, which may be the same. Undefined where there is none. */
export interface PictureSource {
  thumbnail(index: number): string | undefined;
  whole(index: number): string | undefined;
}

/** The color of its verdict; of its category where nothing was judged. */
export function colorOf({ verdict, category }: Entry): string {
  return verdict === undefined ? categoryColor(category + 1) : verdictColors[verdict];
}

/** What the boxes and the picture take together: a picture may be larger or smaller than its annotations say. */
export function extentOf({ width, height, stored }: PagePicture): { width: number; height: number } {
  return { width: Math.max(width, stored?.width ?? 0), height: Math.max(height, stored?.height ?? 0) };
}

/** The picture of an SVG whose units are pixels of the picture. */
export function pictureElement({ width, height, stored }: PagePicture, url: string): SVGImageElement {
  const size = stored ?? { width, height };
  return svgElement('image', { ...size, href: url, preserveAspectRatio: 'none' });
}

/** Whether a box of an entry is to be drawn. */
export function isDrawn({ isDetection, box }: Entry, { truth, detections }: Layers): boolean {
  return box !== undefined && (isDetection ? detections : truth);
}

/**
 * The boxes of a picture: truth with solid lines, detections with dashed ones; those that were not asked for are faint. Lines
 * keep their width whatever the scale.
 */
export function boxElements({ shown, meant }: Match, layers: Layers): Map<Entry, SVGRectElement> {
  const boxes = new Map<Entry, SVGRectElement>();
  // The best are drawn last, on top.
  for (const entry of [...shown].reverse()) {
    if (!isDrawn(entry, layers) || entry.box === undefined) continue;
    const [x, y, width, height] = entry.box;
    const box = svgElement('rect', {
      x,
      y,
      width: Math.max(width, 0),
      height: Math.max(height, 0),
      class: entry.isDetection ? 'detection' : 'truth',
      stroke: colorOf(entry),
    });
    box.classList.toggle('faint', !meant.has(entry));
    box.classList.toggle('crowd', entry.isCrowd);
    boxes.set(entry, box);
  }
  return boxes;
}
