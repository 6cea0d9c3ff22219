import { CocoDataset } from '../../../datasets/coco/annotations';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { coverageOf, coverageTable, worstCovered } from '../../../tools/anchors/coverage';
import { resizedObjects } from '../../../tools/anchors/resized-objects';

test('overlaps count up to 0.7 for coverage, and without a limit for their mean', () => {
  const { boxes, coverage, meanOverlap, shares } = coverageOf([0, 0.35, 0.7, 1].map(Math.fround));
  expect(boxes).toBe(4);
  expect(coverage).toBeCloseTo((0 + 0.5 + 1 + 1) / 4, 7);
  expect(meanOverlap).toBeCloseTo(2.05 / 4, 7);
  expect(shares).toEqual([0.75, 0.5, 0.5, 0.5]);
});

test('boxes are grouped by size and shape as resized, by area as stored, and by category', () => {
  const annotation = { imageId: 1, isCrowd: false };
  const set = new CocoDataset(
    'set.json',
    null,
    [{ id: 1, fileName: '', width: 100, height: 100 }],
    [
      { id: 3, name: 'none' },
      { id: 4, name: 'first' },
      { id: 9, name: 'second' },
    ],
    [
      // Twice as large after resizing: 16 x 16, 16 x 48, 0.5 x 0.5, 120 x 20.
      { ...annotation, id: 1, categoryId: 9, bbox: [0, 0, 8, 8], area: 32 ** 2 },
      { ...annotation, id: 2, categoryId: 4, bbox: [0, 0, 8, 24], area: 192 },
      { ...annotation, id: 3, categoryId: 4, bbox: [0, 0, 0.25, 0.25], area: 96 ** 2 + 1 },
      { ...annotation, id: 4, categoryId: 4, bbox: [0, 0, 60, 10], area: 192 },
    ],
    [],
  );
  const objects = resizedObjects(set, torchvisionInput({ minSize: 200, maxSize: 200 }), [200]);
  const overlaps = Float32Array.of(0.5, 0.25, 0.125, 1);
  const of = (...values: number[]) => coverageOf(values);
  expect(coverageTable(set, objects, overlaps)).toEqual({
    all: of(0.5, 0.25, 0.125, 1),
    bySize: [
      { from: 0, to: 1, ...of(0.125) },
      { from: 16, to: 32, ...of(0.5, 0.25) },
      { from: 32, to: 64, ...of(1) },
    ],
    byArea: [
      { name: 'small', ...of(0.5, 0.25, 1) },
      { name: 'medium', ...of(0.5) },
      { name: 'large', ...of(0.125) },
    ],
    byAspectRatio: [
      { from: 0, to: 1 / 3, ...of(1) },
      { from: 2 / 3, to: 3 / 2, ...of(0.5, 0.125) },
      { from: 3, to: Infinity, ...of(0.25) },
    ],
    byCategory: [
      { categoryId: 4, name: 'first', ...of(0.25, 0.125, 1) },
      { categoryId: 9, name: 'second', ...of(0.5) },
    ],
  });
});

test('a box that resizing leaves no size is in the groups of the smallest and the longest', () => {
  const set = new CocoDataset(
    'set.json',
    null,
    [{ id: 1, fileName: '', width: 4096, height: 4096 }],
    [{ id: 1, name: 'thing' }],
    [{ id: 1, imageId: 1, categoryId: 1, isCrowd: false, bbox: [2048, 0, 0.0003, 64], area: 1 }],
    [],
  );
  const objects = resizedObjects(set, torchvisionInput({ minSize: 64, maxSize: 64 }), [64]);
  const table = coverageTable(set, { ...objects, boxes: Float32Array.of(32, 0, 32, 1) }, Float32Array.of(0));
  expect(table.bySize).toEqual([{ from: 0, to: 1, ...coverageOf([0]) }]);
  expect(table.byAspectRatio).toEqual([{ from: 3, to: Infinity, ...coverageOf([0]) }]);
});

test('the worst come first; of equals the first', () => {
  expect(worstCovered(Float32Array.of(0.5, 0.1, 0.9, 0.1), 3)).toEqual([1, 3, 0]);
});
