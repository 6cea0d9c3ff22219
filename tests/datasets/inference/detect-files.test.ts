import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import {
  detectFileBatches,
  detectFiles,
  detectImages,
  type DetectOptions,
} from '../../../datasets/inference/detect-files';
import { detectTiled } from '../../../datasets/inference/detect-tiled';
import { partsInFile } from '../../../datasets/images/picture-parts';
import { ImageError, type DecodedImage } from '../../../datasets/images/decode';
import { LargePicture, openPicture } from '../../../datasets/images/open-picture';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import { RandomStream } from '../../../detection/nn/random';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import type { Detections } from '../../../detection/structures/instances';
import type { Size } from '../../../detection/structures/size';
import { rejectionOf } from '../../thrown';
import { paint, paintDetector, type Rectangle } from './paint-detector';

let numTensors: number;
beforeAll(() => loadBackend());
beforeEach(() => {
  numTensors = tf.memory().numTensors;
});
afterEach(() => expect(tf.memory().numTensors).toBe(numTensors));

const boxesOf = ({ boxes }: Detections): number[][] =>
  Array.from({ length: boxes.length / 4 }, (_, k) => [...boxes.subarray(4 * k, 4 * k + 4)].map(Math.round));

function encoded({ pixels, size }: DecodedImage, orientation = 1): Promise<Buffer> {
  return sharp(pixels, { raw: { ...size, channels: 3 } })
    .withMetadata({ orientation })
    .png()
    .toBuffer();
}

/** Five small objects, two of them at seams, and a long one. */
const SIZE = { width: 200, height: 130 };
const OBJECTS: readonly Rectangle[] = [
  { box: [3, 5, 13, 17] },
  { box: [56, 40, 68, 52] },
  { box: [118, 58, 130, 70], label: 2 },
  { box: [188, 120, 200, 130] },
  { box: [20, 90, 180, 104] },
];
const TILES = { size: 64, overlap: 0.3 };

describe('tiles', () => {
  test('are shown at their own size beside the whole picture, and every object is found once', async () => {
    const detector = paintDetector(64);
    const done: [number, number][] = [];
    const [found] = await detectImages(detector, [paint(SIZE, OBJECTS)], {
      tiles: TILES,
      batchSize: 4,
      onTiles: (...progress) => done.push(progress),
    });
    const sorted = boxesOf(found).sort((a, b) => a[1] - b[1]);
    // The whole picture, at half its size, has them too, a pixel off.
    expect(sorted).toHaveLength(OBJECTS.length);
    for (const { box } of OBJECTS.slice(0, 4)) expect(sorted).toContainEqual([...box]);
    expect(detector.shown[0]).toEqual([SIZE]);
    expect(detector.shown.slice(1).map((batch) => batch.length)).toEqual([4, 4, 4, 3]);
    expect(
      new Set(
        detector.shown
          .slice(1)
          .flat()
          .map(({ width, height }) => `${width}x${height}`),
      ),
    ).toEqual(new Set(['64x64']));
    expect(done).toEqual([
      [4, 15],
      [8, 15],
      [12, 15],
      [15, 15],
    ]);
  });

  test('of a picture that is decoded band by band, turned or not, are those of one in memory', async () => {
    for (const orientation of [1, 6]) {
      const bytes = await encoded(paint(SIZE, OBJECTS), orientation);
      const [inMemory] = await detectFiles(paintDetector(64), [{ file: bytes, upright: true }], {
        tiles: TILES,
      });
      if (inMemory instanceof ImageError) throw inMemory;
      expect(inMemory.size).toEqual(orientation === 1 ? SIZE : { width: 130, height: 200 });
      const opened = await openPicture(bytes, { upright: true }, 1);
      if (!(opened instanceof LargePicture)) throw new Error('The picture is not large.');
      const detector = paintDetector(64);
      const found = await detectTiled(detector, partsInFile(opened), { tiles: TILES });
      const small = (detections: Detections) => boxesOf(detections).filter(([x1, , x2]) => x2 - x1 < 13);
      expect(small(found)).toEqual(expect.arrayContaining(small(inMemory.detections).slice(0, 4)));
      // The whole picture is never there.
      for (const [{ width, height }] of detector.shown) expect(width * height).toBeLessThanOrEqual(64 * 99);
    }
  });

  test('of a picture no larger than one are the picture, shown once', async () => {
    const detector = paintDetector(64);
    const image = paint({ width: 60, height: 50 }, [OBJECTS[0]]);
    const [found] = await detectImages(detector, [image], { tiles: TILES });
    expect(detector.shown).toHaveLength(1);
    expect(found).toEqual((await detectImages(paintDetector(64), [image]))[0]);
  });

  test('end between two batches when the signal says it', async () => {
    const detector = paintDetector(64);
    const controller = new AbortController();
    const reason = new Error('enough');
    const options: DetectOptions = {
      tiles: TILES,
      signal: controller.signal,
      onTiles: (done) => done === 3 && controller.abort(reason),
    };
    expect(await rejectionOf(detectImages(detector, [paint(SIZE, OBJECTS)], options))).toBe(reason);
    expect(detector.shown).toHaveLength(5); // the picture, three tiles, and the one after which it was noticed
  });
});

