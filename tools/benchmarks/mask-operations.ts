/**
 * Masks as run lengths against masks as bitmaps: `node dist/tools/benchmarks/mask-operations.js [ANNOTATIONS]` prints, for a hundred
 * objects in an image of 800x1333 and for the first images of a COCO file, the time and the memory of a loader that makes masks of
 * polygons, mirrors and resizes them, of the targets of a mask head, and of pasting masks.
 */
import path from 'node:path';
import { cocoExamples } from '../../datasets/examples';
import { PolygonMask } from '../../datasets/coco/masks/polygon-mask';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { rleToMask } from '../../datasets/coco/masks/rle';
import { textTable } from '../../datasets/text-table';
import { RandomStream } from '../../detection/nn/random';
import { maskTargets } from '../../detection/ops/mask-targets';
import { pasteMasks } from '../../detection/ops/paste-masks';
import { torchvisionInput } from '../../detection/structures/input-spec';
import type { Instances } from '../../detection/structures/instances';
import type { Mask } from '../../detection/structures/mask';
import { resizedSize } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import { flipInstances, scaleInstances } from '../../detection/structures/transform-instances';
import { denseLoad, densePaste, denseTargets } from './dense-masks';

/** Of a target, and of a mask that a head predicts. */
const SIDE = 28;
const THRESHOLD = 0.5;
/** torchvision's sampled positives of an image. */
const NUM_ROIS = 128;
const FLOAT_BYTES = 4;
/** So many images of a file are measured: as bitmaps each takes a second. */
const MAX_IMAGES = 32;
const { resize } = torchvisionInput({ minSize: 800, maxSize: 1333 });

/** A picture and its objects as the file has them: masks are made each time that they are asked for. */
interface Given {
  readonly size: Size;
  readonly targets: Instances;
}

/** A hundred ellipses of 30 to 300 pixels, polygons of 40 corners, in a picture that becomes one of 800x1333. */
function hundredObjects(): Given {
  const random = new RandomStream(0, 'objects');
  const size = { height: 600, width: 1000 };
  const boxes = new Float32Array(400);
  const polygons = Array.from({ length: 100 }, (_, i) => {
    const [width, height] = [random.between(30, 300), random.between(30, 300)];
    const [x, y] = [random.between(0, size.width - width), random.between(0, size.height - height)];
    boxes.set([x, y, x + width, y + height], 4 * i);
    return Array.from({ length: 40 }, (_corner, k) => {
      const angle = (k / 40) * 2 * Math.PI;
      return [x + (width / 2) * (1 + Math.cos(angle)), y + (height / 2) * (1 + Math.sin(angle))];
    }).flat();
  });
  const targets = {
    boxes,
    labels: new Int32Array(100).fill(1),
    get masks() {
      return polygons.map((polygon) => new PolygonMask([polygon], size));
    },
  };
  return { size, targets };
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

/** An image as the detector gets it. */
interface Loaded {
  readonly size: Size;
  readonly targets: Instances & { readonly masks: readonly Mask[] };
}

function load({ size, targets }: Given): Loaded {
  const resized = resizedSize(size, resize);
  const { masks = [], ...others } = scaleInstances(flipInstances(targets, size.width), size, resized);
  return { size: resized, targets: { ...others, masks } };
}

function rows(name: string, given: readonly Given[]): string[][] {
  const images = given.map((each) => {
    const { size, targets } = load(each);
    const { masks, boxes } = targets;
    const all = Int32Array.from(masks, (_, i) => i);
    const objects = Int32Array.from({ length: NUM_ROIS }, (_, i) => i % masks.length);
    const rois = Float32Array.from([...objects].flatMap((i) => [...boxes.subarray(4 * i, 4 * i + 4)]));
    return { size, masks, boxes, objects, rois, squares: maskTargets(masks, all, boxes, SIDE) };
  });
  type Image = (typeof images)[number];
  const row = (
    what: string,
    [sparse, dense]: readonly [() => unknown, () => unknown],
    bytesOfRuns: (image: Image) => number,
    bytesPerPixel: number,
  ): string[] => {
    const bytesOfPixels = ({ size, masks }: Image): number =>
      masks.length * size.height * size.width * bytesPerPixel;
    return [
      `${name}: ${what}`,
      ...[sparse, dense].map((f) => (milliseconds(f) / images.length).toFixed(1)),
      ...[bytesOfRuns, bytesOfPixels].map((bytes) => (Math.max(...images.map(bytes)) / 1e6).toFixed(3)),
    ];
  };
  const paste = ({ squares, boxes, size }: Image): Mask[] =>
    pasteMasks({ side: SIDE, probabilities: squares, threshold: THRESHOLD }, boxes, size);
  const targetsOfBitmaps = ({ masks, size, objects, boxes }: Image): Float32Array => {
    const bitmaps = masks.map((mask) => Float32Array.from(rleToMask(mask)));
    return denseTargets(bitmaps, size, objects, boxes, SIDE);
  };
  // Each image by itself, as a loader has it: nothing of the last one is left in memory.
  return [
    row(
      'from the file, mirrored, resized',
      [
        () => given.forEach(load),
        () =>
          given.forEach(({ size, targets }) =>
            denseLoad(targets.masks ?? [], size, resizedSize(size, resize)),
          ),
      ],
      ({ masks }) => runBytes(masks),
      1,
    ),
    row(
      `targets of ${NUM_ROIS} regions`,
      [
        () =>
          images.forEach(({ masks, objects, rois }) => {
            maskTargets(masks, objects, rois, SIDE);
          }),
        () => images.forEach(targetsOfBitmaps),
      ],
      ({ masks }) => runBytes(masks),
      FLOAT_BYTES,
    ),
    row(
      'pasting',
      [
        () => images.forEach(paste),
        () => images.forEach(({ squares, boxes, size }) => densePaste(squares, SIDE, THRESHOLD, boxes, size)),
      ],
      (image) => runBytes(paste(image)),
      FLOAT_BYTES,
    ),
  ];
}

async function ofFile(annotations: string): Promise<Given[]> {
  const dataset = await readCocoDataset(annotations, path.dirname(annotations), { keepSegmentations: true });
  return cocoExamples(dataset, { masks: true })
    .filter(({ targets }) => targets.labels.length > 0)
    .slice(0, MAX_IMAGES);
}

async function main([annotations]: readonly string[]): Promise<void> {
  const table = rows('100 objects, 800x1333', [hundredObjects()]);
  if (annotations !== undefined) {
    const given = await ofFile(annotations);
    table.push(...rows(`${annotations}, ${given.length} images`, given));
  }
  const titles = ['', 'run lengths, ms an image', 'bitmaps, ms', 'run lengths, MB', 'bitmaps, MB'];
  for (const line of textTable([titles, ...table])) console.log(line);
}

void main(process.argv.slice(2));
