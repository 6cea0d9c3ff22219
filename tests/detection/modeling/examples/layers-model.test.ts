import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { loadBackend } from '../../../../detection/backend/node';
import { constant } from '../../../../detection/engine/schedules';
import { Sgd } from '../../../../detection/engine/sgd';
import { train } from '../../../../detection/engine/train';
import { fromLayersModel } from '../../../../detection/modeling/examples/layers-model';
import { squaredError } from '../../../../detection/modeling/examples/multi-task';
import { RandomStream } from '../../../../detection/nn/random';
import { randomPoints } from './points';
import { expectScalarsOnly, trainWithSgd } from './training';

const STEPS = 12;
const BATCH = 16;
const LEARNING_RATE = 0.1;

beforeAll(() => loadBackend());

/** Convolution, batch normalization, dropout with a seed, and a regularizer: all that makes training differ. */
function kerasModel(): tfl.Sequential {
  const { layers } = tfl;
  return tfl.sequential({
    layers: [
      layers.reshape({ inputShape: [2], targetShape: [2, 1] }),
      layers.conv1d({
        filters: 8,
        kernelSize: 2,
        useBias: false,
        kernelInitializer: tfl.initializers.glorotNormal({ seed: 1 }),
      }),
      layers.batchNormalization({ momentum: 0.9 }),
      layers.reLU(),
      layers.flatten(),
      layers.dropout({ rate: 0.25, seed: 2 }),
      layers.dense({
        units: 1,
        kernelInitializer: tfl.initializers.glorotNormal({ seed: 3 }),
        kernelRegularizer: tfl.regularizers.l2({ l2: 0.01 }),
      }),
    ],
  });
}

/** What there is to learn: x * y. */
function batches() {
  const random = new RandomStream(1, 'products');
  return Array.from({ length: STEPS }, () => {
    const points = randomPoints(BATCH, random);
    const products = Float32Array.from({ length: BATCH }, (_, i) => points[2 * i] * points[2 * i + 1]);
    return { inputs: tf.tensor2d(points, [BATCH, 2]), targets: tf.tensor2d(products, [BATCH, 1]) };
  });
}

const disposeAll = (data: ReturnType<typeof batches>) =>
  tf.dispose(data.map(({ inputs, targets }) => [inputs, targets]));

const lossFunction = (output: tf.Tensor | tf.Tensor[], target: tf.Tensor) => ({
  loss_product: squaredError(output as tf.Tensor, target),
});

const weightsOf = (model: tfl.LayersModel) =>
  model.getWeights().map((weight) => Array.from(weight.dataSync()));

let tensorsBefore: number;

beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

describe('fromLayersModel', () => {
  it('gives a model the weights that its own training step gives it', async () => {
    const data = batches();
    const [ours, theirs] = [kerasModel(), kerasModel()];
    const initial = weightsOf(ours);
    expect(weightsOf(theirs)).toEqual(initial);

    const sgd = tf.train.sgd(LEARNING_RATE);
    theirs.compile({ optimizer: sgd, loss: 'meanSquaredError' });
    const theirLosses: number[] = [];
    for (const { inputs, targets } of data) {
      theirLosses.push((await theirs.trainOnBatch(inputs, targets)) as number);
    }

    const model = fromLayersModel(ours, lossFunction);
    const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
    const ourLosses: number[] = [];
    await train(data, model, {
      optimizer,
      learningRate: constant(LEARNING_RATE),
      iterations: STEPS,
      hooks: [
        {
          name: 'losses',
          afterStep: ({ storage }) => void ourLosses.push(storage.latest('total_loss')!.value),
        },
      ],
    });

    ourLosses.forEach((loss, step) => expect(loss).toBeCloseTo(theirLosses[step], 5));
    const [a, b] = [weightsOf(ours).flat(), weightsOf(theirs).flat()];
    a.forEach((weight, i) => expect(Math.abs(weight - b[i])).toBeLessThan(1e-5));
    weightsOf(ours).forEach((weight, i) => expect(weight).not.toEqual(initial[i]));

    expectScalarsOnly(() => model.losses(data[0]));
    disposeAll(data);
    ours.dispose();
    theirs.dispose();
    sgd.dispose();
    optimizer.dispose();
  });

  it('leaves frozen layers alone, and tells them from trained ones', async () => {
    const { layers } = tfl;
    const keras = tfl.sequential({
      layers: [layers.dense({ units: 4, inputShape: [2], trainable: false }), layers.dense({ units: 1 })],
    });
    const before = weightsOf(keras);
    const model = fromLayersModel(keras, lossFunction);
    const data = batches();
    await trainWithSgd(data, model, { iterations: 2, learningRate: LEARNING_RATE });
    // Keras lists trained weights first.
    const [trainedKernel, trainedBias, ...frozen] = weightsOf(keras);
    expect(frozen).toEqual(before.slice(2));
    expect(trainedKernel).not.toEqual(before[0]);
    expect(trainedBias).not.toEqual(before[1]);
    expect([...model.namedParameters()]).toHaveLength(2);
    expect([...model.namedBuffers()]).toHaveLength(2);
    disposeAll(data);
    keras.dispose();
  });

  it('refuses constraints', () => {
    const { dense } = tfl.layers;
    const kernelConstraint = tfl.constraints.nonNeg();
    const keras = tfl.sequential({ layers: [dense({ units: 1, inputShape: [2], kernelConstraint })] });
    expect(() => fromLayersModel(keras, lossFunction)).toThrow(/kernel has a constraint/);
    keras.dispose();
  });
});
