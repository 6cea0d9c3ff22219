import { boxOfPolygons, boxOverlap } from '../../../../datasets/coco/masks/mask-box';

const polygons = [
  [-2, 1, 3, 4, 1.5, 9],
  [5, 2, 6, 3, 4, 2.5],
];

test('the box around polygons, whole and in an image', () => {
  expect(boxOfPolygons(polygons)).toEqual([-2, 1, 8, 8]);
  expect(boxOfPolygons(polygons, { width: 5, height: 7 })).toEqual([0, 1, 5, 6]);
});

test('overlaps of boxes', () => {
  expect(boxOverlap([0, 0, 4, 2], [2, 0, 4, 2])).toBeCloseTo(1 / 3, 12);
  expect(boxOverlap([0, 0, 4, 2], [0, 0, 4, 2])).toBe(1);
  expect(boxOverlap([0, 0, 4, 2], [4, 0, 4, 2])).toBe(0);
  expect(boxOverlap([1, 1, 0, 0], [1, 1, 0, 0])).toBe(0);
});
