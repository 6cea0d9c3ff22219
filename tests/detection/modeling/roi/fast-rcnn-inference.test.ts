import { fasterRcnnDefaults } from '../../../../detection/modeling/faster-rcnn-defaults';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { fastRcnnInference } from '../../../../detection/modeling/roi/fast-rcnn-inference';
import type { Detections } from '../../../../detection/structures/instances';

const { roi } = fasterRcnnDefaults;
const coder = new BoxCoder(roi.bboxWeights);
const imageSize = { height: 100, width: 200 };

function postprocess(
  probabilities: readonly number[],
  proposals: readonly number[],
  deltas: Float32Array = new Float32Array(probabilities.length * 4),
  detectionsPerImage: number = roi.detectionsPerImage,
): Detections {
  return fastRcnnInference(
    Float32Array.from(probabilities),
    deltas,
    Float32Array.from(proposals),
    imageSize,
    coder,
    { ...roi, detectionsPerImage },
  );
}

describe('inference of Fast R-CNN', () => {
  it('drops the background and gives every class a box, best first, in pixels of the resized image', () => {
    const { boxes, scores, labels } = postprocess(
      [0.9, 0.06, 0.04, 0, 0.25, 0.75],
      [10, 10, 30, 30, 100, 20, 120, 40],
    );
    expect([...labels]).toEqual([2, 1, 1]);
    expect([...scores]).toEqual([0.75, 0.25, Math.fround(0.06)]);
    expect([...boxes]).toEqual([100, 20, 120, 40, 100, 20, 120, 40, 10, 10, 30, 30]);
  });

  it('takes each class its own deltas', () => {
    const deltas = new Float32Array(12);
    deltas[4] = 5;
    deltas[8] = -5;
    const { boxes, labels } = postprocess([0, 0.6, 0.4], [100, 20, 120, 40], deltas);
    expect([...labels]).toEqual([1, 2]);
    expect([...boxes]).toEqual([110, 20, 130, 40, 90, 20, 110, 40]);
  });

  it('suppresses within a class alone', () => {
    const { scores, labels } = postprocess([0, 0.8, 0.2, 0, 0.7, 0.3], [10, 10, 30, 30, 10, 10, 30, 31]);
    expect([...labels]).toEqual([1, 2]);
    expect([...scores]).toEqual([0.8, 0.3].map(Math.fround));
  });

  it('clips to the image and drops the small', () => {
    const proposals = [-20, -10, 30, 30, 150, 50, 250, 150, 199.995, 10, 230, 40];
    const { boxes } = postprocess([0, 0.9, 0, 0.8, 0, 0.7], proposals);
    expect([...boxes]).toEqual([0, 0, 30, 30, 150, 50, 200, 100]);
  });

  it('keeps what is above the threshold, not at it, and the best so many', () => {
    const threshold = Math.fround(roi.scoreThreshold);
    expect(postprocess([1, threshold], [0, 0, 10, 10]).scores).toHaveLength(0);
    expect(postprocess([1, threshold + 1e-8], [0, 0, 10, 10]).scores).toHaveLength(1);
    const many = postprocess(
      [0, 0.5, 0, 0.7, 0, 0.6],
      [0, 0, 5, 5, 10, 0, 15, 5, 20, 0, 25, 5],
      undefined,
      2,
    );
    expect([...many.scores]).toEqual([0.7, 0.6].map(Math.fround));
  });

  it('drops what is not a number', () => {
    const deltas = new Float32Array(16);
    deltas.set([NaN, 0, 0, 0], 4);
    const boxes = [10, 10, 30, 30, 60, 60, 90, 90];
    expect(postprocess([0.1, 0.9, 0.1, 0.9], boxes, deltas).scores).toHaveLength(1);
    expect(postprocess([NaN, NaN, NaN, NaN], boxes).scores).toHaveLength(0);
    expect(postprocess([0.1, 0.9, 0.1, 0.9], boxes, deltas.fill(Infinity)).scores).toHaveLength(0);
  });

  it('takes no proposals', () => {
    expect(postprocess([], [])).toEqual({
      boxes: new Float32Array(0),
      scores: new Float32Array(0),
      labels: new Int32Array(0),
    });
  });
});
