import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Parameter } from '../../../detection/nn/module';
import { roiAlign, type Rois } from '../../../detection/ops/roi-align';
import { describeShared, sharedPath } from '../../shared';

interface Golden {
  rois: number[][];
  scale: number;
  out: number;
  sr2_alignedFalse: number[];
  grad_of_sum_sq_sr2_alignedFalse: { sum: number; norm: number; row0: number[][] };
}

/** The golden's map [2, 3, 8, 10], sin(0.37 i) in NCHW order, as NHWC. */
function goldenFeature(): tf.Tensor4D {
  const nchw = tf.tensor4d(
    Float32Array.from({ length: 480 }, (_, i) => Math.sin(0.37 * i)),
    [2, 3, 8, 10],
  );
  return tf.transpose(nchw, [0, 2, 3, 1]);
}

beforeAll(async () => {
  await loadBackend();
});

describeShared('roiAlign against torchvision', () => {
  let golden: Golden;
  let rois: Rois;
  beforeAll(() => {
    const file = readFileSync(sharedPath('golden/golden_components.json'), 'utf8');
    golden = (JSON.parse(file) as { roi_align: Golden }).roi_align;
    rois = {
      boxes: Float32Array.from(golden.rois.flatMap((roi) => roi.slice(1))),
      imageIndices: Int32Array.from(golden.rois, (roi) => roi[0]),
    };
  });

  test('values', () => {
    const before = tf.memory().numTensors;
    const values = tf.tidy(() => {
      const pooled = roiAlign(goldenFeature(), rois, golden.scale, golden.out);
      return tf.transpose(pooled, [0, 3, 1, 2]).dataSync<'float32'>();
    });
    golden.sr2_alignedFalse.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 6));
    expect(values).toHaveLength(golden.sr2_alignedFalse.length);
    expect(tf.memory().numTensors).toBe(before);
  });

  test('gradient of the sum of squares', () => {
    const before = tf.memory().numTensors;
    const feature = new Parameter(tf.tidy(goldenFeature), 'same', true);
    const { losses, gradients } = lossesAndGradients(
      () => ({
        loss: tf.sum(tf.square(roiAlign(feature.value as tf.Tensor4D, rois, golden.scale, golden.out))),
      }),
      [['feature', feature]],
    );
    const { sum, norm, row0 } = golden.grad_of_sum_sq_sr2_alignedFalse;
    const nchw = tf.tidy(() => tf.transpose(gradients.get('feature')!, [0, 3, 1, 2]).dataSync<'float32'>());
    expect(nchw.reduce((a, b) => a + b, 0)).toBeCloseTo(sum, 4);
    expect(Math.sqrt(nchw.reduce((a, b) => a + b * b, 0))).toBeCloseTo(norm, 4);
    row0.flat().forEach((value, i) => expect(nchw[i]).toBeCloseTo(value, 6));
    tf.dispose([losses, [...gradients.values()]]);
    feature.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('roiAlign', () => {
  test('pools no ROI to nothing', () => {
    const feature: tf.Tensor4D = tf.ones([1, 4, 4, 5]);
    const pooled = roiAlign(feature, { boxes: new Float32Array(), imageIndices: new Int32Array() }, 1, 7);
    expect(pooled.shape).toEqual([0, 7, 7, 5]);
    tf.dispose([feature, pooled]);
  });

  test('pools more ROIs than one chunk as it pools each alone', () => {
    const feature = tf.tidy(goldenFeature);
    const count = 300;
    const boxes = Float32Array.from(
      { length: 4 * count },
      (_, i) => [i % 7, i % 5, 12 + (i % 23), 9 + (i % 19)][i % 4],
    );
    const imageIndices = Int32Array.from({ length: count }, (_, i) => i % 2);
    const all = tf.tidy(() => roiAlign(feature, { boxes, imageIndices }, 0.25, 2).dataSync<'float32'>());
    for (const roi of [0, 255, 256, 299]) {
      const one = {
        boxes: boxes.slice(4 * roi, 4 * roi + 4),
        imageIndices: imageIndices.slice(roi, roi + 1),
      };
      const alone = tf.tidy(() => roiAlign(feature, one, 0.25, 2).dataSync<'float32'>());
      expect(all.slice(12 * roi, 12 * (roi + 1))).toEqual(alone);
    }
    feature.dispose();
  });
});
