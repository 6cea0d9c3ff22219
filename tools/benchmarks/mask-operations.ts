/**
 * Masks as run lengths against masks as bitmaps: `node dist/tools/benchmarks/mask-operations.js [ANNOTATIONS]` prints time and
 * memory of the targets of a mask head and of pasting masks, for a hundred objects in an image of 800x1333 and for some images of a
 * COCO file.
 */
import path from 'node:path';
import { cocoExamples } from '../../datasets/examples';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { rleFromMask, rleToMask } from '../../datasets/coco/rle';
import { textTable } from '../../datasets/text-table';
import { RandomStream } from '../../detection/nn/random';
import { maskTargets } from '../../detection/ops/mask-targets';
import { pasteMasks } from '../../detection/ops/paste-masks';
import { numBoxes, type Boxes } from '../../detection/structures/boxes';
import type { Mask } from '../../detection/structures/mask';
import type { Size } from '../../detection/structures/size';

/** Of a target, and of a mask that a head predicts. */
const SIDE = 28;
const THRESHOLD = 0.5;
/** torchvision's sampled positives of an image. */
const NUM_ROIS = 128;
/** Of the images of a file each so manieth: bitmaps take long. */
const EVERY = 16;
/** Of the masks as bitmaps: float32, as torchvision's. */
const BYTES_PER_PIXEL = 4;

interface Objects {
  readonly size: Size;
  readonly boxes: Boxes;
  readonly masks: readonly Mask[];
}

/** A hundred ellipses of 40 to 400 pixels. */
function hundredObjects(): Objects {
  const random = new RandomStream(0, 'objects');
  const size = { height: 800, width: 1333 };
  const boxes = new Float32Array(400);
  const masks = Array.from({ length: 100 }, (_, i) => {
    const [width, height] = [random.between(40, 400), random.between(40, 400)];
    const [x, y] = [random.between(0, size.width - width), random.between(0, size.height - height)];
    boxes.set([x, y, x + width, y + height], 4 * i);
    const pixels = new Uint8Array(size.height * size.width);
    for (let row = Math.ceil(y); row < y + height; row++) {
      for (let column = Math.ceil(x); column < x + width; column++) {
        const [dx, dy] = [(column - x) / width - 0.5, (row - y) / height - 0.5];
        if (dx * dx + dy * dy < 0.25) pixels[row * size.width + column] = 1;
      }
    }
    return rleFromMask(pixels, size);
  });
  return { size, boxes, masks };
}

/** torchvision's project_masks_on_boxes sample by sample, from bitmaps. */
function denseTargets(
  bitmaps: readonly Float32Array[],
  { size, boxes }: Objects,
  objects: Int32Array,
): Float32Array {
  const targets = new Float32Array(objects.length * SIDE * SIDE);
  objects.forEach((object, i) => {
    const bitmap = bitmaps[object];
    const [x1, y1, x2, y2] = boxes.subarray(4 * object, 4 * object + 4);
    const [width, height] = [Math.max(x2 - x1, 1) / SIDE, Math.max(y2 - y1, 1) / SIDE];
    const [across, down] = [Math.ceil(width), Math.ceil(height)];
    for (let bin = 0; bin < SIDE * SIDE; bin++) {
      let sum = 0;
      for (let sample = 0; sample < across * down; sample++) {
        const x = x1 + ((bin % SIDE) + ((sample % across) + 0.5) / across) * width;
        const y = y1 + (Math.floor(bin / SIDE) + (Math.floor(sample / across) + 0.5) / down) * height;
        sum += interpolated(bitmap, size, x, y);
      }
      targets[i * SIDE * SIDE + bin] = sum / (across * down);
    }
  });
  return targets;
}

function interpolated(bitmap: Float32Array, { height, width }: Size, x: number, y: number): number {
  const [left, top] = [Math.min(Math.floor(x), width - 1), Math.min(Math.floor(y), height - 1)];
  const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
  const [dx, dy] = [x - left, y - top];
  const upper = (1 - dx) * bitmap[top * width + left] + dx * bitmap[top * width + right];
  const lower = (1 - dx) * bitmap[bottom * width + left] + dx * bitmap[bottom * width + right];
  return (1 - dy) * upper + dy * lower;
}

