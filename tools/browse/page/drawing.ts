import { categoryColor } from '../../../datasets/drawing/palette';
import { verdictColors } from '../../html/verdict-colors';
import { skeletonSvg } from '../../../datasets/drawing/skeleton-svg';
import type { PageData, PagePicture } from '../page-data';
import { svgElement } from '../../html/elements';
import type { Entry } from './judged-picture';
import type { Match } from './query';

/** What is drawn of the objects. */
export interface Layers {
  readonly truth: boolean;
  readonly detections: boolean;
  readonly names: boolean;
  /** Masks and keypoints. */
  readonly shapes: boolean;
}

/** What a page joins keypoints by. */
export type Skeleton = NonNullable<PageData['skeleton']>;

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

/** Of a picture's shorter side: the width of the lines between keypoints. */
const LIMB_SHARE = 0.006;

/** The masks of a picture, which lie below its boxes, and its keypoints: those of the entries whose boxes are drawn. */
export function shapeElements(match: Match, layers: Layers, skeleton: Skeleton): SVGGElement[] {
  if (!layers.shapes) return [];
  const { width, height } = match.judged.picture;
  return [...match.shown].reverse().flatMap((entry) => {
    if (!isDrawn(entry, layers)) return [];
    const color = colorOf(entry);
    const group = svgElement('g', { class: entry.isDetection ? 'shape detection' : 'shape' });
    group.classList.toggle('faint', !match.meant.has(entry));
    if (entry.outline !== undefined) {
      group.append(svgElement('path', { d: entry.outline, fill: color, stroke: color, class: 'mask' }));
    }
    if (entry.keypoints) {
      const limbs = svgElement('g', { class: 'keypoints' });
      // Numbers and colors alone.
      limbs.innerHTML = skeletonSvg(
        { points: entry.keypoints, skeleton },
        color,
        Math.max(1, LIMB_SHARE * Math.min(width, height)),
      );
      group.append(limbs);
    }
    return group.childElementCount === 0 ? [] : [group];
  });
}
