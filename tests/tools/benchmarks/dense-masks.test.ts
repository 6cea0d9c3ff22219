import { PolygonMask } from '../../../datasets/coco/masks/polygon-mask';
import { rleToMask } from '../../../datasets/coco/masks/rle';
import { maskTargets } from '../../../detection/ops/mask-targets';
import { pasteMasks } from '../../../detection/ops/paste-masks';
import { flipMask, resizeMask } from '../../../detection/structures/mask-transforms';
import { denseLoad, densePaste, denseTargets } from '../../../tools/benchmarks/dense-masks';

// What is measured does the same with bitmaps as the library with run lengths.
const size = { height: 31, width: 47 };
const masks = [
  new PolygonMask([[3, 2, 40, 8, 30, 29, 9, 25]], size),
  new PolygonMask(
    [
      [1, 20, 12, 30, 2, 30],
      [20, 1, 46, 1, 46, 20],
    ],
    size,
  ),
];
const boxes = Float32Array.of(3, 2, 40, 29, 1, 1, 46, 30);

test('bitmaps and run lengths are mirrored and resized to the same pixels', () => {
  const to = { height: 53, width: 71 };
  const expected = masks.map((mask) => rleToMask(resizeMask(flipMask(mask), to)));
  expect(denseLoad(masks, size, to)).toEqual(Uint8Array.from(expected.flatMap((bitmap) => [...bitmap])));
});

test('targets of bitmaps are those of run lengths', () => {
  const bitmaps = masks.map((mask) => Float32Array.from(rleToMask(mask)));
  const objects = Int32Array.of(0, 1);
  const targets = denseTargets(bitmaps, size, objects, boxes, 7);
  maskTargets(masks, objects, boxes, 7).forEach((value, i) => expect(targets[i]).toBeCloseTo(value, 4));
});

test('pasted bitmaps are those of run lengths, but for what torchvision has around a square', () => {
  const squares = maskTargets(masks, Int32Array.of(0, 1), boxes, 28);
  const dense = densePaste(squares, 28, 0.5, boxes, size).map(rleToMask);
  const sparse = pasteMasks({ side: 28, probabilities: squares, threshold: 0.5 }, boxes, size).map(rleToMask);
  const different = dense.flatMap((bitmap, k) => [...bitmap].filter((value, i) => value !== sparse[k][i]));
  expect(different.length).toBeLessThan(0.05 * dense.length * size.height * size.width);
});
