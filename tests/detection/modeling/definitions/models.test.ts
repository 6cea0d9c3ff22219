import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { MobileNetV3 } from '../../../../detection/modeling/backbone/mobilenet-v3';
import { ResNet } from '../../../../detection/modeling/backbone/resnet';
import { createDetector } from '../../../../detection/modeling/definitions';
import { fasterRcnnModel } from '../../../../detection/modeling/definitions/faster-rcnn';
import type { NormName } from '../../../../detection/modeling/detector';
import { BatchNorm, FrozenBatchNorm } from '../../../../detection/nn/normalization';
import { RandomStream } from '../../../../detection/nn/random';
import { recordTape } from '../../../../detection/nn/tfjs-internals';
import { asLoaded } from '../as-loaded';
import { describeShared, sharedPath } from '../../../shared';

beforeAll(async () => {
  await loadBackend();
});

const COCO = { numClasses: 90, seed: 0, trainableLayers: 5 };
const PUBLISHED: [
  name: string,
  trainableLayers: number,
  norm?: NormName,
  numClasses?: number,
  list?: string,
][] = [
  ['fasterrcnn_resnet50_fpn', 5],
  ['fasterrcnn_resnet50_fpn_v2', 5],
  ['fasterrcnn_mobilenet_v3_large_fpn', 6],
  ['retinanet_resnet50_fpn', 5],
  ['retinanet_resnet50_fpn_v2', 5],
  // The lists are of the models as they are trained from pretrained weights.
  ['keypointrcnn_resnet50_fpn', 5, 'frozen', 1],
  ['fcos_resnet50_fpn', 5, 'frozen'],
  ['ssdlite320_mobilenet_v3_large', 6],
  ['ssdlite320_mobilenet_v3_large_full_tail', 6],
  ['cascade_maskrcnn_resnet50_fpn', 5, 'frozen', 80, 'detectron2_cascade_mask_rcnn_R_50_FPN'],
  ['fasterrcnn_resnet50_c4', 5, 'frozen', 80, 'detectron2_faster_rcnn_R_50_C4'],
];

/**
 * The lists count the layers of SSDlite's cut block from 0. torchvision does not: a slice of a Sequential keeps its numbers,
 * as the parity fixtures show.
 */
function inTorchvision(listed: string): string {
  return listed.replace(
    /^(backbone\.features\.1\.0\.)(\d+)/,
    (_, block: string, layer: string) => `${block}${Number(layer) + 1}`,
  );
}