describe('mirror images and scales', () => {
  const image = paint({ width: 96, height: 64 }, OBJECTS.slice(0, 2));

  test('are shown beside each other, and what is found in several is one object', async () => {
    const detector = paintDetector(64);
    const [found] = await detectImages(detector, [image], { flip: true, scales: [1, 2], batchSize: 2 });
    expect(boxesOf(found).sort((a, b) => a[0] - b[0])).toEqual(
      OBJECTS.slice(0, 2).map(({ box }) => [...box]),
    );
    expect(detector.shown.map((batch) => batch.length)).toEqual([2, 2]); // each scale with its mirror image
  });

  test('of a mirror image boxes come back where the objects are', async () => {
    const left: Detections = {
      boxes: Float32Array.of(10, 0, 30, 20),
      labels: Int32Array.of(1),
      scores: Float32Array.of(1),
    };
    const fixed: Detector = { ...paintDetector(64), detect: (images) => images.sizes.map(() => left) };
    const [found] = await detectImages(fixed, [image], { flip: true });
    expect(boxesOf(found)).toEqual([
      [10, 0, 30, 20],
      [66, 0, 86, 20],
    ]);
  });

  test('keep what the detector’s own limits keep: its overlap, its number', async () => {
    const at = (...lefts: number[]): Detections => ({
      boxes: Float32Array.from(lefts.flatMap((x) => [x, 0, x + 10, 10])),
      labels: Int32Array.from(lefts, () => 1),
      scores: Float32Array.from(lefts, (_, k) => 0.9 - k / 10),
    });
    const detector: Detector = {
      ...paintDetector(64),
      settings: { roi: { nmsThreshold: 0.2, detectionsPerImage: 3 } },
      detect: (images) => images.sizes.map((_, k) => (k === 0 ? at(0, 20) : at(86 - 6, 86 - 40, 86 - 60))),
    };
    // Mirrored back: 6, 40, 60. The first overlaps 0 by a quarter, and four are one too many.
    const [found] = await detectImages(detector, [image], { flip: true, batchSize: 2 });
    expect(boxesOf(found).map(([x]) => x)).toEqual([0, 20, 40]);
  });

  test('a detector that takes one size only is not shown others', async () => {
    const fixed = { ...paintDetector(64).input, resize: { kind: 'fixed', width: 64, height: 64 } } as const;
    const error = await rejectionOf(
      detectImages({ ...paintDetector(64), input: fixed }, [image], { scales: [1, 1.5] }),
    );
    expect(error).toMatchObject({ code: 'scales-fixed-size', facts: { width: 64, height: 64 } });
  });
});

