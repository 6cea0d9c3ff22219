import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import type { Body, BodyOptions } from '../../../../detection/modeling/backbone/body';
import { EfficientNetLite0 } from '../../../../detection/modeling/backbone/efficientnet-lite0';
import { MobileNetV2 } from '../../../../detection/modeling/backbone/mobilenet-v2';
import { fasterRcnnModel } from '../../../../detection/modeling/definitions/faster-rcnn';
import { BatchNorm, FrozenBatchNorm } from '../../../../detection/nn/normalization';
import { RandomStream } from '../../../../detection/nn/random';
import { readSafetensors } from '../../../../weights/formats/safetensors-file';
import { loadBackbone, loadStateDict } from '../../../../weights/state-dict';
import { fillWithFormula } from '../../../../tools/benchmarks/formula-weights';
import { describeShared, sharedPath } from '../../../shared';

beforeAll(async () => {
  await loadBackend();
});

function build(Type: new (options: BodyOptions) => Body, trainableLayers: number): Body {
  const random = new RandomStream(0, 'init');
  return new Type({ normalization: (channels) => new BatchNorm(channels), trainableLayers, random });
}

describe.each([
  { Type: MobileNetV2, channels: [32, 96, 1280] },
  { Type: EfficientNetLite0, channels: [40, 112, 1280] },
])('$Type.name', ({ Type, channels }) => {
  test('gives maps of strides 8, 16 and 32, frozen or not, and leaks nothing', () => {
    const body = build(Type, 2);
    expect(body.outChannels).toEqual(channels);
    const before = tf.memory().numTensors;
    const x: tf.Tensor4D = tf.randomUniform([2, 64, 96, 3], -1, 1, 'float32', 1);
    const maps = body.forward(x);
    expect(maps.map(({ shape }) => shape)).toEqual(
      channels.map((count, level) => [2, 8 / 2 ** level, 12 / 2 ** level, count]),
    );
    tf.dispose([x, maps]);
    expect(tf.memory().numTensors).toBe(before);
    body.dispose();
  });

  test('has six stages', () => {
    const all = build(Type, 6);
    expect([...all.namedParameters()].every(([, { trainable }]) => trainable)).toBe(true);
    const none = build(Type, 0);
    expect(none.trainable).toBe(false);
    all.dispose();
    none.dispose();
  });
});

/** A map of features as make-transfer-golden.py sums it up. */
interface Summary {
  readonly shape: readonly number[];
  readonly sum: number;
  readonly absoluteSum: number;
  readonly at: readonly number[];
  readonly values: readonly number[];
}

const golden = JSON.parse(readFileSync(join(__dirname, 'transfer-golden.json'), 'utf8')) as Record<
  'EfficientNetLite0' | 'MobileNetV2',
  readonly Summary[]
>;

/** Odd and even sizes, on which TensorFlow's padding differs from PyTorch's; the formula of make-transfer-golden.py. */
function goldenPicture(): tf.Tensor4D {
  const [height, width] = [75, 102];
  const values = Float32Array.from({ length: height * width * 3 }, (_, i) => {
    const [y, x, c] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
    return ((37 * y + 11 * x * y + 5 * x + 71 * c) % 256) / 127.5 - 1;
  });
  return tf.tensor4d(values, [1, height, width, 3]);
}

