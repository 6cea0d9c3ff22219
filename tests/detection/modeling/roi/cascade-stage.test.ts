import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { Sgd } from '../../../../detection/engine/sgd';
import { cascadeRcnnDefaults } from '../../../../detection/modeling/cascade-rcnn-defaults';
import { detectron2Levels } from '../../../../detection/modeling/detectron2-defaults';
import { TwoMlpHead } from '../../../../detection/modeling/roi/box-head';
import { CascadeStage } from '../../../../detection/modeling/roi/cascade-stage';
import { FastRcnnOutputLayers } from '../../../../detection/modeling/roi/fast-rcnn-output-layers';
import { MultiScaleRoiAlign } from '../../../../detection/modeling/roi/multi-scale-roi-align';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import type { HeadGradients } from '../../../../detection/nn/head-losses';
import { Parameter } from '../../../../detection/nn/module';
import { RandomStream } from '../../../../detection/nn/random';
import { readSync } from '../../../../detection/nn/reading';
import type { Losses } from '../../../../detection/nn/trainable';
import { DETECTRON2_SAMPLING } from '../../../../detection/ops/roi-pooling';
import type { ImageBatch } from '../../../../detection/structures/image-batch';
import type { Targets } from '../../../../detection/structures/instances';
import { describeShared, sharedPath } from '../../../shared';
import { expectNoTensorLeaks } from '../../tensor-leaks';
import { fillByFormula, trainable, type Golden } from '../tiny-golden';

interface CascadeGolden extends Pick<Golden, 'params' | 'sgd'> {
  levels: Record<string, { height: number; width: number }>;
  image_sizes: [number, number][];
  proposals: number[][][];
  targets: { boxes: number[][]; classes: number[] }[];
  train_steps: (Golden['train_steps'][number] & {
    feature_grads?: Record<string, { norm: number; sum: number }>;
  })[];
  detections: { boxes: number[][]; scores: number[]; classes: number[] }[];
  second_image_empty_losses: Record<string, number>;
  empty_target_losses: Record<string, number>;
}

const CHANNELS = 8;
const NUM_CLASSES = 3;
const NO_OBJECTS: Targets = { boxes: new Float32Array(), labels: new Int32Array() };
const random = new RandomStream(0, 'unused');

function build(golden: CascadeGolden, headGradients: HeadGradients = 'in-forward'): CascadeStage {
  const stage = new CascadeStage(
    new MultiScaleRoiAlign(7, detectron2Levels, DETECTRON2_SAMPLING),
    [0, 1, 2].map(() => ({
      boxHead: new TwoMlpHead(CHANNELS, 7, 16, random, ['fc1', 'fc2']),
      boxPredictor: new FastRcnnOutputLayers(16, NUM_CLASSES, 1, random),
    })),
    random,
    {
      ...cascadeRcnnDefaults.roi,
      batchSizePerImage: 100_000,
      positiveFraction: 0.25,
      detectionsPerImage: 20,
    },
    cascadeRcnnDefaults.losses,
    headGradients,
  );
  fillByFormula(stage, golden);
  return stage;
}

/** The golden's maps p2..p5 by their formula, and a pool level, which takes no part. */
function makeFeatures(golden: CascadeGolden): [string, Parameter][] {
  return Object.entries(golden.levels).map(([name, { height, width }], level) => {
    const values = new Float32Array(2 * height * width * CHANNELS);
    let i = 0;
    for (let n = 0; n < 2; n++)
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++)
          for (let c = 1; c <= CHANNELS; c++)
            values[i++] =
              Math.sin(0.13 * x + (0.09 * y * c) / 4 + 1.1 * n + 0.7 * level) +
              0.5 * Math.cos(0.21 * y - 0.05 * x * c + 0.4 * level);
    return [name, new Parameter(tf.tensor4d(values, [2, height, width, CHANNELS]), 'same', true)];
  });
}

