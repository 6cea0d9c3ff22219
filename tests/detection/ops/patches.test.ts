import * as tf from '@tensorflow/tfjs-core';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Parameter } from '../../../detection/nn/module';
import { gatherPatches } from '../../../detection/ops/patches';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

/** 1, 2, 3, ... */
const map = (shape: [number, number, number, number]): tf.Tensor4D =>
  tf.tidy(() => tf.reshape(tf.range(1, 1 + tf.util.sizeFromShape(shape)), shape));

test('cuts squares in the order asked for, zeros outside of the map', () => {
  const features = [map([2, 2, 3, 1]), map([2, 1, 1, 1])];
  const pixels = { levels: Int32Array.from([1, 0, 0]), positions: Int32Array.from([1, 5, 6]) };
  const { patches, inside } = gatherPatches(features, pixels, 3);
  expect(patches.shape).toEqual([3, 3, 3, 1]);
  expect([...patches.dataSync()]).toEqual(
    [
      // The second image of the small map.
      [0, 0, 0, 0, 2, 0, 0, 0, 0],
      // The last pixel of the first image: nothing of the second image beside it.
      [2, 3, 0, 5, 6, 0, 0, 0, 0],
      // The first pixel of the second image.
      [0, 0, 0, 0, 7, 8, 0, 10, 11],
    ].flat(),
  );
  expect([...inside.dataSync()]).toEqual([...patches.dataSync()].map((value) => (value > 0 ? 1 : 0)));
  tf.dispose([...features, patches, inside]);
});

test('gradients of patches that overlap add up, those outside of the map are dropped', () => {
  const features = [map([1, 2, 2, 2]), map([1, 1, 1, 2])];
  const parameters = features.map((feature) => new Parameter(feature, 'same', true));
  const pixels = { levels: Int32Array.from([0, 0]), positions: Int32Array.from([0, 3]) };
  const { losses, gradients } = lossesAndGradients(
    () => {
      const levels = parameters.map((each) => each.value as tf.Tensor4D);
      return { loss: tf.sum(tf.square(gatherPatches(levels, pixels, 3).patches)) };
    },
    parameters.map((parameter, level) => [String(level), parameter]),
  );
  // Each of the four pixels is in both patches.
  expect([...gradients.get('0')!.dataSync()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((x) => 2 * 2 * x));
  // As torch: zeros, not nothing, where no pixel was asked for.
  expect([...gradients.get('1')!.dataSync()].every((value) => value === 0)).toBe(true);
  tf.dispose([losses, [...gradients.values()]]);
  for (const parameter of parameters) parameter.dispose();
});

test('the gradient is the same where another operation has contributed before', () => {
  const parameter = new Parameter(map([1, 3, 2, 2]), 'same', true);
  const pixels = { levels: Int32Array.from([0, 0, 0]), positions: Int32Array.from([4, 0, 4]) };
  const run = (rest: (feature: tf.Tensor4D) => tf.Scalar): number[] => {
    const { losses, gradients } = lossesAndGradients(() => {
      const feature = parameter.value as tf.Tensor4D;
      const loss = tf.sum<tf.Scalar>(tf.square(gatherPatches([feature], pixels, 3).patches));
      return { loss, rest: rest(feature) };
    }, [['feature', parameter]]);
    const values = [...gradients.get('feature')!.dataSync()];
    tf.dispose([losses, [...gradients.values()]]);
    return values;
  };
  const alone = run(() => tf.scalar(0));
  const square = [...parameter.value.dataSync()].map((x) => 2 * x);
  // The backward comes to this operation first.
  expect(run((feature) => tf.sum(tf.square(feature)))).toEqual(alone.map((x, i) => x + square[i]));
  parameter.dispose();
});
