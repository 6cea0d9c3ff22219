import { ssdCandidates } from '../../../../detection/modeling/dense/ssd-inference';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';

const coder = new BoxCoder([10, 10, 5, 5]);
const size = { height: 100, width: 100 };
const options = { scoreThreshold: 0.25, topkCandidates: 2 };
const anchors = Float32Array.of(...[0, 0, 20, 20], ...[30, 30, 50, 50], ...[60, 60, 120, 80]);
/** A quarter of the width to the right. */
const deltas = Float32Array.of(...[2.5, 0, 0, 0], ...[0, 0, 0, 0], ...[0, 0, 0, 0]);

function candidates(probabilities: readonly (readonly number[])[], given = deltas) {
  const { boxes, labels, scores } = ssdCandidates(
    Float32Array.from(probabilities.flat()),
    given,
    anchors,
    size,
    coder,
    options,
  );
  return { boxes: [...boxes], labels: [...labels], scores: [...scores] };
}

test('label by label the best boxes that are likely enough, moved and inside the image', () => {
  const found = candidates([
    [0.25, 0.25, 0.5],
    [0.125, 0.5, 0.375],
    [0.0625, 0.3125, 0.625],
  ]);
  // 0.25 is not above the threshold, and of label 2 the least of three is left out; label 0 is background.
  expect(found).toEqual({
    labels: [1, 1, 2, 2],
    scores: [0.5, 0.3125, 0.625, 0.5],
    boxes: [...[30, 30, 50, 50], ...[60, 60, 100, 80], ...[60, 60, 100, 80], ...[5, 0, 25, 20]],
  });
});

test('of equal scores the lower index comes first', () => {
  const { labels, boxes } = candidates(Array(3).fill([0, 0.5, 0]));
  expect(labels).toEqual([1, 1]);
  expect(boxes).toEqual([...[5, 0, 25, 20], ...[30, 30, 50, 50]]);
});

test('what is not a number is left out', () => {
  const broken = deltas.slice();
  broken[4] = NaN;
  const found = candidates(
    [
      [0, NaN, 0.5],
      [0, 0.5, 0.5],
      [0, 0.5, 0],
    ],
    broken,
  );
  expect(found.labels).toEqual([1, 2]);
  expect(found.boxes).toEqual([...[60, 60, 100, 80], ...[5, 0, 25, 20]]);
});

test('nothing may be found', () => {
  expect(candidates(Array(3).fill([1, 0, 0]))).toEqual({ boxes: [], labels: [], scores: [] });
});
