import * as tf from '@tensorflow/tfjs-core';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import { WeightAverage } from '../../../detection/engine/weight-average';
import { BatchNorm } from '../../../detection/nn/normalization';
import type { TrainingState } from '../../../detection/engine/hooks';
import { ToyModel, toyBatches, valuesOf } from './toy-model';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

const after = (iteration: number) => ({ iteration }) as TrainingState;

/**
 * Expected: torch 2.13, with the class of torchvision's references (use_buffers) for decay 0.9:
 *
 *     m = torch.nn.BatchNorm2d(2); e = ExponentialMovingAverage(m, .9)
 *     for t in range(1, 6):
 *         <what the test sets>; e.update_parameters(m)
 *         if t <= 2: e.n_averaged.fill_(0)  # warm-up
 */
it("averages as torchvision's references, parameters and running statistics, from the end of the warm-up on", () => {
  const model = new BatchNorm(2);
  const average = new WeightAverage(model, { decay: 0.9, warmup: 2 });
  const expected = [
    [0.5, -1.0, 0.1, 0.3, 0.3333333432674408, -0.7],
    [1.0, -0.5, 0.4, 0.3, 0.6666666865348816, -1.4],
    [1.5, -0.3333333432674408, 0.9, 0.3, 1.0, -2.1],
    [1.5499999523162842, -0.32500001788139343, 0.97, 0.3, 1.0333333015441895, -2.17],
    [1.6449998617172241, -0.3125000298023224, 1.123, 0.3, 1.0966665744781494, -2.303],
  ];
  const set = (parameter: { variable: tf.Variable }, values: number[]) =>
    tf.tidy(() => parameter.variable.assign(tf.tensor1d(values)));
  const read = () =>
    [model.weight, model.bias, model.runningMean].flatMap(({ value }) => [...value.dataSync()]);
  for (let t = 1; t <= 5; t++) {
    set(model.weight, [0.5 * t, -1 / t]);
    set(model.bias, [(t * t) / 10, 0.3]);
    set(model.runningMean, [t / 3, -t * 0.7]);
    tf.tidy(() => model.numBatchesTracked.variable.assign(tf.scalar(t, 'int32')));
    average.afterStep(after(t));
    const own = read();
    average.duringSync(() => {
      read().forEach((value, k) => expect(value).toBeCloseTo(expected[t - 1][k], 6));
      expect(model.numBatchesTracked.value.dataSync()[0]).toBe(t);
    });
    expect(read()).toEqual(own);
  }
  average.dispose();
  model.dispose();
});

it('gives the model its own weights back, also when something fails', async () => {
  const model = new ToyModel();
  const average = new WeightAverage(model, { decay: 0.5, warmup: 0 });
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
  await train(toyBatches(), model, {
    optimizer,
    learningRate: constant(0.1),
    iterations: 4,
    hooks: [average],
  });
  const own = valuesOf(model);
  const failing = average.during(async () => {
    expect(valuesOf(model)).not.toEqual(own);
    await Promise.resolve();
    throw new Error('evaluation failed');
  });
  await expect(failing).rejects.toThrow('evaluation failed');
  expect(valuesOf(model)).toEqual(own);
  average.dispose();
  optimizer.dispose();
  model.dispose();
});

it('does not change what is trained, and keeps no average of what is frozen', async () => {
  const run = async (isAveraged: boolean) => {
    const model = new ToyModel();
    for (const [name, parameter] of model.namedParameters()) parameter.trainable = name !== 'conv.weight';
    const average = new WeightAverage(model, { decay: 0.5, warmup: 1 });
    const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
    const before = tf.memory().numTensors;
    await train(toyBatches(), model, {
      optimizer,
      learningRate: constant(0.1),
      iterations: 5,
      hooks: isAveraged ? [average] : [],
    });
    const tensors = tf.memory().numTensors - before;
    const values = valuesOf(model);
    average.dispose();
    optimizer.dispose();
    model.dispose();
    return { values, tensors };
  };
  const [plain, averaged] = [await run(false), await run(true)];
  expect(averaged.values).toEqual(plain.values);
  expect(averaged.tensors - plain.tensors).toBe(2);
});
