import * as tf from '@tensorflow/tfjs-core';
import { readAsync, readSync, type Reading } from '../../../detection/nn/reading';
import { expectNoTensorLeaks } from '../tensor-leaks';

/** Reads two tensors, and one that depends on what they are; one tensor lives on from the first part. */
function* sumOfSquares(input: readonly number[]): Reading<number> {
  const x = tf.tensor1d([...input]);
  const [values, squares] = yield [x, tf.square(x)];
  expect([...values]).toEqual(input);
  const [sum] = yield [tf.sum(tf.add(x, tf.tensor1d([...squares])))];
  return sum[0];
}

function* inner(input: readonly number[]): Reading<number> {
  const first = yield* sumOfSquares(input);
  return first + (yield* sumOfSquares([first]));
}

describe('a computation that reads tensors on its way', () => {
  expectNoTensorLeaks();

  it('comes to the same with both drivers, also where it is made of others', async () => {
    expect(readSync(() => sumOfSquares([1, 2]))).toBe(8);
    expect(await readAsync(() => sumOfSquares([1, 2]))).toBe(8);
    expect(await readAsync(() => inner([1]))).toBe(readSync(() => inner([1])));
  });

  it('leaves others alone that go on meanwhile, tidies too', async () => {
    const mine = tf.tensor1d([1]);
    const under = Promise.all([readAsync(() => sumOfSquares([1])), readAsync(() => inner([2, 3]))]);
    const other = tf.tidy(() => tf.add(mine, tf.scalar(1)));
    await Promise.resolve();
    const another = tf.tidy(() => tf.add(other, tf.scalar(1)));
    expect(await under).toEqual([2, readSync(() => inner([2, 3]))]);
    expect([other, another].map((tensor) => tensor.dataSync()[0])).toEqual([2, 3]);
    tf.dispose([mine, other, another]);
  });

  it.each(['at once', 'after a read'])('frees everything when it fails %s', async (when) => {
    function* failing(): Reading<never> {
      const x = tf.tensor1d([1]);
      if (when !== 'at once') yield [tf.square(x)];
      tf.square(x);
      throw new Error('broken');
    }
    expect(() => readSync(failing)).toThrow('broken');
    await expect(readAsync(failing)).rejects.toThrow('broken');
  });
});
