import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { detectDensely } from '../../../../detection/modeling/dense/dense-inference';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { readSync } from '../../../../detection/nn/reading';
import { expectNoTensorLeaks } from '../../tensor-leaks';

beforeAll(() => loadBackend());
expectNoTensorLeaks();

const coder = new BoxCoder([1, 1, 1, 1]);
const options = { scoreThreshold: 0.5, topkCandidates: 100, nmsThreshold: 0.5, detectionsPerImage: 100 };
const size = { width: 100, height: 100 };
/** Three anchors apart, and one that covers the first. */
const anchors = Float32Array.of(0, 0, 20, 20, 40, 40, 60, 60, 80, 80, 110, 110, 1, 0, 20, 20);

/** Of one level of as many images as there are logits for, [N, 4, 3]. */
function detect(
  logits: number[],
  { centerness, deltas, ...changes }: Partial<typeof options> & { centerness?: number[]; deltas?: number[] },
) {
  const images = logits.length / 12;
  return readSync(() =>
    detectDensely(
      [
        {
          classLogits: tf.tensor3d(logits, [images, 4, 3]),
          boxDeltas: deltas ? tf.tensor3d(deltas, [images, 4, 4]) : tf.zeros([images, 4, 4]),
          ...(centerness && { centerness: tf.tensor3d(centerness, [images, 4, 1]) }),
        },
      ],
      [anchors],
      Array.from({ length: images }, () => size),
      coder,
      { ...options, ...changes },
    ),
  );
}

const LOW = -9;

test('pairs of anchor and label above the threshold, best first, clipped; column 0 is never emitted', () => {
  const [found] = detect([9, LOW, 1, 9, 2, 1, 9, 3, LOW, LOW, LOW, LOW], {});
  expect([...found.labels]).toEqual([1, 1, 2, 2]);
  expect([...found.boxes]).toEqual([80, 80, 100, 100, 40, 40, 60, 60, 0, 0, 20, 20, 40, 40, 60, 60]);
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  [3, 2, 1, 1].forEach((logit, i) => expect(found.scores[i]).toBeCloseTo(sigmoid(logit), 6));
});

test('a score that equals the threshold is too low', () => {
  const [found] = detect([LOW, 0, 1e-6, LOW, LOW, LOW, LOW, LOW, LOW, LOW, LOW, LOW], {});
  expect([...found.labels]).toEqual([2]);
});

test('what a better one of its label covers goes, another label stays', () => {
  const [found] = detect([LOW, 1, LOW, LOW, LOW, LOW, LOW, LOW, LOW, LOW, 2, 3], {});
  expect([...found.labels]).toEqual([2, 1]);
});

test('of each level the best, and of all the best', () => {
  const logits = [LOW, 1, LOW, LOW, 2, LOW, LOW, 3, LOW, LOW, LOW, LOW];
  const left = (changes: Partial<typeof options>) =>
    [...detect(logits, changes)[0].boxes].filter((_, i) => i % 4 === 0);
  expect(left({ topkCandidates: 2 })).toEqual([80, 40]);
  expect(left({ detectionsPerImage: 1 })).toEqual([80]);
});

test('with centerness the score is the root of both probabilities', () => {
  const logits = [LOW, 1, LOW, LOW, 9, LOW, LOW, 9, LOW, LOW, LOW, LOW];
  const [found] = detect(logits, { centerness: [2, -3, 9, 9] });
  expect([...found.boxes].filter((_, i) => i % 4 === 0)).toEqual([80, 0]);
  expect(found.scores[1]).toBeCloseTo(Math.sqrt(1 / (1 + Math.exp(-1)) / (1 + Math.exp(-2))), 6);
});

test('what is not a number is left out', () => {
  const logits = [LOW, NaN, LOW, LOW, 1, LOW, LOW, 2, LOW, LOW, LOW, LOW];
  const deltas = [0, 0, 0, 0, NaN, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  const [found] = detect(logits, { deltas });
  expect([...found.boxes]).toEqual([80, 80, 100, 100]);
});

test('images do not mix', () => {
  const nothing = new Array<number>(12).fill(LOW);
  const [first, second] = detect([...nothing, LOW, 1, LOW, ...nothing.slice(3)], {});
  expect(first.scores).toHaveLength(0);
  expect([...second.boxes]).toEqual([0, 0, 20, 20]);
});

test('a threshold of 0 and one of nearly 1 are no limits', () => {
  const logits = [LOW, -80, 40, ...new Array<number>(9).fill(LOW)];
  expect(detect(logits, { scoreThreshold: 0.9999999 })[0].scores).toHaveLength(1);
  expect(detect(logits, { scoreThreshold: 0, nmsThreshold: 1 })[0].scores).toHaveLength(8);
});
