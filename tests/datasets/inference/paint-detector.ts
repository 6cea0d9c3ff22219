import { modelDefinition } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import type { DecodedImage } from '../../../datasets/images/decode';
import { rleFromMask } from '../../../datasets/coco/masks/rle';
import { scaleBoxes } from '../../../detection/structures/boxes';
import type { ImageBatch } from '../../../detection/structures/image-batch';
import type { Detections } from '../../../detection/structures/instances';
import type { Mask } from '../../../detection/structures/mask';
import { resizeMask } from '../../../detection/structures/mask-transforms';
import type { Size } from '../../../detection/structures/size';

/** A painted rectangle: x1, y1, x2, y2. None touches another. */
export interface Rectangle {
  readonly box: readonly [number, number, number, number];
  /** Default 1. */
  readonly label?: number;
}

/** A black picture with red rectangles; green tells their labels. */
export function paint(size: Size, rectangles: readonly Rectangle[]): DecodedImage {
  const pixels = new Uint8Array(3 * size.width * size.height);
  for (const { box, label = 1 } of rectangles) {
    const [x1, y1, x2, y2] = box;
    for (let y = y1; y < y2; y++) {
      for (let x = x1; x < x2; x++) pixels.set([255, 100 * label, 0], 3 * (y * size.width + x));
    }
  }
  return { size, pixels };
}

/** A detector, and what it has been shown. */
export interface PaintDetector extends Detector {
  /** Of each batch, the size of each image before resizing. */
  readonly shown: (readonly Size[])[];
}

/**
 * Sees what has been painted, as far as it is in the image: each connected area, a box around it, and the middle of its left
 * and of its right side, which have higher scores where the image does not end there. Larger boxes get higher scores.
 * What has fewer than two pixels along an axis it overlooks.
 */
export function paintDetector(side: number): PaintDetector {
  const definition = modelDefinition('fasterrcnn_tiny_fpn');
  const shown: (readonly Size[])[] = [];
  const detect = (images: ImageBatch): Detections[] => {
    shown.push(images.originalSizes);
    const [, height, width] = images.tensor.shape;
    const values = images.tensor.dataSync();
    return images.sizes.map((size, k) =>
      boxesOf(
        (x, y, channel) => Math.round(255 * values[3 * ((k * height + y) * width + x) + channel]),
        size,
        images.originalSizes[k],
      ),
    );
  };
  return {
    shown,
    definition,
    detect,
    detectAsync: (images) => Promise.resolve(detect(images)),
    input: {
      resize: { kind: 'shorter-side', minSize: side, maxSize: 4 * side },
      mean: [0, 0, 0],
      std: [1, 1, 1],
      channels: 'rgb',
      sizeDivisor: 32,
    },
    categories: ['paint', 'other paint'],
    settings: {},
    lossNames: [],
    iouTypes: ['bbox', 'segm', 'keypoints'],
    keypoints: { names: ['left end', 'right end'], flipPairs: [[0, 1]], skeleton: [[0, 1]] },
    losses: () => ({}),
    namedParameters: () => [],
    namedBuffers: () => [],
    randomStreams: () => [],
    modules: () => [],
    prepareForInference: () => undefined,
    dispose: () => undefined,
  };
}

function boxesOf(
  at: (x: number, y: number, channel: number) => number,
  size: Size,
  original: Size,
): Detections {
  const seen = new Set<number>();
  const found: { box: readonly number[]; label: number; mask: Mask }[] = [];
  for (let start = 0; start < size.width * size.height; start++) {
    const isRed = (place: number): boolean =>
      !seen.has(place) && at(place % size.width, Math.floor(place / size.width), 0) > 127;
    if (!isRed(start)) continue;
    const area = [start];
    seen.add(start);
    for (const place of area) {
      const x = place % size.width;
      const neighbors = [
        ...(x > 0 ? [place - 1] : []),
        ...(x + 1 < size.width ? [place + 1] : []),
        ...(place + size.width < size.width * size.height ? [place + size.width] : []),
      ];
      for (const neighbor of neighbors.filter(isRed)) {
        seen.add(neighbor);
        area.push(neighbor);
      }
    }
    const xs = area.map((place) => place % size.width);
    const ys = area.map((place) => Math.floor(place / size.width));
    const box = [Math.min(...xs), Math.min(...ys), Math.max(...xs) + 1, Math.max(...ys) + 1];
    const green = Math.max(...area.map((place) => at(place % size.width, Math.floor(place / size.width), 1)));
    if (box[2] - box[0] < 2 || box[3] - box[1] < 2) continue;
    const pixels = new Uint8Array(size.width * size.height);
    for (const place of area) pixels[place] = 1;
    const mask = resizeMask(rleFromMask(pixels, size), original);
    found.push({ box, label: Math.round(green / 100), mask });
  }
  const areaOf = ([x1, y1, x2, y2]: readonly number[]): number => (x2 - x1) * (y2 - y1);
  found.sort((a, b) => areaOf(b.box) - areaOf(a.box));
  const boxes = scaleBoxes(Float32Array.from(found.flatMap(({ box }) => box)), size, original);
  return {
    boxes,
    labels: Int32Array.from(found, ({ label }) => label),
    scores: Float32Array.from(found, ({ box }) => 1 - 1 / (1 + areaOf(box))),
    masks: found.map(({ mask }) => mask),
    keypoints: Float32Array.from(
      found.flatMap((_, k) => {
        const [x1, y1, x2, y2] = boxes.subarray(4 * k, 4 * k + 4);
        return [x1, (y1 + y2) / 2, 1, x2, (y1 + y2) / 2, 1];
      }),
    ),
    keypointScores: Float32Array.from(
      found.flatMap(({ box: [x1, , x2] }) => [x1 > 0 ? 5 : -5, x2 < size.width ? 4 : -4]),
    ),
  };
}
