import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { Matcher } from '../../../../detection/modeling/matching/matcher';
import { boxIou } from '../../../../detection/ops/iou';
import { describeShared, sharedPath } from '../../../shared';
import { randomBoxes } from '../../random-boxes';

interface Golden {
  readonly matcher: {
    readonly q: number[][];
    readonly 'tv_rpn(0.7,0.3,low)': number[];
    readonly 'tv_roi(0.5,0.5)': number[];
  };
}

/** torchvision's Matcher, line by line, on the whole matrix. */
function oracle(matrix: number[][], high: number, low: number, lowQuality: boolean): number[] {
  const columns = matrix[0].map((_, j) => matrix.map((row) => row[j]));
  const all = columns.map((column) => column.indexOf(Math.max(...column)));
  const matches = columns.map((column, j) => {
    const value = Math.max(...column);
    return value < Math.fround(low) ? -1 : value < Math.fround(high) ? -2 : all[j];
  });
  if (!lowQuality) return matches;
  for (const row of matrix) {
    const best = Math.max(...row);
    row.forEach((value, j) => {
      if (value === best) matches[j] = all[j];
    });
  }
  return matches;
}

describe('matcher', () => {
  it('is that of the matrix, ties and ground truth that nothing overlaps included', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 80 }),
        fc.nat(1000),
        fc.constantFrom([0.7, 0.3], [0.5, 0.5], [0.3, 0.1]),
        fc.boolean(),
        fc.boolean(),
        (numGt, count, seed, [high, low], lowQuality, snap) => {
          const gtBoxes = randomBoxes(numGt, seed, 30, snap);
          const boxes = randomBoxes(count, seed + 1, 30, snap);
          const matrix = Array.from({ length: numGt }, (_, i) =>
            Array.from({ length: count }, (_, j) => boxIou(gtBoxes, i, boxes, j)),
          );
          const matches = new Matcher(high, low, lowQuality).match(gtBoxes, boxes);
          expect([...matches]).toEqual(oracle(matrix, high, low, lowQuality));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('matches at the thresholds themselves, in float32', () => {
    const gt = Float32Array.of(0, 0, 10, 10);
    const boxes = Float32Array.of(0, 0, 10, 7, 0, 0, 10, 3, 0, 0, 10, 2.999);
    expect([...new Matcher(0.7, 0.3, false).match(gt, boxes)]).toEqual([0, -2, -1]);
  });

  it('takes no ground truth and no boxes', () => {
    const matcher = new Matcher(0.7, 0.3, true);
    expect([...matcher.match(new Float32Array(0), randomBoxes(3, 1))]).toEqual([-1, -1, -1]);
    expect(matcher.match(randomBoxes(3, 1), new Float32Array(0))).toHaveLength(0);
  });
});

describeShared('matcher, golden', () => {
  it("is torchvision's", () => {
    const golden = (JSON.parse(readFileSync(sharedPath('golden/golden_components.json'), 'utf8')) as Golden)
      .matcher;
    const match = (matcher: Matcher): number[] => [
      ...matcher.matchQualities(golden.q.length, golden.q[0].length, (gt, row) => row.set(golden.q[gt])),
    ];
    expect(match(new Matcher(0.7, 0.3, true))).toEqual(golden['tv_rpn(0.7,0.3,low)']);
    expect(match(new Matcher(0.5, 0.5, false))).toEqual(golden['tv_roi(0.5,0.5)']);
  });
});