describe('batches', () => {
  const random = new RandomStream(1, 'noise');
  const noise = (width: number, height: number): DecodedImage => ({
    size: { width, height },
    pixels: Uint8Array.from({ length: 3 * width * height }, () => random.integer(256)),
  });
  const sizes: [number, number][] = [
    [60, 48],
    [40, 60],
    [61, 48],
    [60, 49],
    [40, 61],
    [60, 48],
    [50, 50],
  ];
  const images = sizes.map(([width, height]) => noise(width, height));

  test.each([
    ['fasterrcnn_tiny_fpn', {}],
    ['retinanet_tiny_fpn', { dense: { scoreThreshold: 0 } }],
    ['fcos_tiny_fpn', { dense: { scoreThreshold: 0 } }],
  ])('%s finds in a batch what it finds one by one', async (name, settings) => {
    const input = torchvisionInput({ minSize: 64, maxSize: 96 });
    const detector = createDetector(name, { numClasses: 2, norm: 'batch', input, settings });
    const oneByOne = await detectImages(detector, images);
    const shown: (readonly Size[])[] = [];
    const watched: Detector = Object.create(detector, {
      detect: {
        value: (batch: Parameters<Detector['detect']>[0]) => {
          shown.push(batch.originalSizes);
          return detector.detect(batch);
        },
      },
    }) as Detector;
    const together = await detectImages(watched, images, { batchSize: 4 });
    expect(Math.max(...shown.map((batch) => batch.length))).toBeGreaterThan(1);
    together.forEach(({ boxes, labels, scores }, k) => {
      expect(scores.length).toBeGreaterThan(0);
      expect(boxes).toEqual(oneByOne[k].boxes);
      expect(labels).toEqual(oneByOne[k].labels);
      // One unit in the last place of a float32 below 1: sums of a matrix product are in another order.
      scores.forEach((score, i) => expect(Math.abs(score - oneByOne[k].scores[i])).toBeLessThanOrEqual(6e-8));
    });
    detector.dispose();
    numTensors = tf.memory().numTensors;
  });

  test('hold no image that is padded to the size of another, and results come in the order of the images', async () => {
    const detector = paintDetector(64);
    const painted = sizes.map(([width, height], k) =>
      paint({ width, height }, [{ box: [k, 2, k + 10, 20] }]),
    );
    const found = await detectImages(detector, painted, { batchSize: 4 });
    found.forEach((detections, k) => expect(Math.abs(boxesOf(detections)[0][0] - k)).toBeLessThanOrEqual(1));
    expect(detector.shown.map((batch) => batch.map(({ width, height }) => `${width}x${height}`))).toEqual([
      ['50x50'],
      ['60x48', '61x48', '60x49', '60x48'],
      ['40x60'],
      ['40x61'],
    ]);
  });
});

test('of pictures those that cannot be used give an error in their place', async () => {
  const good = await encoded(paint(SIZE, OBJECTS));
  const pictures = [
    { file: good },
    { file: '/nowhere/picture.png' },
    { file: good.subarray(0, good.length - 60) },
    { file: good },
  ];
  for (const options of [{ batchSize: 4 }, { tiles: TILES }, { maxPixels: 10 }]) {
    const found = await detectFiles(paintDetector(64), pictures, options);
    const codes = found.map((each) =>
      each instanceof ImageError ? each.code : each.detections.scores.length > 0,
    );
    const large = 'picture-too-large';
    expect(codes).toEqual(
      'maxPixels' in options
        ? [large, 'picture-missing', large, large]
        : [true, 'picture-missing', 'picture-damaged', true],
    );
  }
});

test('pictures of two batches are decoded while one is in the detector', async () => {
  const detector = paintDetector(64);
  const file = await encoded(paint(SIZE, OBJECTS));
  const shownWhenAskedFor: number[] = [];
  function* batches() {
    for (let k = 0; k < 5; k++) {
      shownWhenAskedFor.push(detector.shown.length);
      yield [{ file }];
    }
  }
  let count = 0;
  for await (const [found] of detectFileBatches(detector, batches())) {
    expect(found).toHaveProperty('detections');
    count++;
  }
  expect(count).toBe(5);
  expect(shownWhenAskedFor).toEqual([0, 0, 0, 1, 2]);
});
