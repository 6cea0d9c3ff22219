import * as tf from '@tensorflow/tfjs-core';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Parameter } from '../../../detection/nn/module';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

test('the gradient of a bilinear resize with half-pixel centers is that of its values', () => {
  const image = new Parameter(tf.zeros([1, 3, 2, 1]), 'same', true);
  const weights = Float32Array.from({ length: 24 }, (_, i) => Math.sin(i + 1));
  const weighted = (x: tf.Tensor4D): tf.Scalar =>
    tf.sum(tf.mul(tf.image.resizeBilinear(x, [6, 4], false, true), tf.tensor4d(weights, [1, 6, 4, 1])));
  const { losses, gradients } = lossesAndGradients(
    () => ({ loss: weighted(image.value as tf.Tensor4D) }),
    [['image', image]],
  );
  // The resize is linear: a gradient is the value of the image that is 1 at one pixel.
  const expected = Array.from({ length: 6 }, (_, pixel) =>
    tf.tidy(() => weighted(tf.reshape(tf.oneHot(pixel, 6), [1, 3, 2, 1])).dataSync()[0]),
  );
  expected.forEach((value, i) => expect(gradients.get('image')!.dataSync()[i]).toBeCloseTo(value, 5));
  tf.dispose([losses, [...gradients.values()]]);
  image.dispose();
});
