import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { LocationMatcher } from '../../../../detection/modeling/matching/location-matcher';
import { AnchorGenerator } from '../../../../detection/modeling/rpn/anchor-generator';
import { numBoxes, type Boxes } from '../../../../detection/structures/boxes';
import { describeShared, sharedPath } from '../../../shared';
import { loadGolden, targetsOf } from '../tiny-golden';

const { fround } = Math;
const RADIUS = 1.5;

function levels(sizes: readonly number[], padded: { width: number; height: number }, strides: number[]) {
  const generator = new AnchorGenerator(
    sizes.map((size) => [size]),
    sizes.map(() => [1]),
  );
  return generator.anchors(
    padded,
    strides.map((stride) => ({
      height: Math.ceil(padded.height / stride),
      width: Math.ceil(padded.width / stride),
    })),
  );
}

/** FCOS.compute_loss written as it is there: all pairs, then the best of each place. */
function byMatrix(gtBoxes: Boxes, anchors: readonly Boxes[]): number[] {
  return anchors.flatMap((level, index) =>
    Array.from({ length: numBoxes(level) }, (_, i) => {
      const [ax0, ay0, ax1, ay1] = level.subarray(4 * i, 4 * i + 4);
      const [x, y, side] = [(ax0 + ax1) / 2, (ay0 + ay1) / 2, ax1 - ax0];
      let [best, found] = [0, -1];
      for (let gt = 0; gt < numBoxes(gtBoxes); gt++) {
        const [x0, y0, x1, y1] = gtBoxes.subarray(4 * gt, 4 * gt + 4);
        const [cx, cy] = [fround(x0 + x1) / 2, fround(y0 + y1) / 2];
        const distances = [fround(x - x0), fround(y - y0), fround(x1 - x), fround(y1 - y)];
        const farthest = Math.max(...distances);
        const isMatch =
          Math.max(Math.abs(fround(x - cx)), Math.abs(fround(y - cy))) < fround(RADIUS * side) &&
          Math.min(...distances) > 0 &&
          farthest > (index === 0 ? 0 : 4 * side) &&
          farthest < (index === anchors.length - 1 ? Infinity : 8 * side);
        const quality = isMatch ? fround(1e8 - fround(fround(x1 - x0) * fround(y1 - y0))) : 0;
        if (quality > best) [best, found] = [quality, gt];
      }
      return found;
    }),
  );
}

describe('LocationMatcher', () => {
  const matcher = new LocationMatcher(RADIUS);
  const anchors = levels([8, 16, 32], { width: 96, height: 64 }, [8, 16, 32]);

  test('gives each place what a matrix of all pairs gives it', () => {
    const box = fc
      .tuple(fc.integer({ min: -8, max: 90 }), fc.integer({ min: -8, max: 60 }), fc.nat(96), fc.nat(64))
      .map(([x, y, width, height]) => [x, y, x + width, y + height]);
    fc.assert(
      fc.property(fc.array(box, { maxLength: 6 }), (gt) => {
        const gtBoxes = Float32Array.from(gt.flat());
        expect([...matcher.match(gtBoxes, anchors)]).toEqual(byMatrix(gtBoxes, anchors));
      }),
      { numRuns: 200 },
    );
  });

  test('areas that differ by less than float32 holds of 1e8 tie: the first object wins', () => {
    const [outer, inner] = [
      [0, 0, 40, 40],
      [1, 1, 40, 40],
    ];
    // 1600 and 1521 square pixels: 8 apart at 1e8, so the smaller one wins; 1600 and 1599 tie.
    const firstPlace = (gt: number[][]) =>
      matcher.match(Float32Array.from(gt.flat()), anchors).find((match) => match >= 0);
    expect(firstPlace([outer, inner])).toBe(1);
    expect(firstPlace([outer, [0.0125, 0, 39.9875, 40]])).toBe(0);
  });

  test('a place on the edge of an object, or as far as the radius, does not find it', () => {
    const match = (x0: number, y0: number, x1: number, y1: number) =>
      [...matcher.match(Float32Array.of(x0, y0, x1, y1), anchors).subarray(0, 12)].flatMap((found, x) =>
        found >= 0 ? [8 * x] : [],
      );
    // The first row of places lies at y = 0; its distance from the middle counts too.
    expect(match(8, -10, 40, 11)).toEqual([16, 24, 32]);
    expect(match(12, -10, 36, 11)).toEqual([16, 24, 32]);
    expect(match(0, -10, 64, 11)).toEqual([24, 32, 40]);
  });

  test('without objects all is background', () => {
    expect(new Set(matcher.match(new Float32Array(), anchors))).toEqual(new Set([-1]));
  });
});

describeShared('LocationMatcher against torchvision', () => {
  test('finds the same objects at the same places', () => {
    const json = readFileSync(sharedPath('golden/golden_tiny_fcos.json'), 'utf8');
    const golden = loadGolden(json);
    const { matched } = JSON.parse(json) as {
      matched: { foreground_at: number[]; foreground_gt: number[] }[];
    };
    const anchors = levels([4, 8, 16, 32, 64], { width: 128, height: 96 }, [8, 16, 32, 64, 128]);
    matched.forEach(({ foreground_at, foreground_gt }, image) => {
      const matches = new LocationMatcher(RADIUS).match(targetsOf(golden, image).boxes, anchors);
      const found = [...matches.keys()].filter((place) => matches[place] >= 0);
      expect(found).toEqual(foreground_at);
      expect(found.map((place) => matches[place])).toEqual(foreground_gt);
    });
  });
});
