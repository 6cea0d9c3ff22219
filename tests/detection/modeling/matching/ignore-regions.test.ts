import { ignoreBoxesIn, ignorePlacesIn } from '../../../../detection/modeling/matching/ignore-regions';
import { BELOW_LOW_THRESHOLD, BETWEEN_THRESHOLDS } from '../../../../detection/modeling/matching/matcher';

const [background, nothing] = [BELOW_LOW_THRESHOLD, BETWEEN_THRESHOLDS];

test('boxes of which more than half lies in a region are no background; objects stay', () => {
  const regions = Float32Array.of(0, 0, 10, 10, 50, 50, 60, 60);
  const boxes = Float32Array.of(
    ...[0, 0, 20, 10], // half of it: still background
    ...[0, 0, 19, 10],
    ...[2, 2, 4, 4],
    ...[50, 50, 60, 60], // an object
    ...[20, 20, 30, 30],
    ...[0, 0, 100, 100], // the region lies in it
    ...[50, 52, 60, 64],
  );
  const matches = Int32Array.of(background, background, background, 3, background, background, background);
  expect(ignoreBoxesIn(regions, matches, boxes)).toBe(matches);
  expect([...matches]).toEqual([background, nothing, nothing, 3, background, background, nothing]);
  expect([...ignoreBoxesIn(undefined, Int32Array.of(background), boxes)]).toEqual([background]);
});

test('places that lie in a region, on every level', () => {
  const regions = Float32Array.of(0, 0, 10, 10);
  const fine = Float32Array.of(0, 0, 8, 8, 8, 0, 16, 8); // the middles: 4, 4 and 12, 4
  const coarse = Float32Array.of(-7, -7, 9, 9, 2, 2, 18, 18); // 1, 1 and 10, 10
  const matches = Int32Array.of(background, background, background, background);
  expect([...ignorePlacesIn(regions, matches, [fine, coarse])]).toEqual([
    nothing,
    background,
    nothing,
    background,
  ]);
  expect([...ignorePlacesIn(regions, Int32Array.of(0, background), [fine])]).toEqual([0, background]);
});
