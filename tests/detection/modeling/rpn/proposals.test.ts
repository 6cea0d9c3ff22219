import fc from 'fast-check';
import { fasterRcnnDefaults } from '../../../../detection/modeling/faster-rcnn-defaults';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { filterProposals, type ProposalOptions } from '../../../../detection/modeling/rpn/proposals';
import { boxIou } from '../../../../detection/ops/iou';
import { RandomStream } from '../../../../detection/nn/random';
import { randomBoxes } from '../../random-boxes';

const image = { height: 90, width: 80 };
const { rpn } = fasterRcnnDefaults;
const coder = new BoxCoder(rpn.bboxWeights);
const options: ProposalOptions = { ...rpn, preNmsTopN: 1000, postNmsTopN: 1000 };

function noDeltas(count: number): Float32Array {
  return new Float32Array(count * 4);
}

describe('proposals', () => {
  it('takes the best of each level by logit, then the best of all', () => {
    const apart = (count: number, y: number): Float32Array =>
      Float32Array.from(
        { length: count * 4 },
        (_, i) => [0, y, 5, y + 5][i % 4] + (i % 2 ? 0 : 10 * (i >> 2)),
      );
    const anchors = [apart(4, 0), apart(3, 20)];
    const logits = Float32Array.of(3, 1, 2, 1, -1, 5, -2);
    const top = (pre: number, post: number): number[] => {
      const limits = { ...options, preNmsTopN: pre, postNmsTopN: post };
      const { boxes } = filterProposals(logits, noDeltas(7), anchors, image, coder, limits);
      // Which anchor it was: row of ten, column of four.
      return Array.from(
        { length: boxes.length / 4 },
        (_, i) => boxes[i * 4] / 10 + (boxes[i * 4 + 1] / 20) * 4,
      );
    };
    expect(top(1000, 1000)).toEqual([5, 0, 2, 1, 3, 4, 6]);
    expect(top(2, 1000)).toEqual([5, 0, 2, 4]);
    expect(top(2, 3)).toEqual([5, 0, 2]);
  });

  it('clips to the image, leaves out the small, and suppresses within a level alone', () => {
    const anchors = [
      Float32Array.of(-10, -10, 40, 40, 0, 0, 40, 41, 85, 10, 120, 40, 10, 10, 10.0005, 30),
      Float32Array.of(0, 0, 40, 40),
    ];
    const { boxes, scores } = filterProposals(
      Float32Array.of(0, -1, 9, 9, 1),
      noDeltas(5),
      anchors,
      image,
      coder,
      options,
    );
    expect([...boxes]).toEqual([0, 0, 40, 40, 0, 0, 40, 40]);
    expect([...scores]).toEqual([Math.fround(1 / (1 + Math.exp(-1))), 0.5]);
  });

  it('leaves out what is not likely enough', () => {
    const anchors = [randomBoxes(4, 1, 10)];
    const logits = Float32Array.of(0, -2.95, -2.94, -9);
    const found = filterProposals(logits, noDeltas(4), anchors, image, coder, {
      ...options,
      scoreThreshold: 0.05,
    });
    expect(found.scores).toHaveLength(2);
  });

  it('gives sorted boxes inside the image that overlap no better one of a single level', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.integer({ min: 1, max: 300 }), (seed, count) => {
        const random = new RandomStream(seed, 'predictions');
        const logits = Float32Array.from({ length: count }, () => random.normal() * 4);
        const deltas = Float32Array.from({ length: count * 4 }, () => random.normal());
        const limits = { ...options, preNmsTopN: 150, postNmsTopN: 50 };
        const anchors = [randomBoxes(count, seed)];
        const { boxes, scores } = filterProposals(logits, deltas, anchors, image, coder, limits);
        expect(scores.length).toBeLessThanOrEqual(50);
        expect(boxes).toHaveLength(scores.length * 4);
        for (let i = 0; i < scores.length; i++) {
          const [x1, y1, x2, y2] = boxes.subarray(i * 4, i * 4 + 4);
          expect(x1 >= 0 && y1 >= 0 && x2 <= image.width && y2 <= image.height).toBe(true);
          expect(x2 - x1 >= 9e-4 && y2 - y1 >= 9e-4).toBe(true);
          if (i > 0) expect(scores[i]).toBeLessThanOrEqual(scores[i - 1]);
          for (let j = 0; j < i; j++) expect(boxIou(boxes, j, boxes, i)).toBeLessThanOrEqual(0.7);
        }
      }),
    );
  });

  it('ends with logits and deltas that are infinite or no numbers', () => {
    const anchors = [randomBoxes(6, 1, 10)];
    const logits = Float32Array.of(NaN, Infinity, -Infinity, Infinity, 0, 1);
    const deltas = noDeltas(6);
    deltas.set([NaN, 0, 0, 0], 3 * 4);
    deltas.set([Infinity, 0, Infinity, 0], 5 * 4);
    const { boxes, scores } = filterProposals(logits, deltas, anchors, image, coder, options);
    expect([...scores]).toEqual([1, 0.5, 0]);
    expect(boxes.every(Number.isFinite)).toBe(true);
  });

  it('takes no anchors', () => {
    const none = new Float32Array(0);
    expect(filterProposals(none, none, [none, none], image, coder, options)).toEqual({
      boxes: none,
      scores: none,
    });
  });
});
