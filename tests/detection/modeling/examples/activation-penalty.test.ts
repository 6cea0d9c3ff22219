import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { withLoss } from '../../../../detection/engine/with-loss';
import { SparseClassifier } from '../../../../detection/modeling/examples/activation-penalty';
import { crossEntropy } from '../../../../detection/modeling/examples/classifier';
import { RandomStream } from '../../../../detection/nn/random';
import { accuracy, rays } from './points';
import { expectScalarsOnly, forever, trainWithSgd, valuesOf } from './training';

const PENALTY = 0.1;
const options = { iterations: 100, learningRate: 0.2 };

let tensorsBefore: number;

beforeAll(() => loadBackend());
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

const newModel = (penalty: number) => new SparseClassifier(3, penalty, new RandomStream(1, 'initial'));

it('makes hidden activations small and the classes no worse', async () => {
  const [training, unseen] = [rays(96, 1), rays(300, 2)];
  const trained = async (penalty: number) => {
    const model = newModel(penalty);
    await trainWithSgd(forever([training]), model, options);
    const activity = tf.tidy(() => {
      const means: number[] = [];
      model.forward(unseen.inputs, (activation) => means.push(tf.mean(activation).dataSync()[0]));
      return means.reduce((sum, mean) => sum + mean, 0);
    });
    const result = { activity, accuracy: accuracy(model.predict(unseen.inputs), unseen.targets) };
    model.dispose();
    return result;
  };
  const [free, penalized] = [await trained(0), await trained(PENALTY)];
  expect(penalized.activity).toBeLessThan(0.5 * free.activity);
  expect(penalized.accuracy).toBeGreaterThan(0.95);
  tf.dispose([training.inputs, unseen.inputs]);
});

it('trains to the same bits separated, where every hidden activation has to be an output', async () => {
  const training = rays(96, 1);
  const [inside, outside] = [newModel(PENALTY), newModel(PENALTY)];
  const numOutputs: number[] = [];
  const separated = withLoss(
    {
      forward: (points: tf.Tensor2D) => {
        const activations: tf.Tensor2D[] = [];
        return { logits: outside.forward(points, (activation) => activations.push(activation)), activations };
      },
      namedParameters: () => outside.namedParameters(),
      namedBuffers: () => outside.namedBuffers(),
      randomStreams: () => outside.randomStreams(),
    },
    ({ logits, activations }, targets: Int32Array) => {
      numOutputs.push(1 + activations.length);
      const penalties = activations.map((activation) => tf.mean<tf.Scalar>(tf.abs(activation)));
      const loss_activation = tf.mul<tf.Scalar>(tf.addN(penalties), PENALTY);
      return { loss_classifier: crossEntropy(logits, targets), loss_activation };
    },
  );
  const losses = await trainWithSgd(forever([training]), inside, { ...options, iterations: 10 });
  expect(await trainWithSgd(forever([training]), separated, { ...options, iterations: 10 })).toEqual(losses);
  expect(valuesOf(outside)).toEqual(valuesOf(inside));
  expect(numOutputs).toEqual(Array(10).fill(3));
  expectScalarsOnly(() => inside.losses(training));
  training.inputs.dispose();
  [inside, outside].forEach((model) => model.dispose());
});
