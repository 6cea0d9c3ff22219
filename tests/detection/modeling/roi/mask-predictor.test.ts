import * as tf from '@tensorflow/tfjs-core';
import { MaskRcnnPredictor } from '../../../../detection/modeling/roi/mask-predictor';
import { Parameter } from '../../../../detection/nn/module';
import { RandomStream } from '../../../../detection/nn/random';
import { expectSameGradients, random } from '../../nn/same-gradients';
import { expectNoTensorLeaks } from '../../tensor-leaks';

/** More than are worked on at a time. */
const NUM_ROIS = 37;
const NUM_CLASSES = 3;
const labels = Int32Array.from({ length: NUM_ROIS }, (_, i) => 1 + ((i * i) % NUM_CLASSES));
const targets = Float32Array.from({ length: NUM_ROIS * 36 }, (_, i) => 0.5 + 0.5 * Math.sin(i));

/** Upsamples all at once, predicts the masks of all labels, and takes each ROI's. */
function logitsByDefinition(values: Record<string, tf.Tensor>): tf.Tensor2D {
  const { x, weight, bias, filters, filterBias } = values;
  const shape: [number, number, number, number] = [NUM_ROIS, 6, 6, 5];
  const map = tf.relu(
    tf.add(tf.conv2dTranspose(x as tf.Tensor4D, weight as tf.Tensor4D, shape, 2, 'valid'), bias),
  );
  const all = tf.add(tf.conv2d(map as tf.Tensor4D, filters as tf.Tensor4D, 1, 'valid'), filterBias);
  const ofLabel = tf.oneHot(tf.tensor1d(labels, 'int32'), NUM_CLASSES + 1);
  const own = tf.sum(tf.mul(all, tf.reshape(ofLabel, [NUM_ROIS, 1, 1, -1])), 3);
  return tf.reshape(own, [NUM_ROIS, 36]);
}

expectNoTensorLeaks();

describe('the masks that a predictor gives', () => {
  let predictor: MaskRcnnPredictor;
  let x: Parameter;
  let parameters: Record<string, Parameter>;
  beforeEach(() => {
    predictor = new MaskRcnnPredictor(4, 5, NUM_CLASSES, new RandomStream(1, 'init'));
    x = new Parameter(random([NUM_ROIS, 3, 3, 4], 1), 'same', true);
    const entries = predictor.stateDict();
    parameters = {
      x,
      weight: entries.get('conv5_mask.weight')!,
      bias: entries.get('conv5_mask.bias')!,
      filters: entries.get('mask_fcn_logits.weight')!,
      filterBias: entries.get('mask_fcn_logits.bias')!,
    };
  });
  afterEach(() => {
    predictor.dispose();
    x.dispose();
  });

  test('are those of each ROI’s label, row by row', () => {
    tf.tidy(() => {
      const values = Object.fromEntries(
        Object.entries(parameters).map(([name, { value }]) => [name, value] as const),
      );
      const expected = logitsByDefinition(values).dataSync();
      const logits = predictor.forward(x.value as tf.Tensor4D, labels);
      expect(logits.shape).toEqual([NUM_ROIS, 36]);
      logits.dataSync().forEach((logit, i) => expect(logit).toBeCloseTo(expected[i], 4));
    });
  });

  test('have the loss, and by everything the gradient, of binary cross-entropy with all logits computed', () => {
    const wanted = tf.tensor2d(targets, [NUM_ROIS, 36]);
    expectSameGradients(
      parameters,
      () => predictor.loss(x.value as tf.Tensor4D, labels, targets),
      (values) => tf.losses.sigmoidCrossEntropy(wanted, logitsByDefinition(values)),
    );
    // The same where no gradient is asked for.
    const loss = predictor.loss(x.value as tf.Tensor4D, labels, targets);
    expect(Number.isFinite(loss.dataSync()[0])).toBe(true);
    tf.dispose([wanted, loss]);
  });
});
