import fc from 'fast-check';
import { SsdMatcher } from '../../../../detection/modeling/matching/ssd-matcher';
import { boxIou } from '../../../../detection/ops/iou';
import { randomBoxes } from '../../random-boxes';

const matcher = new SsdMatcher(0.5);

test('a box takes the object that it overlaps by half or more, the others are background', () => {
  const objects = Float32Array.of(0, 0, 10, 10, 100, 0, 110, 10);
  const anchors = Float32Array.of(
    ...[0, 0, 10, 20],
    ...[0, 0, 10, 21],
    ...[0, 0, 10, 11],
    ...[100, 0, 110, 11],
  );
  expect([...matcher.match(objects, anchors)]).toEqual([0, -1, 0, 1]);
});

test('an object takes the box that it overlaps most, the first of equals, however little it is', () => {
  const object = Float32Array.of(0, 0, 10, 10);
  const anchors = Float32Array.of(...[50, 50, 60, 60], ...[9, 0, 19, 10], ...[9, 0, 19, 10]);
  expect([...matcher.match(object, anchors)]).toEqual([-1, 0, -1]);
  expect([...matcher.match(object, anchors.subarray(0, 4))]).toEqual([0]);
});

test('it takes the box away from whom it matched; the later of two objects has it', () => {
  const objects = Float32Array.of(...[0, 0, 10, 10], ...[0, 0, 10, 9], ...[0, 0, 10, 2]);
  const anchors = Float32Array.of(...[0, 0, 10, 10], ...[70, 70, 80, 80]);
  expect([...matcher.match(objects, anchors)]).toEqual([2, -1]);
});

test('without objects all is background', () => {
  expect([...matcher.match(new Float32Array(0), Float32Array.of(0, 0, 1, 1))]).toEqual([-1]);
});

test('is torchvision’s, with the whole matrix of overlaps', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 8 }), (seed, numObjects) => {
      const numAnchors = 20;
      // On whole pixels there are ties.
      const objects = randomBoxes(numObjects, seed, 60, true);
      const anchors = randomBoxes(numAnchors, seed + 1, 60, true);
      const row = (gt: number): number[] =>
        Array.from({ length: numAnchors }, (_, i) => boxIou(objects, gt, anchors, i));
      const matrix = Array.from({ length: numObjects }, (_, gt) => row(gt));
      const firstOfLargest = (values: number[]): number => values.indexOf(Math.max(...values));
      const expected = Array.from({ length: numAnchors }, (_, i) => {
        const column = matrix.map((overlaps) => overlaps[i]);
        return Math.max(...column) >= 0.5 ? firstOfLargest(column) : -1;
      });
      matrix.forEach((overlaps, gt) => (expected[firstOfLargest(overlaps)] = gt));
      expect([...matcher.match(objects, anchors)]).toEqual(expected);
    }),
  );
});
