import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { RandomStream } from '../../../detection/nn/random';
import { batchImages } from '../../../detection/structures/image-batch';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import type { Targets } from '../../../detection/structures/instances';
import { expectNoTensorLeaks } from '../tensor-leaks';

beforeAll(async () => {
  await loadBackend();
});
expectNoTensorLeaks();

const SIDE = 64;
const everywhere = Float32Array.of(-1000, -1000, 2000, 2000);
const none: Targets = { boxes: new Float32Array(0), labels: new Int32Array(0) };
const one: Targets = { boxes: Float32Array.of(4, 4, 40, 44), labels: Int32Array.of(1) };

function build(name: string): Detector {
  const isFixed = name.startsWith('ssd');
  return createDetector(name, {
    categories: ['cat', 'dog'],
    norm: 'batch',
    seed: 5,
    ...(!isFixed && { input: torchvisionInput({ minSize: SIDE, maxSize: SIDE }) }),
  });
}

/** Losses of a step on one picture of noise, and the square of the norm of all gradients. */
function step(model: Detector, target: Targets): Record<string, number> {
  const random = new RandomStream(3, 'picture');
  const picture = (): { pixels: Uint8Array; size: { height: number; width: number } } => ({
    pixels: Uint8Array.from({ length: SIDE * SIDE * 3 }, () => random.integer(256)),
    size: { height: SIDE, width: SIDE },
  });
  for (const stream of model.randomStreams()) stream.seek(0);
  // Two, for the statistics of the batch.
  const images = batchImages([picture(), picture()], model.input);
  const trained = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
  const batch = { images, targets: [target, target], imageIds: [0, 1] };
  const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trained);
  const values = Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]]));
  const norm = [...gradients.values()].reduce(
    (sum, gradient) => sum + gradient.dataSync<'float32'>().reduce((part, value) => part + value ** 2, 0),
    0,
  );
  tf.dispose([losses, [...gradients.values()], images.tensor]);
  return { ...values, norm };
}

describe.each(['fasterrcnn_tiny_fpn', 'retinanet_tiny_fpn', 'fcos_tiny_fpn', 'ssdlite320_tiny'])(
  '%s',
  (name) => {
    test('what lies in a region teaches nothing; objects there still do', () => {
      const model = build(name);
      for (const value of Object.values(step(model, { ...none, ignored: everywhere }))) {
        expect(value).toBe(0);
      }

      const open = step(model, one);
      const ignoring = step(model, { ...one, ignored: everywhere });
      for (const value of Object.values(ignoring)) expect(value).toBeGreaterThan(0);
      // Without background, the losses of the classes are others.
      expect(ignoring).not.toEqual(open);
      // A region elsewhere changes nothing, to the bit.
      const far = Float32Array.of(1000, 1000, 1100, 1100);
      expect(step(model, { ...one, ignored: far })).toEqual(open);
      model.dispose();
    });
  },
);
