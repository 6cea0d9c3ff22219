import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { RpnHead } from '../../../../detection/modeling/rpn/rpn-head';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import { Parameter } from '../../../../detection/nn/module';
import { RandomStream } from '../../../../detection/nn/random';

beforeAll(async () => {
  await loadBackend();
});

test.each([1, 2])('%i convolutions: some anchors alone get the same predictions and gradients', (depth) => {
  const before = tf.memory().numTensors;
  const [channels, anchorsPerLocation] = [6, 3];
  const head = new RpnHead(channels, anchorsPerLocation, new RandomStream(1, 'init'), depth);
  // Larger than they are initialized, biases too: a border that were not zero would show.
  for (const [, { variable }] of head.namedParameters()) {
    tf.tidy(() => variable.assign(tf.add(tf.mul(variable, 30), 0.3)));
  }
  const levels = [
    [2, 5, 4],
    [2, 2, 2],
    [2, 1, 1],
  ].map(
    ([batch, height, width], seed) =>
      new Parameter(
        tf.randomNormal([batch, height, width, channels], 0, 1, 'float32', seed + 1),
        'same',
        true,
      ),
  );
  const numAnchors = (20 + 4 + 1) * anchorsPerLocation;
  // Corners, an inner pixel, both images, every level, one twice.
  const anchors = Int32Array.from([149, 0, 19, 59, 60, 74, 75, 100, 27, 0, 135]);
  const parameters: [string, Parameter][] = [
    ...head.namedParameters(),
    ...levels.map((level, i): [string, Parameter] => [`level${i}`, level]),
  ];
  const run = (predict: (features: tf.Tensor4D[]) => { logits: tf.Tensor1D; deltas: tf.Tensor2D }) =>
    lossesAndGradients(() => {
      const { logits, deltas } = predict(levels.map((level) => level.value as tf.Tensor4D));
      const weights = tf.range(1, 1 + anchors.length);
      return {
        logits: tf.sum(tf.mul(tf.sigmoid(logits), weights)),
        deltas: tf.sum(tf.mul(tf.sigmoid(deltas), tf.expandDims(weights, 1))),
      };
    }, parameters);
  const all = run((features) => {
    const { objectnessLogits, boxDeltas } = head.forward(features);
    expect(objectnessLogits.shape).toEqual([2, numAnchors]);
    const indices = tf.tensor1d(anchors, 'int32');
    return {
      logits: tf.gather(tf.reshape(objectnessLogits, [-1]), indices),
      deltas: tf.gather(tf.reshape(boxDeltas, [-1, 4]), indices),
    };
  });
  const some = run((features) => head.forwardAt(head.surroundings(features, anchors)));
  const values = ({ losses, gradients }: typeof all) =>
    [...Object.entries(losses), ...gradients].map(([name, tensor]) => ({ name, of: [...tensor.dataSync()] }));
  const [expected, actual] = [values(all), values(some)];
  expect(actual.map(({ name }) => name)).toEqual(expected.map(({ name }) => name));
  actual.forEach(({ of }, k) => {
    const error = Math.hypot(...of.map((value, i) => value - expected[k].of[i]));
    expect(error).toBeLessThanOrEqual(1e-6 * Math.hypot(...expected[k].of));
  });
  for (const { losses, gradients } of [all, some]) tf.dispose([losses, [...gradients.values()]]);
  for (const [, parameter] of parameters) parameter.dispose();
  expect(tf.memory().numTensors).toBe(before);
});
