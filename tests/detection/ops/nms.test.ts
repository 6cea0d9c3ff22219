import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { boxIou } from '../../../detection/ops/iou';
import { batchedNms, nms } from '../../../detection/ops/nms';
import { RandomStream } from '../../../detection/nn/random';
import { describeShared, sharedPath } from '../../shared';
import { randomBoxes } from '../random-boxes';

interface Golden {
  readonly nms: {
    readonly boxes: number[][];
    readonly scores: number[];
    readonly idxs: number[];
    readonly 'nms_0.5': number[];
    readonly 'nms_0.7': number[];
    readonly 'batched_0.5': number[];
  };
}

/** Scores with many ties. */
function randomScores(count: number, seed: number): Float32Array {
  const random = new RandomStream(seed, 'scores');
  return Float32Array.from({ length: count }, () => random.integer(50) / 50);
}

function randomGroups(count: number, seed: number): Int32Array {
  const random = new RandomStream(seed, 'groups');
  return Int32Array.from({ length: count }, () => random.integer(4));
}

/** By the definition: each box against all better ones that are kept and of its group. */
function oracle(boxes: Float32Array, scores: Float32Array, threshold: number, groups?: Int32Array): number[] {
  const kept: number[] = [];
  for (const i of [...scores.keys()].sort((a, b) => scores[b] - scores[a])) {
    const suppressed = kept.some(
      (j) => groups?.[i] === groups?.[j] && boxIou(boxes, j, boxes, i) > threshold,
    );
    if (!suppressed) kept.push(i);
  }
  return kept;
}

describe('non-maximum suppression', () => {
  it('is that of the definition', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 150 }),
        fc.nat(1000),
        fc.boolean(),
        fc.constantFrom(0, 0.3, 0.5, 0.7, 1),
        (count, seed, snap, threshold) => {
          const boxes = randomBoxes(count, seed, 50, snap);
          const scores = randomScores(count, seed);
          const expected = oracle(boxes, scores, threshold);
          expect([...nms(boxes, scores, threshold)]).toEqual(expected);
          expect([...nms(boxes, scores, threshold, 5)]).toEqual(expected.slice(0, 5));
        },
      ),
    );
  });

  it('works within groups, below and above the size at which the way of doing it changes', () => {
    for (const count of [1, 400, 1000, 1001, 2500]) {
      // Whole pixels: the shift apart rounds nothing.
      const boxes = randomBoxes(count, count, 40, true);
      const [scores, groups] = [randomScores(count, count), randomGroups(count, count)];
      const expected = oracle(boxes, scores, 0.5, groups);
      expect([...batchedNms(boxes, scores, groups, 0.5)]).toEqual(expected);
      expect([...batchedNms(boxes, scores, groups, 0.5, 17)]).toEqual(expected.slice(0, 17));
    }
  });

  it('compares with the threshold as a double: the float32 nearest 0.3 is more than 0.3', () => {
    const boxes = Float32Array.of(0, 0, 10, 10, 0, 0, 10, 3);
    expect(boxIou(boxes, 0, boxes, 1)).toBe(Math.fround(0.3));
    expect([...nms(boxes, Float32Array.of(0.9, 0.8), 0.3)]).toEqual([0]);
  });

  it('takes none, and ends with boxes and scores that are no numbers', () => {
    const none = new Float32Array(0);
    expect(nms(none, none, 0.5)).toHaveLength(0);
    expect(batchedNms(none, none, new Int32Array(0), 0.5)).toHaveLength(0);
    const boxes = Float32Array.of(0, 0, NaN, 10, 0, 0, 10, 10, -Infinity, 0, Infinity, 10);
    expect([...nms(boxes, Float32Array.of(NaN, 0.5, Infinity), 0.5)]).toEqual([2, 1, 0]);
  });
});

describeShared('non-maximum suppression, golden', () => {
  it("is torchvision's", () => {
    const golden = (JSON.parse(readFileSync(sharedPath('golden/golden_components.json'), 'utf8')) as Golden)
      .nms;
    const boxes = Float32Array.from(golden.boxes.flat());
    const scores = Float32Array.from(golden.scores);
    expect([...nms(boxes, scores, 0.5)]).toEqual(golden['nms_0.5']);
    expect([...nms(boxes, scores, 0.7)]).toEqual(golden['nms_0.7']);
    expect([...batchedNms(boxes, scores, Int32Array.from(golden.idxs), 0.5)]).toEqual(golden['batched_0.5']);
  });
});
