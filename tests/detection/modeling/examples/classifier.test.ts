import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { withLoss } from '../../../../detection/engine/with-loss';
import { Classifier, classificationLoss } from '../../../../detection/modeling/examples/classifier';
import { RandomStream } from '../../../../detection/nn/random';
import { accuracy, rays } from './points';
import { expectScalarsOnly, forever, trainWithSgd, valuesOf } from './training';

beforeAll(() => loadBackend());

describe('a classifier, where separation is fine', () => {
  it('trains to the same bits with its loss inside and outside, and learns', async () => {
    const tensorsBefore = tf.memory().numTensors;
    const [training, unseen] = [rays(96, 1), rays(300, 2)];
    const inside = new Classifier(3, new RandomStream(1, 'initial'));
    const outside = new Classifier(3, new RandomStream(1, 'initial'));
    const options = { iterations: 60, learningRate: 0.3 };

    const losses = await trainWithSgd(forever([training]), inside, options);
    expect(await trainWithSgd(forever([training]), withLoss(outside, classificationLoss), options)).toEqual(
      losses,
    );
    expect(valuesOf(outside)).toEqual(valuesOf(inside));

    expect(losses['loss_classifier']).toBeLessThan(0.15);
    expect(accuracy(inside.predict(unseen.inputs), unseen.targets)).toBeGreaterThan(0.95);
    expectScalarsOnly(() => inside.losses(training));
    tf.dispose([training, unseen].map(({ inputs }) => inputs));
    inside.dispose();
    outside.dispose();
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });
});