describeShared("torchvision's state_dict, or detectron2's", () => {
  // Names and shapes need no random numbers, of which these models draw up to sixty million each.
  test.each(PUBLISHED)(
    '%s has its names and shapes',
    (name, trainableLayers, norm = 'batch', numClasses = 90, list = name) => {
      const before = tf.memory().numTensors;
      const model = createDetector(name, { awaitsWeights: true, numClasses, trainableLayers, norm });
      const ours = [...model.namedParameters(), ...model.namedBuffers()].map(
        ([name, entry]) => `${name} [${entry.shapeOnDisk.join(', ')}]`,
      );
      const theirs = readFileSync(sharedPath(`reference/state_dict_${list}.txt`), 'utf8')
        .split('\n')
        .map((line) => /^(\S+)\s+[([]([\d, ]*)[)\]]/.exec(line))
        .filter((match) => match !== null)
        .map(
          ([, name, shape]) =>
            `${inTorchvision(name)} [${shape
              .split(',')
              .map((side) => side.trim())
              .filter(Boolean)
              .join(', ')}]`,
        );
      expect(theirs.length).toBeGreaterThan(250);
      expect(ours.sort()).toEqual(theirs.sort());
      model.dispose();
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

test('more stages than there are cannot be trained', () => {
  expect(() =>
    createDetector('fasterrcnn_resnet18_fpn', { ...COCO, norm: 'batch', trainableLayers: 6 }),
  ).toThrow('the backbone of fasterrcnn_resnet18_fpn has 5 stages, so 6 cannot be trained');
});

test('batch norm has the epsilon that is asked for', () => {
  const before = tf.memory().numTensors;
  const detect = (epsilon?: number): number[] => {
    const model = fasterRcnnModel('fasterrcnn_tiny_fpn').build({
      numClasses: 2,
      seed: 3,
      norm: 'frozen',
      trainableLayers: 0,
      epsilon,
    });
    const tensor: tf.Tensor4D = tf.ones([1, 64, 64, 3]);
    const sizes = [{ height: 64, width: 64 }];
    const [{ scores }] = model.detect({ tensor, sizes, originalSizes: sizes });
    tensor.dispose();
    model.dispose();
    return [...scores];
  };
  expect(detect(1e-5)).toEqual(detect());
  expect(detect(0.5)).not.toEqual(detect());
  expect(tf.memory().numTensors).toBe(before);
});

// torchvision, test_models_detection_utils: parameters of ResNet-50 that are frozen.
test.each([
  [0, 53],
  [1, 43],
  [2, 24],
  [3, 11],
  [4, 1],
  [5, 0],
])('of a ResNet-50 with %i trainable layers %i convolutions are frozen', (trainableLayers, frozen) => {
  const random = new RandomStream(0, 'init');
  const normalization = (channels: number): BatchNorm => new BatchNorm(channels);
  const body = new ResNet(50, { normalization, trainableLayers, random, width: 8 });
  const convolutions = [...body.namedParameters()].filter(
    ([, parameter]) => parameter.layout === 'convolution',
  );
  expect(convolutions.filter(([, parameter]) => !parameter.trainable)).toHaveLength(frozen);
  body.dispose();
});

test('ResNet gives maps of strides 4, 8, 16 and 32, also for sides that are not multiples', () => {
  const random = new RandomStream(0, 'init');
  const body = new ResNet(18, {
    normalization: (channels) => new BatchNorm(channels),
    trainableLayers: 5,
    random,
    width: 8,
  });
  const before = tf.memory().numTensors;
  const x: tf.Tensor4D = tf.zeros([2, 64, 90, 3]);
  const maps = body.forward(x);
  expect(maps.map(({ shape }) => shape)).toEqual([
    [2, 16, 23, 8],
    [2, 8, 12, 16],
    [2, 4, 6, 32],
    [2, 2, 3, 64],
  ]);
  tf.dispose([x, maps]);
  expect(tf.memory().numTensors).toBe(before);
  body.dispose();
});

// torchvision, _mobilenet_extractor: stages begin at features 0, 2, 4, 7, 13 and 16; so many before have parameters.
test.each([
  [0, 16],
  [1, 15],
  [2, 12],
  [3, 6],
  [4, 3],
  [5, 1],
  [6, -1],
])('of a MobileNetV3 with %i trainable layers the features up to %i are frozen', (trainableLayers, last) => {
  const random = new RandomStream(0, 'init');
  const body = new MobileNetV3({
    normalization: (channels) => new BatchNorm(channels),
    trainableLayers,
    random,
  });
  for (const [name, parameter] of body.namedParameters()) {
    expect([name, parameter.trainable]).toEqual([name, Number(name.split('.')[0]) > last]);
  }
  body.dispose();
});

test('MobileNetV3 gives two maps of stride 32, and saves nothing for what is frozen', () => {
  const random = new RandomStream(0, 'init');
  const body = asLoaded(
    new MobileNetV3({
      normalization: (channels) => new FrozenBatchNorm(channels),
      trainableLayers: 1,
      random,
    }),
  );
  const before = tf.memory().numTensors;
  const x: tf.Tensor4D = tf.randomUniform([2, 64, 96, 3], -1, 1, 'float32', 1);
  const { result, tape } = recordTape(() => body.forward(x));
  expect(result.map(({ shape }) => shape)).toEqual([
    [2, 2, 3, 160],
    [2, 2, 3, 960],
  ]);
  expect(tape).toHaveLength(1);
  for (const node of tape) tf.dispose(node.saved);
  tf.dispose([x, result]);
  expect(tf.memory().numTensors).toBe(before);
  body.dispose();
});

// One of each kind: the other ResNets differ in depth alone, and take seconds to draw weights for.
const KINDS: readonly string[] = [
  'fasterrcnn_resnet18_fpn',
  'fasterrcnn_tiny_fpn',
  'fasterrcnn_resnet50_fpn_v2',
  'fasterrcnn_mobilenet_v3_large_320_fpn',
  'fasterrcnn_mobilenet_v2_fpn',
  'fasterrcnn_efficientnet_lite0_fpn',
];

describe.each(KINDS)('%s', (name) => {
  const small = (): { tensor: tf.Tensor4D; sizes: { height: number; width: number }[] } => ({
    tensor: tf.randomUniform([2, 96, 128, 3], -1, 1, 'float32', 1),
    sizes: [
      { height: 96, width: 120 },
      { height: 80, width: 128 },
    ],
  });

  test('detects within the original images, and leaks nothing', () => {
    const model = fasterRcnnModel(name).build({ ...COCO, norm: 'frozen' });
    const before = tf.memory().numTensors;
    const { tensor, sizes } = small();
    const originalSizes = sizes.map(({ height, width }) => ({ height: 2 * height, width: 3 * width }));
    const detections = model.detect({ tensor, sizes, originalSizes });
    expect(detections).toHaveLength(2);
    detections.forEach(({ boxes, scores, labels }, image) => {
      expect(boxes).toHaveLength(4 * scores.length);
      expect(labels).toHaveLength(scores.length);
      boxes.forEach((side, i) => {
        expect(side).toBeGreaterThanOrEqual(0);
        const { width, height } = originalSizes[image];
        expect(side).toBeLessThanOrEqual(i % 2 === 0 ? width : height);
      });
    });
    tensor.dispose();
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });
});

test('the same seed gives the same weights, another one others', () => {
  const weights = (seed: number): Float32Array => {
    const model = fasterRcnnModel('fasterrcnn_tiny_fpn').build({
      numClasses: 3,
      seed,
      norm: 'batch',
      trainableLayers: 5,
    });
    const values = model
      .stateDict()
      .get('roi_heads.box_predictor.bbox_pred.weight')!
      .value.dataSync<'float32'>()
      .slice();
    model.dispose();
    return values;
  };
  expect(weights(1)).toEqual(weights(1));
  expect(weights(1)).not.toEqual(weights(2));
});

test('losses outside of a training step leave the running statistics alone and repeat', () => {
  const model = fasterRcnnModel('fasterrcnn_tiny_fpn').build({
    numClasses: 3,
    seed: 0,
    norm: 'batch',
    trainableLayers: 5,
  });
  const before = tf.memory().numTensors;
  const sizes = [{ height: 64, width: 64 }];
  const tensor: tf.Tensor4D = tf.randomUniform([1, 64, 64, 3], -1, 1, 'float32', 1);
  const batch = {
    images: { tensor, sizes, originalSizes: sizes },
    targets: [{ boxes: Float32Array.of(8, 8, 40, 40), labels: Int32Array.of(2) }],
    imageIds: [1],
  };
  const mean = model.stateDict().get('backbone.body.bn1.running_mean')!;
  const statistics = mean.value.dataSync().slice();
  const states = [...model.randomStreams()].map((stream) => stream.state);
  const losses = (): number[] => {
    [...model.randomStreams()].forEach((stream, i) => (stream.state = states[i]!));
    return tf.tidy(() => Object.values(model.losses(batch)).map((loss) => loss.dataSync()[0]));
  };
  expect(losses()).toEqual(losses());
  expect(mean.value.dataSync()).toEqual(statistics);
  tensor.dispose();
  expect(tf.memory().numTensors).toBe(before);
  model.dispose();
});

test.each(['fasterrcnn_tiny_fpn', 'retinanet_tiny_fpn', 'fcos_tiny_fpn'])(
  '%s that awaits its weights draws none',
  (name) => {
    const before = tf.memory().numTensors;
    const fill = jest.spyOn(RandomStream.prototype, 'fillUniform');
    const fillNormal = jest.spyOn(RandomStream.prototype, 'fillNormal');
    const draws = (awaitsWeights: boolean): number => {
      createDetector(name, { awaitsWeights, numClasses: 2 }).dispose();
      const { length } = [...fill.mock.calls, ...fillNormal.mock.calls];
      [fill, fillNormal].forEach((spy) => spy.mockClear());
      return length;
    };
    expect(draws(true)).toBe(0);
    expect(draws(false)).toBeGreaterThan(0);
    jest.restoreAllMocks();
    expect(tf.memory().numTensors).toBe(before);
  },
);
