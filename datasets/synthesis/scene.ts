import type { RandomStream } from '../../detection/nn/random';
import { paintBackground, type Canvas } from './background';
import { SCENE, type Range } from './defaults';
import { drawSprite, randomColor, type Patch, type Sprite } from './sprite';

/** An object of a scene, with what is left to see of it. */
export interface SceneObject {
  /** Index of the category, from 0. */
  readonly category: number;
  /** Pixels of the whole object, as if nothing covered it or cut it off. */
  readonly wholeArea: number;
  /** [size * size], row-major, 1 where the object is in view. */
  readonly mask: Uint8Array;
}

export interface Scene {
  readonly canvas: Canvas;
  /** From the back to the front. */
  readonly objects: readonly SceneObject[];
}

interface Placed {
  /** Index of the category, or null for a distractor. */
  readonly category: number | null;
  readonly wholeArea: number;
  visibleArea: number;
}

/** No item covers this pixel. */
const NOBODY = -1;

/** How large a scene is, and how much is in it. */
export interface SceneSettings {
  /** Height and width in pixels. */
  readonly size: number;
  /** The size of a scene that has objects of this size, pixels: `size`, unless small objects in a large scene are wanted. */
  readonly detail: number;
  /** Most objects. */
  readonly numObjects: number;
}

/**
 * Pastes categories and distractors onto a background, each over the ones before. A place is taken only if
 * every object, the new one included, keeps `SCENE.minVisible` of its pixels in view; an item without such a
 * place is left out. A pixel belongs to the topmost item that covers more than half of it.
 */
export function composeScene(
  stream: RandomStream,
  categories: readonly Sprite[],
  distractors: readonly Sprite[],
  { size, detail, numObjects }: SceneSettings,
): Scene {
  const objectCounts = shareOf(numObjects, SCENE.objects);
  const distractorCounts = shareOf(numObjects, SCENE.distractors);
  for (;;) {
    const canvas = paintBackground(stream, size);
    const collage = new Collage(canvas);
    for (const isObject of shuffledItems(stream, objectCounts, distractorCounts)) {
      const category = isObject ? stream.integer(categories.length) : null;
      const sprite = category === null ? stream.pick(distractors) : categories[category];
      const patch = drawSprite(sprite, {
        longSide: (stream.between(...SCENE.longSide) * detail) / SCENE.referenceSize,
        angle: (stream.between(-SCENE.maxRotation, SCENE.maxRotation) * Math.PI) / 180,
        mirrored: stream.uniform() < 0.5,
        color: randomColor(stream),
      });
      collage.place(stream, patch, category);
    }
    const { objects, numDistractors } = collage;
    // Items were left out: a scene with too few of them starts again, further on in the same stream.
    if (objects.length >= objectCounts[0] && numDistractors >= distractorCounts[0]) {
      return { canvas, objects };
    }
  }
}

/** True for an object, false for a distractor, from the back to the front. */
function shuffledItems(stream: RandomStream, objectCounts: Range, distractorCounts: Range): boolean[] {
  const numObjects = integerIn(stream, objectCounts);
  const count = numObjects + integerIn(stream, distractorCounts);
  const order = stream.sample(
    Int32Array.from({ length: count }, (_, i) => i),
    count,
  );
  return Array.from(order, (i) => i < numObjects);
}

/** A range of counts. */
function shareOf(most: number, [low, high]: Range): Range {
  return [Math.ceil(most * low), Math.floor(most * high)];
}

function integerIn(stream: RandomStream, [low, high]: Range): number {
  return low + stream.integer(high - low + 1);
}

/** The canvas with the items on it, and which item each pixel shows. */
class Collage {
  private readonly placed: Placed[] = [];
  private readonly owner: Int16Array;

  constructor(private readonly canvas: Canvas) {
    this.owner = new Int16Array(canvas.size ** 2).fill(NOBODY);
  }

  get numDistractors(): number {
    return this.placed.filter(({ category }) => category === null).length;
  }

  get objects(): SceneObject[] {
    return this.placed.flatMap(({ category, wholeArea }, item) =>
      category === null ? [] : [{ category, wholeArea, mask: this.maskOf(item) }],
    );
  }

  /** Tries random places, with the middle inside the image, and pastes at the first that hides nobody too much. */
  place(stream: RandomStream, patch: Patch, category: number | null): void {
    let wholeArea = 0;
    for (let i = 3; i < patch.rgba.length; i += 4) if (patch.rgba[i] > 0.5) wholeArea++;
    const { size } = this.canvas;
    for (let attempt = 0; attempt < SCENE.placements; attempt++) {
      const left = stream.integer(size) - (patch.width >> 1);
      const top = stream.integer(size) - (patch.height >> 1);
      const { visibleArea, hidden } = this.overlap(patch, left, top);
      if (category !== null && visibleArea < SCENE.minVisible * wholeArea) continue;
      const tooHidden = [...hidden].some(([item, pixels]) => {
        const other = this.placed[item];
        return other.category !== null && other.visibleArea - pixels < SCENE.minVisible * other.wholeArea;
      });
      if (tooHidden) continue;
      for (const [item, pixels] of hidden) this.placed[item].visibleArea -= pixels;
      this.placed.push({ category, wholeArea, visibleArea });
      this.paste(patch, left, top);
      return;
    }
  }

  private maskOf(item: number): Uint8Array {
    const mask = new Uint8Array(this.owner.length);
    for (let i = 0; i < mask.length; i++) if (this.owner[i] === item) mask[i] = 1;
    return mask;
  }

  /** Pixels of the patch inside the image, and how many it would take from each item already there. */
  private overlap(
    patch: Patch,
    left: number,
    top: number,
  ): { visibleArea: number; hidden: Map<number, number> } {
    const hidden = new Map<number, number>();
    let visibleArea = 0;
    this.forEachPixel(patch, left, top, (from, to) => {
      if (patch.rgba[from + 3] <= 0.5) return;
      visibleArea++;
      const item = this.owner[to];
      if (item !== NOBODY) hidden.set(item, (hidden.get(item) ?? 0) + 1);
    });
    return { visibleArea, hidden };
  }

  private paste(patch: Patch, left: number, top: number): void {
    const item = this.placed.length - 1;
    const { rgb } = this.canvas;
    this.forEachPixel(patch, left, top, (from, to) => {
      const alpha = patch.rgba[from + 3];
      for (let c = 0; c < 3; c++) rgb[to * 3 + c] = rgb[to * 3 + c] * (1 - alpha) + patch.rgba[from + c];
      if (alpha > 0.5) this.owner[to] = item;
    });
  }

  /** Calls `visit` with the indices into the patch's RGBA and into the image's pixels where the two overlap. */
  private forEachPixel(
    patch: Patch,
    left: number,
    top: number,
    visit: (from: number, to: number) => void,
  ): void {
    const { size } = this.canvas;
    for (let y = Math.max(0, -top); y < Math.min(patch.height, size - top); y++) {
      for (let x = Math.max(0, -left); x < Math.min(patch.width, size - left); x++) {
        visit((y * patch.width + x) * 4, (top + y) * size + left + x);
      }
    }
  }
}
