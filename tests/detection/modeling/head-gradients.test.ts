import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../../detection/nn/trainable';
import type { FasterRcnn } from '../../../detection/modeling/faster-rcnn';
import { fasterRcnnModel } from '../../../detection/modeling/definitions/faster-rcnn';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import type { HeadGradients } from '../../../detection/nn/head-losses';
import { RandomStream } from '../../../detection/nn/random';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { describeShared, sharedPath } from '../../shared';
import { buildTinyGolden, loadGolden, tinyBatch, trainable } from './tiny-golden';
import { asLoaded } from './as-loaded';
import { expectNoTensorLeaks } from '../tensor-leaks';

interface Step {
  losses: Record<string, number>;
  gradients: Map<string, Float32Array>;
}

expectNoTensorLeaks();

function step(model: FasterRcnn, forward: () => Losses): Step {
  const { losses, gradients } = lossesAndGradients(forward, trainable(model));
  const result = {
    losses: Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]])),
    gradients: new Map([...gradients].map(([name, each]) => [name, each.dataSync<'float32'>()])),
  };
  tf.dispose([losses, [...gradients.values()]]);
  return result;
}

function expectEqual(actual: Step, expected: Step, relative: number): void {
  expect(Object.keys(actual.losses)).toEqual(Object.keys(expected.losses));
  for (const [name, loss] of Object.entries(expected.losses)) {
    expect(Math.abs(actual.losses[name] - loss)).toBeLessThanOrEqual(relative * loss);
  }
  expect([...actual.gradients.keys()].sort()).toEqual([...expected.gradients.keys()].sort());
  for (const [name, gradient] of expected.gradients) {
    const found = actual.gradients.get(name)!;
    let [difference, norm] = [0, 0];
    gradient.forEach((value, i) => {
      difference += (value - found[i]) ** 2;
      norm += value ** 2;
    });
    expect(Math.sqrt(difference)).toBeLessThanOrEqual(relative * Math.sqrt(norm));
  }
}

/** Two images of noise of different sizes, padded to 128 x 160. */
function noise(): DetectionBatch {
  const random = new RandomStream(7, 'noise');
  const sizes = [
    { height: 128, width: 160 },
    { height: 120, width: 96 },
  ];
  const targets = sizes.map(({ height, width }) => {
    const boxes = Array.from({ length: 3 }, () => {
      const [x, y] = [random.between(0, 0.5 * width), random.between(0, 0.5 * height)];
      return [x, y, x + random.between(0.1, 0.5) * width, y + random.between(0.1, 0.5) * height];
    });
    const gtBoxes = Float32Array.from(boxes.flat());
    return { boxes: gtBoxes, labels: Int32Array.from([1, 2, 1]) };
  });
  const tensor = tf.randomNormal<tf.Rank.R4>([2, 128, 160, 3], 0, 1, 'float32', 5);
  return { images: { tensor, sizes, originalSizes: sizes }, targets, imageIds: [1, 2] };
}

/** Relative to the norm of each gradient; float32 has 6e-8. */
const TOLERANCE = 1e-6;

function scaled(losses: Losses, factor: number): Losses {
  return Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, tf.mul(loss, factor)]));
}

describeShared('the tiny Faster R-CNN: gradients taken in the forward and at the end', () => {
  test.each([1, 0.5])('are the same, losses scaled by %p', (factor) => {
    const golden = loadGolden(readFileSync(sharedPath('golden/golden_tiny_frcnn.json'), 'utf8'));
    const batch = tinyBatch(golden);
    const run = (headGradients: HeadGradients): Step => {
      const model = buildTinyGolden(golden, headGradients);
      const result = step(model, () => tf.tidy(() => scaled(model.losses(batch), factor)));
      model.dispose();
      return result;
    };
    expectEqual(run('in-forward'), run('at-the-end'), TOLERANCE);
    batch.images.tensor.dispose();
  });
});

describe('two images of different sizes', () => {
  let batch: DetectionBatch;
  beforeEach(() => {
    batch = noise();
  });
  afterEach(() => {
    batch.images.tensor.dispose();
  });

  function build(headGradients?: HeadGradients, name: string = 'fasterrcnn_tiny_fpn'): FasterRcnn {
    return asLoaded(
      fasterRcnnModel(name).build({
        numClasses: 2,
        seed: 3,
        norm: 'frozen',
        trainableLayers: 3,
        headGradients,
      }),
    );
  }

  test('ResNet-18: gradients taken in the forward and at the end are the same; twice the same bits', () => {
    const run = (headGradients?: HeadGradients): Step => {
      const model = build(headGradients, 'fasterrcnn_resnet18_fpn');
      const result = step(model, () => model.losses(batch));
      model.dispose();
      return result;
    };
    const inForward = run();
    expectEqual(inForward, run('at-the-end'), TOLERANCE);
    const again = run();
    expect(again.losses).toEqual(inForward.losses);
    for (const [name, gradient] of inForward.gradients) {
      expect(Buffer.from(again.gradients.get(name)!.buffer).equals(Buffer.from(gradient.buffer))).toBe(true);
    }
  });

  test('validation losses are the same, and so are the draws', () => {
    const models = [build('in-forward'), build('at-the-end')];
    const [ours, theirs] = models.map((model) => {
      const losses = model.losses(batch);
      const values = Object.values(losses).map((loss) => loss.dataSync()[0]);
      tf.dispose(losses);
      return { values, states: [...model.randomStreams()].map((stream) => stream.state) };
    });
    expect(ours).toEqual(theirs);
    for (const model of models) model.dispose();
  });

  test('ROI heads that fail leave nothing of the RPN behind', () => {
    const model = build();
    const broken = { ...batch, targets: batch.targets.map((target) => ({ ...target })) };
    const tensors = tf.memory().numTensors;
    let reads = 0;
    for (const target of broken.targets) {
      const { labels } = target;
      Object.defineProperty(target, 'labels', {
        get: () => {
          // The RPN knows no labels: the ROI heads read them, image by image.
          if (++reads === 2) throw new Error('unreadable');
          return labels;
        },
      });
    }
    expect(() => step(model, () => model.losses(broken))).toThrow('unreadable');
    expect(tf.memory().numTensors).toBe(tensors);
    model.dispose();
  });
});
