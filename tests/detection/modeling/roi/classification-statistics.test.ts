import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { classificationStatistics } from '../../../../detection/modeling/roi/classification-statistics';

beforeAll(() => loadBackend());

/** One row for each predicted label of 0, 1 and 2. */
const statistics = (predicted: readonly number[], labels: readonly number[]): Record<string, number> => {
  const logits = tf.tensor2d(
    predicted.flatMap((best) => [0, 1, 2].map((k) => (k === best ? 1 : -1))),
    [predicted.length, 3],
  );
  try {
    return classificationStatistics(logits, Int32Array.from(labels));
  } finally {
    logits.dispose();
  }
};

describe('classificationStatistics', () => {
  it("counts as detectron2's _log_classification_stats", () => {
    expect(statistics([0, 1, 2, 1, 0], [0, 1, 1, 0, 2])).toEqual({
      'fast_rcnn/cls_accuracy': 2 / 5,
      'fast_rcnn/fg_cls_accuracy': 1 / 3,
      'fast_rcnn/false_negative': 1 / 3,
    });
  });

  it('says nothing of what is not there', () => {
    expect(statistics([0, 1], [0, 0])).toEqual({ 'fast_rcnn/cls_accuracy': 1 / 2 });
    expect(statistics([], [])).toEqual({});
    expect(tf.memory().numTensors).toBe(0);
  });
});
