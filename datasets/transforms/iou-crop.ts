import type { RandomStream } from '../../detection/nn/random';
import { boxIou } from '../../detection/ops/iou';
import { numBoxes, type Boxes } from '../../detection/structures/boxes';
import type { Instances } from '../../detection/structures/instances';
import type { Size, Window } from '../../detection/structures/size';
import { cropInstances, selectInstances } from '../../detection/structures/transform-instances';

const { fround, trunc } = Math;

// torchvision's defaults of RandomIoUCrop, which are those of SSD's own program.
const [MIN_SCALE, MAX_SCALE] = [0.3, 1];
const [MIN_ASPECT_RATIO, MAX_ASPECT_RATIO] = [0.5, 2];
/** The overlap that some object must have with the part; 1 stands for the whole picture. */
const MIN_OVERLAPS = [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1];
const TRIALS = 40;

/**
 * Draws a part of a picture that shows objects: SSD's, as torchvision's RandomIoUCrop. An overlap is drawn, and then parts
 * of 0.3 to 1 of each side until one has the center of an object in it, and an object with its center in it that overlaps
 * the part by so much (intersection over union).
 *
 * @returns undefined where the picture stays whole: for one in seven, and where there are no objects
 */
export function drawIouCrop(random: RandomStream, size: Size, boxes: Boxes): Window | undefined {
  if (boxes.length === 0) return undefined;
  for (;;) {
    const minOverlap = random.pick(MIN_OVERLAPS);
    if (minOverlap === 1) return undefined;
    for (let trial = 0; trial < TRIALS; trial++) {
      const part = drawPart(random, size);
      if (part && largestOverlap(boxes, part) >= minOverlap) return part;
    }
  }
}

/** The objects whose center is in a part of the picture, as they are seen there. */
export function cropToCenters(instances: Instances, part: Window): Instances {
  return cropInstances(selectInstances(instances, indicesInside(instances.boxes, part)), part);
}

/** Rounded as torch rounds it; undefined where it is too flat or too narrow. */
function drawPart(random: RandomStream, size: Size): Window | undefined {
  const range = MAX_SCALE - MIN_SCALE;
  const drawSide = (side: number): number =>
    trunc(fround(side * fround(fround(MIN_SCALE) + fround(fround(range) * fround(random.uniform())))));
  const width = drawSide(size.width);
  const height = drawSide(size.height);
  const aspectRatio = width / height;
  // Not a number where both are 0.
  if (!(MIN_ASPECT_RATIO <= aspectRatio && aspectRatio <= MAX_ASPECT_RATIO)) return undefined;
  const drawStart = (room: number): number => trunc(fround(room * fround(random.uniform())));
  const left = drawStart(size.width - width);
  const top = drawStart(size.height - height);
  return { left, top, width, height };
}

/** Of the objects whose center is in a part, the largest overlap with it; -1 where there are none. */
function largestOverlap(boxes: Boxes, part: Window): number {
  const { left, top, width, height } = part;
  const box = Float32Array.of(left, top, left + width, top + height);
  return indicesInside(boxes, part).reduce((most, i) => Math.max(most, boxIou(boxes, i, box, 0)), -1);
}

function indicesInside(boxes: Boxes, { left, top, width, height }: Window): Int32Array {
  return Int32Array.from({ length: numBoxes(boxes) }, (_, i) => i).filter((i) => {
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4);
    const x = fround(0.5 * fround(x1 + x2));
    const y = fround(0.5 * fround(y1 + y2));
    return left < x && x < left + width && top < y && y < top + height;
  });
}