/** Probabilities of every pixel of the image for each box, then run lengths. */
function densePaste(squares: Float32Array, { size, boxes }: Objects): { masks: Mask[]; bytes: number } {
  const { height, width } = size;
  const pasted = Array.from({ length: numBoxes(boxes) }, (_, i) => {
    const square = squares.subarray(i * SIDE * SIDE, (i + 1) * SIDE * SIDE);
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4).map(Math.trunc);
    const image = new Float32Array(height * width);
    for (let y = Math.max(y1, 0); y < Math.min(y2 + 1, height); y++) {
      for (let x = Math.max(x1, 0); x < Math.min(x2 + 1, width); x++) {
        const u = Math.max(((x - x1 + 0.5) * SIDE) / (x2 - x1 + 1) - 0.5, 0);
        const v = Math.max(((y - y1 + 0.5) * SIDE) / (y2 - y1 + 1) - 0.5, 0);
        image[y * width + x] = interpolated(square, { height: SIDE, width: SIDE }, u, v);
      }
    }
    return image;
  });
  const masks = pasted.map((image) =>
    rleFromMask(
      new Uint8Array(image.length).map((_, i) => Number(image[i] > THRESHOLD)),
      size,
    ),
  );
  return { masks, bytes: pasted.length * height * width * BYTES_PER_PIXEL };
}

/** The shortest of a few. */
function milliseconds(f: () => unknown): number {
  const times = Array.from({ length: 3 }, () => {
    const start = process.cpuUsage();
    f();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000;
  });
  return Math.min(...times);
}

function runBytes(masks: readonly Mask[]): number {
  return masks.reduce((sum, { counts }) => sum + counts.byteLength, 0);
}

function rows(name: string, images: readonly Objects[]): string[][] {
  const objectsOf = ({ masks }: Objects): Int32Array =>
    Int32Array.from({ length: NUM_ROIS }, (_, i) => i % masks.length);
  const roisOf = (image: Objects): Boxes =>
    Float32Array.from([...objectsOf(image)].flatMap((i) => [...image.boxes.subarray(4 * i, 4 * i + 4)]));
  const given = images.map((image) => ({ image, objects: objectsOf(image), rois: roisOf(image) }));
  const squares = new Map(
    images.map((image) => {
      const all = Int32Array.from(image.masks, (_, i) => i);
      return [image, maskTargets(image.masks, all, image.boxes, SIDE)];
    }),
  );
  const bitmapBytes = ({ size, masks }: Objects): number =>
    masks.length * size.height * size.width * BYTES_PER_PIXEL;
  const largest = (bytes: (image: Objects) => number): string =>
    (Math.max(...images.map(bytes)) / 1e6).toFixed(3);
  const paste = (image: Objects): Mask[] =>
    pasteMasks(
      { side: SIDE, probabilities: squares.get(image)!, threshold: THRESHOLD },
      image.boxes,
      image.size,
    );
  const perImage = (time: number): string => (time / images.length).toFixed(1);
  return [
    [
      `${name}: targets of ${NUM_ROIS} regions`,
      perImage(
        milliseconds(() =>
          given.map(({ image, objects, rois }) => maskTargets(image.masks, objects, rois, SIDE)),
        ),
      ),
      perImage(
        milliseconds(() =>
          given.map(({ image, objects }) => {
            const bitmaps = image.masks.map((mask) => Float32Array.from(rleToMask(mask)));
            return denseTargets(bitmaps, image, objects);
          }),
        ),
      ),
      largest(({ masks }) => runBytes(masks)),
      largest(bitmapBytes),
    ],
    [
      `${name}: pasting`,
      perImage(milliseconds(() => images.map(paste))),
      perImage(milliseconds(() => images.map((image) => densePaste(squares.get(image)!, image)))),
      largest((image) => runBytes(paste(image))),
      largest(bitmapBytes),
    ],
  ];
}

async function ofFile(annotations: string): Promise<Objects[]> {
  const dataset = await readCocoDataset(annotations, path.dirname(annotations), { keepSegmentations: true });
  return cocoExamples(dataset, { masks: true })
    .map(({ size, targets: { boxes, masks = [] } }) => ({ size, boxes, masks }))
    .filter(({ masks }, i) => i % EVERY === 0 && masks.length > 0);
}

async function main([annotations]: readonly string[]): Promise<void> {
  const table = rows('100 objects, 800x1333', [hundredObjects()]);
  if (annotations !== undefined) table.push(...rows(annotations, await ofFile(annotations)));
  const titles = ['', 'run lengths, ms an image', 'bitmaps, ms', 'run lengths, MB', 'bitmaps, MB'];
  for (const line of textTable([titles, ...table])) console.log(line);
}

void main(process.argv.slice(2));
