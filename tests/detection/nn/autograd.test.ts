import * as tf from '@tensorflow/tfjs-core';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Parameter } from '../../../detection/nn/module';
import { noGradient, recordOperation } from '../../../detection/nn/tfjs-internals';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

const parameter = (values: number[]): Parameter => new Parameter(tf.tensor1d(values), 'same', true);

/** Runs, reads and disposes everything. */
function run(
  forward: Parameters<typeof lossesAndGradients>[0],
  parameters: Record<string, Parameter>,
): { losses: Record<string, number>; gradients: Record<string, number[]> } {
  const { losses, gradients } = lossesAndGradients(forward, Object.entries(parameters));
  const result = {
    losses: Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]])),
    gradients: Object.fromEntries([...gradients].map(([name, gradient]) => [name, [...gradient.dataSync()]])),
  };
  tf.dispose([losses, [...gradients.values()]]);
  return result;
}

test('differentiates the sum of all losses', () => {
  const [a, b] = [parameter([1, 2]), parameter([3, 4])];
  const { losses, gradients } = run(
    () => ({ product: tf.sum(tf.mul(a.value, b.value)), square: tf.sum(tf.square(a.value)) }),
    { a, b },
  );
  expect(losses).toEqual({ product: 11, square: 5 });
  expect(gradients).toEqual({ a: [3 + 2, 4 + 4], b: [1, 2] });
  a.dispose();
  b.dispose();
});

test('adds up the gradients of a tensor that is used more than once, itself included', () => {
  const a = parameter([3]);
  const { gradients } = run(
    () => {
      const twice = tf.add(a.value, a.value);
      return { loss: tf.sum(tf.add(tf.mul(twice, twice), twice)) };
    },
    { a },
  );
  expect(gradients).toEqual({ a: [8 * 3 + 2] });
  a.dispose();
});

test('a loss that is a parameter itself, and one that depends on nothing', () => {
  const a = new Parameter(tf.scalar(2), 'same', true);
  const { gradients } = run(() => ({ itself: tf.add<tf.Scalar>(a.value, 0), constant: tf.scalar(1) }), {
    a,
  });
  expect(gradients).toEqual({ a: [1] });
  a.dispose();
});

test('leaves out parameters that no loss depends on, and what ran without gradients', () => {
  const [a, b, c] = [parameter([1]), parameter([2]), parameter([3])];
  const { gradients } = run(
    () => ({
      loss: tf.sum(
        tf.mul(
          a.value,
          noGradient(() => tf.square(b.value)),
        ),
      ),
    }),
    { a, b, c },
  );
  expect(gradients).toEqual({ a: [4] });
  for (const each of [a, b, c]) each.dispose();
});

test('an operation without a gradient is named, and nothing leaks', () => {
  const a = parameter([1, 5, 3]);
  const forward = () => ({ loss: tf.sum<tf.Scalar>(tf.mul(tf.topk(tf.square(a.value), 2).values, 2)) });
  expect(() => lossesAndGradients(forward, [['a', a]])).toThrow('operation TopK has no gradient');
  a.dispose();
});

test('does not nest, and works again after having refused to', () => {
  const a = parameter([1]);
  const inner = () => ({ loss: tf.sum<tf.Scalar>(tf.square(a.value)) });
  const outer = () => lossesAndGradients(inner, [['a', a]]).losses;
  expect(() => lossesAndGradients(outer, [['a', a]])).toThrow('do not nest');
  expect(run(inner, { a }).gradients).toEqual({ a: [2] });
  a.dispose();
});

test('inside a tidy, losses and gradients belong to the caller all the same', () => {
  const a = parameter([2]);
  const { losses, gradients } = tf.tidy(() => {
    const result = lossesAndGradients(() => ({ loss: tf.sum(tf.square(a.value)) }), [['a', a]]);
    return { losses: result.losses, gradients: Object.fromEntries(result.gradients) };
  });
  expect(gradients['a'].dataSync()[0]).toBe(4);
  tf.dispose([losses, gradients]);
  a.dispose();
});

test('frees what it has used: at the bottom of the backward few buffers are left', () => {
  const depth = 8;
  const weights = Array.from({ length: depth }, () => new Parameter(tf.fill([4, 4], 0.1), 'same', true));
  const x = new Parameter(tf.ones([2, 4]), 'same', true);
  let buffersAtBottom = 0;
  const forward = (): tf.Scalar => {
    const bottom = tf.clone(x.value);
    recordOperation('Probe', { x: x.value }, bottom, [], (dy) => ({
      x: () => {
        buffersAtBottom = tf.memory().numDataBuffers;
        return tf.clone(dy);
      },
    }));
    const layer = (y: tf.Tensor, weight: Parameter): tf.Tensor =>
      tf.tanh(tf.matMul(y as tf.Tensor2D, weight.value as tf.Tensor2D));
    return tf.sum(weights.reduce(layer, bottom));
  };
  const parameters = [...weights, x];
  const buffersBefore = tf.memory().numDataBuffers;

  const ours = lossesAndGradients(
    () => ({ loss: forward() }),
    parameters.map((each, i) => [String(i), each]),
  );
  tf.dispose([ours.losses, [...ours.gradients.values()]]);
  // The loss, the gradients of the weights, and the one that is being handed on.
  expect(buffersAtBottom - buffersBefore).toBeLessThanOrEqual(depth + 3);

  const theirs = tf.variableGrads(
    forward,
    parameters.map((each) => each.variable),
  );
  tf.dispose([theirs.value, theirs.grads]);
  expect(buffersAtBottom - buffersBefore).toBeGreaterThan(3 * depth);
  for (const each of parameters) each.dispose();
});
