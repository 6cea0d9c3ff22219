import { batchedNms } from '../../detection/ops/nms';
import { boxIou } from '../../detection/ops/iou';
import { boxAreas, type Boxes } from '../../detection/structures/boxes';
import type { Detections } from '../../detection/structures/instances';
import type { Size, Window } from '../../detection/structures/size';
import { selectInstances } from '../../detection/structures/transform-instances';
import { concatDetections } from './concat-detections';
import { joinObjects } from './join-objects';

/** What was found in a tile. */
export interface TileDetections {
  /** The tile, pixels of the picture. */
  readonly window: Window;
  /** In pixels of the picture. */
  readonly detections: Detections;
}

/**
 * A box that ends so near to an inner border of its tile may be cut off there, as a share of the tile's side: what boxes of
 * objects that are cut off usually miss of the border.
 */
const MARGIN_SHARE = 0.01;
/** The same in pixels, for small tiles. */
const MIN_MARGIN = 2;
/** A part is of an object that was found as a whole if so much of the part lies in it. */
const SHARE_IN_WHOLE = 0.5;

/** How near to a tile's inner border a box may be cut off, pixels. */
export function borderMargin({ width, height }: Size): number {
  return Math.max(MIN_MARGIN, MARGIN_SHARE * Math.max(width, height));
}

/**
 * The objects of a picture, by what was found in the whole of it and in its tiles; best first, in pixels of the picture.
 *
 * A box that ends at an inner border of its tile may be part of an object that the border cuts.
 *
 * 1. If another tile has the part clear of its own inner borders, that tile sees more of the object, and knows better: the part
 *    is dropped. So of an object smaller than the overlap of tiles, less two margins, no part is left, and it is found as a
 *    whole in at least one tile.
 * 2. Of what was found as a whole, in a tile or in the picture, the best of those that overlap stays, label by label.
 * 3. A part that lies, by half, in an object of its label that was found as a whole is dropped.
 * 4. The parts that are left are of objects that no tile has as a whole, and that are missed in the picture. Two parts of a
 *    label are of one object if their boxes agree in what both tiles see; such parts become one object (`joinObjects`).
 *
 * @param nmsThreshold overlap above which two boxes are one object, the detector's own
 */
export function mergeTiles(
  overview: Detections,
  tiles: readonly TileDetections[],
  picture: Size,
  nmsThreshold: number,
): Detections {
  const windows = tiles.map(({ window }) => window);
  const wholes = [overview];
  const parts: TileDetections[] = [];
  for (const { window, detections } of tiles) {
    const isClear = (k: number, of: Window): boolean => isClearOfBorders(detections.boxes, k, of, picture);
    const indices = Int32Array.from(detections.labels.keys());
    wholes.push(
      selectInstances(
        detections,
        indices.filter((k) => isClear(k, window)),
      ),
    );
    const cut = indices.filter((k) => !windows.some((other) => isClear(k, other)));
    parts.push({ window, detections: selectInstances(detections, cut) });
  }
  const whole = suppress(concatDetections(wholes), nmsThreshold);
  const left = parts.map(({ window, detections }) => ({ window, detections: outside(detections, whole) }));
  return suppress(concatDetections([whole, joinParts(left, nmsThreshold)]), nmsThreshold);
}

function suppress(detections: Detections, nmsThreshold: number): Detections {
  const { boxes, scores, labels } = detections;
  return selectInstances(detections, batchedNms(boxes, scores, labels, nmsThreshold));
}

/** Whether a box lies in a window, and not at a border of it that is not the picture's. */
function isClearOfBorders(boxes: Boxes, k: number, window: Window, picture: Size): boolean {
  const { left, top } = window;
  const [right, bottom] = [left + window.width, top + window.height];
  const margin = borderMargin(window);
  const [x1, y1, x2, y2] = boxes.subarray(4 * k, 4 * k + 4);
  return (
    (left === 0 || x1 >= left + margin) &&
    (top === 0 || y1 >= top + margin) &&
    (right === picture.width || x2 <= right - margin) &&
    (bottom === picture.height || y2 <= bottom - margin)
  );
}

/** Parts of which less than half lies in a whole object of their label. */
function outside(parts: Detections, whole: Detections): Detections {
  const areas = boxAreas(parts.boxes);
  const kept = Int32Array.from(parts.labels.keys()).filter(
    (k) =>
      !whole.labels.some(
        (label, w) =>
          label === parts.labels[k] &&
          intersection(parts.boxes, k, whole.boxes, w) >= SHARE_IN_WHOLE * areas[k],
      ),
  );
  return selectInstances(parts, kept);
}

function intersection(a: Boxes, i: number, b: Boxes, j: number): number {
  const [p, q] = [4 * i, 4 * j];
  const width = Math.min(a[p + 2], b[q + 2]) - Math.max(a[p], b[q]);
  const height = Math.min(a[p + 3], b[q + 3]) - Math.max(a[p + 1], b[q + 1]);
  return Math.max(0, width) * Math.max(0, height);
}

/** One object for all of its parts. */
function joinParts(tiles: readonly TileDetections[], nmsThreshold: number): Detections {
  const all = concatDetections(tiles.map(({ detections }) => detections));
  const { boxes, labels } = all;
  const windows = tiles.flatMap(({ window, detections }) => Array.from(detections.labels, () => window));
  // Of each part the first one of its object, or one before it that knows.
  const firsts = Int32Array.from(labels.keys());
  const firstOf = (k: number): number => {
    while (firsts[k] !== k) k = firsts[k];
    return k;
  };
  for (let k = 0; k < labels.length; k++) {
    for (let other = 0; other < k; other++) {
      if (labels[k] !== labels[other] || windows[k] === windows[other]) continue;
      if (agreement(boxes, k, other, windows) > nmsThreshold) firsts[firstOf(k)] = firstOf(other);
    }
  }
  return joinObjects(
    all,
    Int32Array.from(firsts, (_, k) => firstOf(k)),
  );
}

/** Overlap of two parts within what both of their tiles see. */
function agreement(boxes: Boxes, a: number, b: number, windows: readonly Window[]): number {
  const left = Math.max(windows[a].left, windows[b].left);
  const top = Math.max(windows[a].top, windows[b].top);
  const right = Math.min(windows[a].left + windows[a].width, windows[b].left + windows[b].width);
  const bottom = Math.min(windows[a].top + windows[a].height, windows[b].top + windows[b].height);
  if (left >= right || top >= bottom) return 0;
  const seen = (k: number): Boxes =>
    Float32Array.of(
      Math.max(left, boxes[4 * k]),
      Math.max(top, boxes[4 * k + 1]),
      Math.min(right, boxes[4 * k + 2]),
      Math.min(bottom, boxes[4 * k + 3]),
    );
  return boxIou(seen(a), 0, seen(b), 0);
}