/** The golden numbers are of float64: each value to 1e-4 of the map's mean magnitude, and the sums to 1e-5. */
function expectGolden(body: Body, summaries: readonly Summary[]): void {
  const before = tf.memory().numTensors;
  const x = goldenPicture();
  const maps = body.forward(x);
  expect(maps.map(({ shape }) => shape)).toEqual(summaries.map(({ shape }) => shape));
  maps.forEach((map, level) => {
    const features = map.dataSync<'float32'>();
    const { sum, absoluteSum, at, values } = summaries[level];
    const tolerance = (1e-4 * absoluteSum) / features.length;
    at.forEach((index, k) => {
      expect(Math.abs(features[index] - values[k])).toBeLessThan(tolerance);
    });
    const total = features.reduce((total, value) => total + value, 0);
    expect(Math.abs(total - sum)).toBeLessThan(1e-5 * absoluteSum);
    const magnitude = features.reduce((total, value) => total + Math.abs(value), 0);
    expect(Math.abs(magnitude - absoluteSum)).toBeLessThan(1e-5 * absoluteSum);
  });
  tf.dispose([x, maps]);
  expect(tf.memory().numTensors).toBe(before);
}

test("EfficientNet-Lite0 computes what the PyPI package's model computes", () => {
  const { epsilon } = fasterRcnnModel('fasterrcnn_efficientnet_lite0_fpn').configuration;
  const body = new EfficientNetLite0({
    normalization: (channels) => new FrozenBatchNorm(channels, epsilon),
    trainableLayers: 0,
    random: new RandomStream(0, 'init'),
  });
  fillWithFormula(body, 7);
  expectGolden(body, golden.EfficientNetLite0);
  body.dispose();
});

test("EfficientNet-Lite0 has the names of PyPI's file", () => {
  const body = build(EfficientNetLite0, 0);
  const shapes = new Map([...body.stateDict()].map(([name, { shapeOnDisk }]) => [name, shapeOnDisk]));
  // Of the file's 296 entries all but the classifier's two, and batch norm's counters counted as entries.
  expect(shapes.size).toBe(294);
  expect(shapes.get('_conv_stem.weight')).toEqual([32, 3, 3, 3]);
  expect(shapes.get('_bn0.running_var')).toEqual([32]);
  expect(shapes.get('_blocks.0._depthwise_conv.weight')).toEqual([32, 1, 3, 3]);
  expect(shapes.get('_blocks.3._expand_conv.weight')).toEqual([144, 24, 1, 1]);
  expect(shapes.get('_blocks.3._depthwise_conv.weight')).toEqual([144, 1, 5, 5]);
  expect(shapes.get('_blocks.15._project_conv.weight')).toEqual([320, 1152, 1, 1]);
  expect(shapes.get('_conv_head.weight')).toEqual([1280, 320, 1, 1]);
  expect(shapes.get('_bn1.bias')).toEqual([1280]);
  body.dispose();
});

test("EfficientNet-Lite0's batch norms have TensorFlow's epsilon", () => {
  expect(fasterRcnnModel('fasterrcnn_efficientnet_lite0_fpn').configuration.epsilon).toBe(1e-3);
});

describeShared('published weights of MobileNetV2', () => {
  test('fill the body, every entry', () => {
    const model = fasterRcnnModel('fasterrcnn_mobilenet_v2_fpn').build({
      numClasses: 3,
      seed: 0,
      norm: 'frozen',
      trainableLayers: 0,
    });
    const file = sharedPath('weights/mobilenet_v2_1.0_224.safetensors');
    const filled = loadBackbone(
      model,
      model.definition.stateDict,
      file,
      readSafetensors(file, { requireFinite: true }).tensors,
    );
    const body = [...model.stateDict().keys()].filter((name) => name.startsWith('backbone.body.'));
    expect(filled.sort()).toEqual(body.sort());
    model.dispose();
  });

  test("give the features of a plain PyTorch forward with TensorFlow's padding", () => {
    const body = new MobileNetV2({
      normalization: (channels) => new FrozenBatchNorm(channels),
      trainableLayers: 0,
      random: new RandomStream(0, 'init'),
    });
    const file = sharedPath('weights/mobilenet_v2_1.0_224.safetensors');
    loadStateDict(body, file, readSafetensors(file).tensors, {
      rename: (name) => /^features\.(.*)$/.exec(name)?.[1],
    });
    expectGolden(body, golden.MobileNetV2);
    body.dispose();
  });
});