describeShared("CascadeStage against detectron2's CascadeROIHeads", () => {
  let golden: CascadeGolden;
  let features: [string, Parameter][];
  let maps: tf.Tensor4D[];
  let images: ImageBatch;
  let proposals: Float32Array[];
  let targets: Targets[];
  beforeAll(async () => {
    await loadBackend();
    golden = JSON.parse(readFileSync(sharedPath('golden/golden_tiny_cascade.json'), 'utf8')) as CascadeGolden;
    features = makeFeatures(golden);
    maps = [...features.map(([, map]) => map.value as tf.Tensor4D), tf.zeros([2, 7, 8, CHANNELS])];
    const sizes = golden.image_sizes.map(([height, width]) => ({ height, width }));
    images = { tensor: undefined as never, sizes, originalSizes: sizes };
    proposals = golden.proposals.map((boxes) => Float32Array.from(boxes.flat()));
    targets = golden.targets.map(({ boxes, classes }) => ({
      boxes: Float32Array.from(boxes.flat()),
      labels: Int32Array.from(classes, (label) => label + 1),
    }));
  });
  expectNoTensorLeaks();

  test.each(['in-forward', 'at-the-end'] as const)(
    'losses, gradients of parameters and features, and four steps agree, gradients taken %s',
    (headGradients) => {
      const stage = build(golden, headGradients);
      const { lr, momentum, weight_decay: weightDecay } = golden.sgd;
      const optimizer = new Sgd(trainable(stage), { momentum, weightDecay });
      for (const expected of golden.train_steps) {
        const parameters = [...trainable(stage), ...features];
        const { losses, gradients } = lossesAndGradients(
          () => stage.losses(maps, proposals, targets, images).losses,
          parameters,
        );
        expectLosses(losses, expected.losses);
        for (const [name, { norm, first4 }] of Object.entries(expected.grads ?? {})) {
          const ours = onDisk(stage.stateDict().get(name)!, gradients.get(name)!);
          expectClose(normOf(ours), norm, 1e-4, 1e-7);
          first4.forEach((value, i) => expectClose(ours[i], value, 1e-4, 1e-4 * norm + 1e-7));
        }
        for (const [name, { norm, sum }] of Object.entries(expected.feature_grads ?? {})) {
          const ours = gradients.get(name)!.dataSync<'float32'>();
          expectClose(normOf(ours), norm, 1e-4);
          expectClose(
            ours.reduce((a, b) => a + b, 0),
            sum,
            1e-4,
            1e-4 * norm,
          );
        }
        const own = new Map([...gradients].filter(([name]) => !name.startsWith('p')));
        optimizer.step(own, lr);
        tf.dispose([...gradients.values()]);
      }
      optimizer.dispose();
      stage.dispose();
    },
  );

  test('losses agree where images have no objects', () => {
    const stage = build(golden);
    for (const [given, expected] of [
      [[targets[0], NO_OBJECTS], golden.second_image_empty_losses],
      [[NO_OBJECTS, NO_OBJECTS], golden.empty_target_losses],
    ] as const) {
      const { losses, gradients } = lossesAndGradients(
        () => stage.losses(maps, proposals, given, images).losses,
        trainable(stage),
      );
      expectLosses(losses, expected);
      expect(gradients.size).toBe(golden.params.length);
      tf.dispose([...gradients.values()]);
    }
    stage.dispose();
  });

  test('detections agree', () => {
    const stage = build(golden);
    const found = readSync(() => stage.detect(maps, proposals, images));
    golden.detections.forEach(({ boxes, scores, classes }, image) => {
      expect([...found[image].labels]).toEqual(classes.map((label) => label + 1));
      scores.forEach((score, i) => expectClose(found[image].scores[i], score, 0, 1e-5));
      boxes.flat().forEach((side, i) => expectClose(found[image].boxes[i], side, 0, 1e-3));
    });
    stage.dispose();
  });

  test('further heads are given the samples of the first stage', () => {
    const stage = build(golden);
    const { losses, samples } = stage.losses(maps, proposals, targets, images);
    tf.dispose(losses);
    samples.forEach(({ boxes }, image) => {
      expect(boxes).toEqual(Float32Array.of(...proposals[image], ...targets[image].boxes));
    });
    stage.dispose();
  });

  test('what lies in a region to ignore is no background in any stage, and a failing forward leaks nothing', () => {
    const stage = build(golden);
    const everywhere = { ...NO_OBJECTS, ignored: Float32Array.of(0, 0, 600, 600) };
    const { losses } = stage.losses(maps, proposals, [everywhere, everywhere], images);
    for (const loss of Object.values(losses)) expect(loss.dataSync()[0]).toBe(0);
    tf.dispose(losses);
    expect(() =>
      lossesAndGradients(() => {
        stage.losses(maps, proposals, targets, images);
        throw new Error('after the forward');
      }, trainable(stage)),
    ).toThrow('after the forward');
    stage.dispose();
  });
});

function onDisk(parameter: Parameter, gradient: tf.Tensor): Float32Array {
  return tf.tidy(() => parameter.asOnDisk(gradient).dataSync<'float32'>());
}

function normOf(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

function expectLosses(actual: Losses, expected: Record<string, number>): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) expectClose(actual[name].dataSync()[0], value, 1e-5);
  tf.dispose(actual);
}

function expectClose(actual: number, expected: number, relative: number, absolute = 0): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + absolute);
}
