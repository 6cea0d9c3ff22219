import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { NormNotLoadedError } from '../../../detection/nn/norm-errors';
import { thrownBy } from '../../thrown';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { asLoaded } from './as-loaded';
import { describeGoldenDetector } from './golden-detector';
import { buildTinyGolden, tinyImages } from './tiny-golden';

describeGoldenDetector('a tiny Faster R-CNN', 'frcnn', buildTinyGolden);

describe('a detector that waits for pretrained weights', () => {
  beforeAll(() => loadBackend());
  expectNoTensorLeaks();

  test('refuses to train without', () => {
    const model = createDetector('fasterrcnn_tiny_fpn', { numClasses: 2, seed: 0 });
    const images = tinyImages([0]);
    const targets = [{ boxes: Float32Array.of(10, 10, 60, 70), labels: Int32Array.of(1) }];
    const batch = { images, targets, imageIds: [0] };
    const before = tf.memory().numTensors;
    const named = [...model.namedParameters()];
    const error = thrownBy(() => lossesAndGradients(() => model.losses(batch), named));
    expect(error).toBeInstanceOf(NormNotLoadedError);
    expect(error).toMatchObject({ code: 'norm-not-loaded' });
    expect(tf.memory().numTensors).toBe(before);
    asLoaded(model);
    const { losses, gradients } = lossesAndGradients(() => model.losses(batch), named);
    tf.dispose([losses, [...gradients.values()], images.tensor]);
    model.dispose();
  });
});
