import * as tf from '@tensorflow/tfjs-core';
import { ssdLiteModels } from '../../../detection/modeling/definitions/ssdlite';
import type { DetectorOptions } from '../../../detection/modeling/detector';
import type { Ssd } from '../../../detection/modeling/ssd';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { SingleValueNormError } from '../../../detection/nn/norm-errors';
import { RandomStream } from '../../../detection/nn/random';
import { batchImages } from '../../../detection/structures/image-batch';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import type { RgbImage } from '../../../detection/structures/resize';
import type { Size } from '../../../detection/structures/size';
import { fillWithFormula } from '../../../tools/benchmarks/formula-weights';
import { thrownBy } from '../../thrown';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

const [ssdLite] = ssdLiteModels;

function build(options: Partial<DetectorOptions> = {}): Ssd {
  return ssdLite.build({ numClasses: 3, seed: 1, ...options });
}

function picture(size: Size, seed: number): RgbImage {
  const random = new RandomStream(seed, 'picture');
  const pixels = Uint8Array.from({ length: size.height * size.width * 3 }, () => random.integer(256));
  return { pixels, size };
}

/** Pictures of noise; the first has two objects, in pixels of the resized picture, the others one or none. */
function batch(model: Ssd, numImages: number): DetectionBatch {
  const pictures = Array.from({ length: numImages }, (_, i) => picture({ height: 40, width: 30 + i }, i));
  const targets = [
    { boxes: Float32Array.of(20, 30, 140, 200, 200, 100, 300, 180), labels: Int32Array.of(1, 3) },
    { boxes: new Float32Array(0), labels: new Int32Array(0) },
    { boxes: Float32Array.of(100, 100, 260, 200), labels: Int32Array.of(2) },
  ].slice(0, numImages);
  return { images: batchImages(pictures, model.input), targets, imageIds: [...targets.keys()] };
}

interface Step {
  readonly losses: Record<string, number>;
  readonly gradients: Map<string, Float32Array>;
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
}

function step(model: Ssd, numImages: number): Step {
  const given = batch(model, numImages);
  const trained = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
  try {
    const { losses, gradients } = lossesAndGradients(() => model.losses(given), trained);
    const result = {
      losses: Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]])),
      gradients: new Map([...gradients].map(([name, each]) => [name, each.dataSync<'float32'>().slice()])),
    };
    tf.dispose([losses, [...gradients.values()]]);
    return result;
  } finally {
    given.images.tensor.dispose();
  }
}

test('gradients that are taken in the forward and at the end are the same, of everything', () => {
  const run = (headGradients: 'in-forward' | 'at-the-end'): Step => {
    const model = build({ headGradients });
    const result = step(model, 3);
    expect(result.gradients.size).toBe([...model.namedParameters()].length);
    model.dispose();
    return result;
  };
  const [inForward, atTheEnd] = [run('in-forward'), run('at-the-end')];
  expect(Object.keys(inForward.losses)).toEqual(['classification', 'bbox_regression']);
  for (const loss of Object.values(inForward.losses)) expect(loss).toBeGreaterThan(0.1);
  expect(inForward.losses).toEqual(atTheEnd.losses);
  for (const [name, gradient] of atTheEnd.gradients) {
    const found = inForward.gradients.get(name)!;
    const difference = norm(gradient.map((value, i) => value - found[i]));
    expect(difference).toBeLessThanOrEqual(1e-6 * norm(gradient));
  }
});

test('one image cannot be trained with batch norm: the last map is of one pixel', () => {
  const model = build();
  expect(thrownBy(() => step(model, 1))).toBeInstanceOf(SingleValueNormError);
  // But measured, by the running statistics.
  const given = batch(model, 1);
  tf.tidy(() => {
    for (const loss of Object.values(model.losses(given))) expect(loss.dataSync()[0]).toBeGreaterThan(0);
  });
  given.images.tensor.dispose();
  model.dispose();
});

test('one image can with another norm', () => {
  const model = build({ norm: 'group' });
  const { losses } = step(model, 1);
  for (const loss of Object.values(losses)) expect(loss).toBeGreaterThan(0);
  model.dispose();
});

test.each(ssdLiteModels.map((definition) => [definition.name, definition] as const))(
  '%s begins with a frozen body of an image classifier, and what follows it learns its statistics',
  (_name, definition) => {
    const model = definition.build({ numClasses: 3, seed: 1, norm: 'frozen', trainableLayers: 0 });
    for (const [name, entry] of [...model.namedParameters(), ...model.namedBuffers()]) {
      if (definition.stateDict.isBackbone(name))
        tf.tidy(() => entry.fromDisk(tf.mul(entry.toDisk(), tf.scalar(1, entry.value.dtype))));
    }
    const buffers = () =>
      [...model.namedBuffers()].map(([name, { value }]) => [name, value.dataSync()[0]] as const);
    const before = buffers();
    const { losses } = step(model, 2);
    for (const loss of Object.values(losses)) expect(loss).toBeGreaterThan(0);
    const moved = buffers().filter(([, value], i) => value !== before[i][1]);
    expect(moved.length).toBeGreaterThan(20);
    expect(moved.filter(([name]) => definition.stateDict.isBackbone(name))).toEqual([]);
    model.dispose();
  },
);

test('boxes go back to original pixels along each axis by itself, and stay inside', () => {
  const model = build({ numClasses: 90 });
  fillWithFormula(model, 15);
  const [wide, tall] = [
    { height: 100, width: 400 },
    { height: 640, width: 160 },
  ];
  const images = batchImages([picture(wide, 1), picture(tall, 1)], model.input);
  expect(images.sizes).toEqual([
    { height: 320, width: 320 },
    { height: 320, width: 320 },
  ]);
  expect(images.tensor.shape).toEqual([2, 320, 320, 3]);
  const found = model.detect(images);
  const resized = model.detect({ ...images, originalSizes: images.sizes });
  [wide, tall].forEach((size, image) => {
    const { boxes, scores, labels } = found[image];
    expect(scores.length).toBe(300);
    expect(labels).toEqual(resized[image].labels);
    boxes.forEach((side, i) => {
      const ratio = i % 2 === 0 ? size.width / 320 : size.height / 320;
      expect(side).toBeCloseTo(resized[image].boxes[i] * ratio, 3);
      expect(side).toBeGreaterThanOrEqual(0);
      expect(side).toBeLessThanOrEqual(i % 2 === 0 ? size.width : size.height);
    });
  });
  images.tensor.dispose();
  model.dispose();
});

test('as torchvision, everything is trained, and running statistics move by 0.03', () => {
  const model = build();
  for (const [name, { trainable }] of model.namedParameters())
    expect([name, trainable]).toEqual([name, true]);
  const variance = new Map(model.namedBuffers()).get('backbone.extra.3.2.1.running_var')!;
  step(model, 2);
  // What new filters of small weights make of noise varies little beside 1.
  for (const value of variance.value.dataSync()) expect(value).toBeCloseTo(0.97, 2);
  model.dispose();
});

test('what does not go together is refused', () => {
  expect(() => build({ settings: { anchors: { scales: [0.2, 0.5, 1] } } })).toThrow(
    'anchors.scales are 3, but must be 7: of 6 maps, and one behind the last',
  );
});
