import fc from 'fast-check';
import { modelDefinition } from '../../../detection/modeling/definitions';
import { anchorSizesOf, type AnchorSizes } from '../../../tools/anchors/anchor-sizes';
import { bestOverlaps, type AnchorsOf } from '../../../tools/anchors/best-overlaps';
import { coverageOf } from '../../../tools/anchors/coverage';
import { proposeSizes } from '../../../tools/anchors/propose-sizes';
import { resizedObjects, type ResizedObjects } from '../../../tools/anchors/resized-objects';
import { datasetOf, type Box } from './instances';

/** Squares around the origin. */
function squares(sides: readonly number[]): ResizedObjects {
  const set = datasetOf({ width: 1, height: 1 }, [[0, 0, 1, 1]]);
  const [image, annotation] = [set.images[0], set.annotations[0]];
  return {
    boxes: Float32Array.from(sides.flatMap((side) => [-side / 2, -side / 2, side / 2, side / 2])),
    sources: sides.map(() => ({ image, annotation })),
    groups: [{ padded: { height: 1, width: 1 }, indices: Int32Array.from(sides.keys()) }],
  };
}

/** One place on each level, with a square of each size. */
const aroundOrigin =
  (sizes: AnchorSizes): AnchorsOf =>
  () =>
    sizes.map((ofLevel) => squares(ofLevel).boxes);

test('two sizes for three kinds of boxes: one for the many, one between the others', () => {
  // Squares overlap by the square of the ratio of their sides. 9, 10 and 11 cover the two boxes of 10. Of what is tried, 5
  // times powers of the twelfth root of two, the best for both others is 48: (40/48)^2 + (48/90)^2 = 0.979; 45 gives
  // 0.7 + (45/90)^2 = 0.95, 76 gives (40/76)^2 + 0.7 = 0.977.
  const tried: number[] = [];
  const sizes = proposeSizes({
    objects: squares([10, 40, 10, 90]),
    present: [[32], [64]],
    anchorsWith: aroundOrigin,
    onProgress: (done, total) => tried.push(done / total),
  });
  expect(sizes).toEqual([[expect.any(Number)], [48]]);
  expect([9, 10, 11]).toContain(sizes[0][0]);
  expect(tried.at(-1)).toBe(1);
});

test('sizes that cover everything stay', () => {
  const present = [[11], [64]];
  expect(proposeSizes({ objects: squares([10, 70]), present, anchorsWith: aroundOrigin })).toEqual(present);
});

test('where all levels have the same sizes they keep the same', () => {
  const present = [
    [32, 64],
    [32, 64],
  ];
  const sizes = proposeSizes({ objects: squares([10, 100]), present, anchorsWith: aroundOrigin });
  expect(sizes[0]).toEqual(sizes[1]);
  const overlaps = bestOverlaps(squares([10, 100]), aroundOrigin(sizes));
  expect(Math.min(...overlaps)).toBeGreaterThanOrEqual(Math.fround(0.7));
});

const NAMES = ['fasterrcnn_tiny_fpn', 'fasterrcnn_mobilenet_v3_large_320_fpn', 'fasterrcnn_resnet50_fpn'];
const box: fc.Arbitrary<Box> = fc.tuple(
  fc.integer({ min: 0, max: 90 }),
  fc.integer({ min: 0, max: 90 }),
  fc.integer({ min: 1, max: 60 }),
  fc.integer({ min: 1, max: 60 }),
);

test('of a model: as many as it has, ascending, always the same, never worse by coverage', () => {
  fc.assert(
    fc.property(fc.constantFrom(...NAMES), fc.array(box, { minLength: 1, maxLength: 12 }), (name, boxes) => {
      const definition = modelDefinition(name);
      const present = anchorSizesOf(definition.settings.values)!;
      const objects = resizedObjects(datasetOf({ width: 150, height: 100 }, boxes), definition.input, [100]);
      const anchorsWith =
        (sizes: AnchorSizes): AnchorsOf =>
        (padded) =>
          definition.anchors!(padded, { anchors: { sizes } });
      const propose = () => proposeSizes({ objects, present, anchorsWith });
      const proposed = propose();
      expect(propose()).toEqual(proposed);
      expect(proposed.map(({ length }) => length)).toEqual(present.map(({ length }) => length));
      const isShared = name.includes('mobilenet');
      const ascending = isShared ? proposed[0] : proposed.flat();
      expect(ascending).toEqual([...new Set(ascending)].sort((a, b) => a - b));
      if (isShared) expect(proposed).toEqual(proposed.map(() => proposed[0]));
      const coverageWith = (sizes: AnchorSizes) =>
        coverageOf(bestOverlaps(objects, anchorsWith(sizes))).coverage;
      expect(coverageWith(proposed)).toBeGreaterThanOrEqual(coverageWith(present) - 1e-9);
    }),
    { numRuns: 15 },
  );
});

test('of more than ten thousand boxes some stand for all', () => {
  const objects = squares(Array.from({ length: 10_001 }, (_, k) => (k % 2 === 0 ? 10 : 100)));
  const sizes = proposeSizes({ objects, present: [[32], [64]], anchorsWith: aroundOrigin });
  expect(coverageOf(bestOverlaps(objects, aroundOrigin(sizes))).coverage).toBeCloseTo(1, 9);
});
