import fc from 'fast-check';
import { drawScaleJitter, squareSide } from '../../../datasets/transforms/scale-jitter';
import { RandomStream } from '../../../detection/nn/random';
import { scaleBoxes } from '../../../detection/structures/boxes';
import type { Boxes } from '../../../detection/structures/boxes';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import type { Size } from '../../../detection/structures/size';
import { cropInstances } from '../../../detection/structures/transform-instances';

/** A stream whose numbers are given. */
function drawing(...numbers: number[]): RandomStream {
  const random = new RandomStream(0, 'drawing');
  jest.spyOn(random, 'uniform').mockImplementation(() => numbers.shift()!);
  return random;
}

const objects = [
  [10, 20, 300, 200],
  [0, 0, 30, 30],
  [250, 150, 331, 330],
  [100.5, 50.25, 101.5, 52],
];

/** The objects in a picture, cut to it. */
function boxesIn({ height, width }: Size): Boxes {
  return Float32Array.from(
    objects.flatMap(([x1, y1, x2, y2]) => [
      Math.min(x1, width),
      Math.min(y1, height),
      Math.min(x2, width),
      Math.min(y2, height),
    ]),
  );
}

/** What torchvision's ScaleJitter((256, 256)) and FixedSizeCrop((256, 256)) make of a picture and of the objects. */
const golden = [
  {
    size: { height: 480, width: 640 },
    draws: [0.3, 0.7],
    resized: { height: 57, width: 76 },
    boxes: [
      [1.1875, 2.375, 35.625, 23.75],
      [0, 0, 3.5625, 3.5625],
      [29.6875, 17.8125, 39.30624771118164, 39.1875],
      [11.934374809265137, 5.967187404632568, 12.05312442779541, 6.174999713897705],
    ],
    labels: [1, 2, 3, 4],
  },
  {
    size: { height: 375, width: 500 },
    draws: [1.8, 0.99],
    resized: { height: 345, width: 460 },
    boxes: [
      [0, 0, 75, 96],
      [29, 50, 103.52001953125, 215.60000610351562],
    ],
    labels: [1, 3],
  },
  {
    size: { height: 500, width: 333 },
    draws: [2, 0],
    resized: { height: 512, width: 340 },
    boxes: [
      [10.210209846496582, 20.48000144958496, 256, 204.8000030517578],
      [0, 0, 30.630630493164062, 30.720001220703125],
      [255.2552490234375, 153.60000610351562, 256, 256],
      [102.61260986328125, 51.45600128173828, 103.63362884521484, 53.24800109863281],
    ],
    labels: [1, 2, 3, 4],
  },
  {
    size: { height: 427, width: 640 },
    draws: [0.75, 0.5],
    resized: { height: 128, width: 192 },
    boxes: [
      [3, 5.995316028594971, 90, 59.95315933227539],
      [0, 0, 9, 8.992974281311035],
      [75, 44.96487045288086, 99.30000305175781, 98.92271423339844],
      [30.150001525878906, 15.063231468200684, 30.450000762939453, 15.587821006774902],
    ],
    labels: [1, 2, 3, 4],
  },
  {
    size: { height: 64, width: 64 },
    draws: [1.5, 0.5],
    resized: { height: 384, width: 384 },
    boxes: [
      [0, 56, 256, 256],
      [0, 0, 116, 116],
    ],
    labels: [1, 2],
  },
];

test.each(golden)('$size at scale and position $draws, as torchvision has it', (expected) => {
  const { size, draws } = expected;
  const jitter = { range: [0, 1] as const, side: 256 };
  const { resized, window } = drawScaleJitter(drawing(...draws), size, jitter);
  expect(resized).toEqual(expected.resized);
  expect([window.height, window.width]).toEqual([256, 256]);
  const gtBoxes = scaleBoxes(boxesIn(size), size, resized);
  const cropped = cropInstances({ boxes: gtBoxes, labels: Int32Array.of(1, 2, 3, 4) }, window);
  expect([...cropped.labels]).toEqual(expected.labels);
  // torchvision multiplies by the ratio in float64: some differ in the last of 24 bits.
  expected.boxes.flat().forEach((value, i) => expect(cropped.boxes[i]).toBeCloseTo(value, 4));
});

test('the window lies in the picture, or begins at its corner; at scale 1 the picture fits', () => {
  const length = fc.integer({ min: 1, max: 2000 });
  fc.assert(
    fc.property(length, length, fc.nat(), fc.integer({ min: 1, max: 8 }), (height, width, seed, divisors) => {
      const side = 32 * divisors;
      const random = new RandomStream(seed, 'jitter');
      const { resized, window } = drawScaleJitter(random, { height, width }, { range: [0.1, 2], side });
      for (const [start, of] of [
        [window.top, resized.height],
        [window.left, resized.width],
      ]) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(start).toBeLessThanOrEqual(Math.max(0, of - side));
        expect(of).toBeGreaterThanOrEqual(1);
        expect(of).toBeLessThanOrEqual(2 * side);
      }
      const one = drawScaleJitter(random, { height, width }, { range: [1, 1], side });
      expect([one.window.top, one.window.left]).toEqual([0, 0]);
      expect(Math.max(one.resized.height, one.resized.width)).toBeGreaterThanOrEqual(side - 1);
    }),
  );
});

test('the square costs what a picture does', () => {
  expect(squareSide(torchvisionInput({ minSize: 800, maxSize: 1333 }))).toBe(1024);
  expect(squareSide(torchvisionInput({ minSize: 320, maxSize: 640 }))).toBe(448);
  const small = torchvisionInput({ minSize: 8, maxSize: 9 });
  expect(squareSide(small)).toBe(32);
  expect(squareSide({ ...small, resize: { kind: 'fixed', height: 200, width: 300 }, sizeDivisor: 10 })).toBe(
    240,
  );
});
