import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { LiveBytesMeter } from '../../../tools/memory/live-bytes';
import { probeBatch } from '../../../tools/memory/probe-batch';
import { stepBytes } from '../../../tools/memory/step-bytes';

beforeAll(async () => {
  await loadBackend();
});

const shape = { images: 1, height: 256, width: 320 };

/** Of a step at full size, as the extrapolation must come out. */
function measured(model: ReturnType<typeof createDetector>): number {
  const meter = LiveBytesMeter.start();
  const batch = probeBatch(model, shape);
  const trained = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
  const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trained);
  tf.dispose([losses, [...gradients.values()], batch.images.tensor]);
  meter.stop();
  return meter.highWaterMark!.bytes;
}

test.each(['fasterrcnn_tiny_fpn', 'maskrcnn_tiny_fpn'])(
  'the extrapolated bytes of a step of %s are those of one at full size to 5 %%, and the model stays what it was',
  (name) => {
    const model = createDetector(name, { numClasses: 2, norm: 'batch', seed: 0 });
    const before = tf.memory().numTensors;
    const statistics = [...model.namedBuffers()].map(([, { value }]) => Array.from(value.dataSync()));
    const { forward, backward } = stepBytes(model, shape);
    expect(tf.memory().numTensors).toBe(before);
    expect([...model.namedBuffers()].map(([, { value }]) => Array.from(value.dataSync()))).toEqual(
      statistics,
    );
    const exact = measured(model);
    expect(Math.max(forward, backward) / exact).toBeGreaterThan(0.95);
    expect(Math.max(forward, backward) / exact).toBeLessThan(1.05);
    model.dispose();
  },
);

test('of a model that takes one size of pictures fewer of them are measured', () => {
  const model = createDetector('fasterrcnn_tiny_fpn', { numClasses: 2, norm: 'batch', seed: 0 });
  const resize = { kind: 'fixed', height: 128, width: 128 };
  const fixed = Object.create(model, { input: { value: { ...model.input, resize } } }) as typeof model;
  const of = (images: number): number => {
    const { forward, backward } = stepBytes(fixed, { images, height: 128, width: 128 });
    return Math.max(forward, backward);
  };
  const [two, three, eight] = [2, 3, 8].map(of);
  expect(three).toBeGreaterThan(two);
  expect(eight).toBeCloseTo(two + 6 * (three - two), 0);
  model.dispose();
});

test('leaks nothing where the step fails', () => {
  const model = createDetector('fasterrcnn_tiny_fpn', { numClasses: 2, norm: 'batch', seed: 0 });
  const before = tf.memory().numTensors;
  const broken = Object.create(model, {
    losses: {
      value: () => {
        throw new Error('no losses');
      },
    },
  }) as typeof model;
  expect(() => stepBytes(broken, shape)).toThrow('no losses');
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});
