import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Parameter } from '../../../detection/nn/module';
import { roiAlign } from '../../../detection/ops/roi-align';
import { DETECTRON2_SAMPLING, type Rois } from '../../../detection/ops/roi-pooling';
import { describeShared, sharedPath } from '../../shared';

interface Golden {
  rois: number[][];
  scale: number;
  out: number;
  sr2_alignedFalse: number[];
  sr0_alignedTrue: number[];
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

  test('values where a bin has as many samples as pixels, aligned', () => {
    const values = tf.tidy(() => {
      const pooled = roiAlign(goldenFeature(), rois, golden.scale, golden.out, DETECTRON2_SAMPLING);
      return tf.transpose(pooled, [0, 3, 1, 2]).dataSync<'float32'>();
    });
    golden.sr0_alignedTrue.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 6));
    expect(values).toHaveLength(golden.sr0_alignedTrue.length);
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
    const count = 600;
    const boxes = Float32Array.from(
      { length: 4 * count },
      (_, i) => [i % 7, i % 5, 12 + (i % 23), 9 + (i % 19)][i % 4],
    );
    const imageIndices = Int32Array.from({ length: count }, (_, i) => i % 2);
    const all = tf.tidy(() => roiAlign(feature, { boxes, imageIndices }, 0.25, 2).dataSync<'float32'>());
    for (const roi of [0, 255, 511, 512, 599]) {
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

interface AlignedGolden {
  shape: [number, number, number, number];
  scale: number;
  size: number;
  rois: number[][];
  values: number[];
  gradient_of_sum_of_squares: number[];
}

describe('roiAlign, aligned and adaptively sampled, against torchvision', () => {
  const file = readFileSync(path.join(__dirname, 'roi-align-golden.json'), 'utf8');
  const golden = JSON.parse(file) as AlignedGolden;
  const rois: Rois = {
    boxes: Float32Array.from(golden.rois.flatMap((roi) => roi.slice(1))),
    imageIndices: Int32Array.from(golden.rois, (roi) => roi[0]),
  };
  const feature = (): tf.Tensor4D => {
    const size = tf.util.sizeFromShape(golden.shape);
    const values = Float32Array.from({ length: size }, (_, i) =>
      Math.sin(Math.fround(Math.fround(0.37) * i)),
    );
    return tf.transpose(tf.tensor4d(values, golden.shape), [0, 2, 3, 1]);
  };

  test('values and gradient: of regions without extent, too, and beyond the map', () => {
    const before = tf.memory().numTensors;
    const map = new Parameter(tf.tidy(feature), 'same', true);
    let values: Float32Array = new Float32Array();
    const { losses, gradients } = lossesAndGradients(() => {
      const pooled = roiAlign(map.value as tf.Tensor4D, rois, golden.scale, golden.size, DETECTRON2_SAMPLING);
      values = tf.tidy(() => tf.transpose(pooled, [0, 3, 1, 2]).dataSync<'float32'>());
      return { loss: tf.sum(tf.square(pooled)) };
    }, [['map', map]]);
    const gradient = tf.tidy(() => tf.transpose(gradients.get('map')!, [0, 3, 1, 2]).dataSync<'float32'>());
    expectClose(values, golden.values, 3e-6);
    expectClose(gradient, golden.gradient_of_sum_of_squares, 1e-5);
    tf.dispose([losses, [...gradients.values()]]);
    map.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  test('many ROIs, which go in several chunks, are pooled as each alone', () => {
    const before = tf.memory().numTensors;
    const map = tf.tidy(feature);
    const count = 600;
    const all: Rois = {
      boxes: Float32Array.from(
        { length: 4 * count },
        (_, i) => [i % 7, i % 5, 30 + (i % 37), 9 + (i % 38)][i % 4],
      ),
      imageIndices: Int32Array.from({ length: count }, (_, i) => i % 2),
    };
    const pool = (some: Rois): Float32Array =>
      tf.tidy(() => roiAlign(map, some, 0.25, 2, DETECTRON2_SAMPLING).dataSync<'float32'>());
    const together = pool(all);
    for (const roi of [0, 1, 255, 256, 598, 599]) {
      const one = {
        boxes: all.boxes.slice(4 * roi, 4 * roi + 4),
        imageIndices: all.imageIndices.slice(roi, roi + 1),
      };
      expect(together.slice(12 * roi, 12 * (roi + 1))).toEqual(pool(one));
    }
    map.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});

function expectClose(actual: Float32Array, expected: readonly number[], tolerance: number): void {
  expect(actual).toHaveLength(expected.length);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(actual[i] - value)), 0);
  expect(worst).toBeLessThan(tolerance);
}
