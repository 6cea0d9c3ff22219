import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { Sgd } from '../../../../detection/engine/sgd';
import { EventStorage } from '../../../../detection/events/event-storage';
import { joinSamples, type SampleTable } from '../../../../detection/events/samples';
import { withStorage } from '../../../../detection/events/summary';
import { ResNetStage } from '../../../../detection/modeling/backbone/resnet-stage';
import { detectron2Defaults, detectron2Levels } from '../../../../detection/modeling/detectron2-defaults';
import { detectron2C4Name } from '../../../../detection/modeling/detectron2/entry-names';
import { maskRcnnDefaults } from '../../../../detection/modeling/mask-rcnn-defaults';
import { FastRcnnOutputLayers } from '../../../../detection/modeling/roi/fast-rcnn-output-layers';
import { MaskRcnnPredictor } from '../../../../detection/modeling/roi/mask-predictor';
import { MultiScaleRoiAlign } from '../../../../detection/modeling/roi/multi-scale-roi-align';
import { Res5Stage } from '../../../../detection/modeling/roi/res5-stage';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import type { HeadGradients } from '../../../../detection/nn/head-losses';
import { Parameter } from '../../../../detection/nn/module';
import {
  BatchNorm,
  FrozenBatchNorm,
  type NormalizationFactory,
} from '../../../../detection/nn/normalization';
import { RandomStream } from '../../../../detection/nn/random';
import { readSync } from '../../../../detection/nn/reading';
import type { Losses } from '../../../../detection/nn/trainable';
import { DETECTRON2_SAMPLING } from '../../../../detection/ops/roi-pooling';
import type { ImageBatch } from '../../../../detection/structures/image-batch';
import type { Targets } from '../../../../detection/structures/instances';
import type { Mask } from '../../../../detection/structures/mask';
import { MaskBuilder } from '../../../../detection/structures/mask-runs';
import type { Size } from '../../../../detection/structures/size';
import { expectNoTensorLeaks } from '../../tensor-leaks';
import { fillByFormula, trainable, type Golden } from '../tiny-golden';

interface Summary {
  readonly norm: number;
  readonly sum: number;
  readonly first4: number[];
}

interface Res5Golden extends Pick<Golden, 'params' | 'sgd'> {
  map: { channels: number; height: number; width: number };
  sizes: [number, number][];
  proposals: number[][][];
  targets: { boxes: number[][]; labels: number[] }[];
  train_steps: { losses: Record<string, number>; grads?: Record<string, Summary>; feature_grad?: Summary }[];
  detections: {
    boxes: number[][];
    scores: number[];
    labels: number[];
    mask_means: number[];
    mask_rows: number[][];
  }[];
  second_image_empty_losses: Record<string, number>;
  empty_target_losses: Record<string, number>;
}

const file = path.join(__dirname, 'res5-golden.json');
const golden = JSON.parse(readFileSync(file, 'utf8')) as Res5Golden;
const NUM_CLASSES = 3;
const MASK_SIDE = 14;
/** The row of each mask that the golden has. */
const MASK_ROW = 5;
const NO_OBJECTS: Targets = { boxes: new Float32Array(), labels: new Int32Array(), masks: [] };

interface Options {
  readonly headGradients?: HeadGradients;
  readonly roisAtATime?: number;
  readonly normalization?: NormalizationFactory;
}

/** A width of 1: 16 channels in, 32 out. */
function build({ headGradients, roisAtATime, normalization }: Options = {}): Res5Stage {
  const random = new RandomStream(0, 'init');
  const norms = normalization ?? ((channels: number) => new FrozenBatchNorm(channels, 1e-5));
  const res5 = new ResNetStage(50, 3, { normalization: norms, random, width: 1, strideIn: '1x1' });
  const stage = new Res5Stage(
    {
      pooler: new MultiScaleRoiAlign(14, detectron2Levels, DETECTRON2_SAMPLING, [1 / 16]),
      res5,
      boxPredictor: new FastRcnnOutputLayers(32, NUM_CLASSES, NUM_CLASSES, random),
      masks: {
        predictor: new MaskRcnnPredictor(32, 8, NUM_CLASSES, random, 1),
        settings: maskRcnnDefaults.settings,
      },
    },
    random,
    { ...detectron2Defaults.roi, batchSizePerImage: 100_000, detectionsPerImage: 20 },
    detectron2Defaults.losses,
    headGradients,
    roisAtATime,
  );
  if (!normalization) fillByFormula(renamed(stage), golden);
  return stage;
}

/** With detectron2's names, as in a detector. */
function renamed(stage: Res5Stage): Res5Stage {
  const names = [...stage.stateDict()].map(([name, parameter]) => {
    return [detectron2C4Name(`roi_heads.${name}`).slice('roi_heads.'.length), parameter] as const;
  });
  return Object.assign(Object.create(stage) as Res5Stage, { stateDict: () => new Map(names) });
}

const sizes: Size[] = golden.sizes.map(([height, width]) => ({ height, width }));
const proposals = golden.proposals.map((boxes) => Float32Array.from(boxes.flat()));
const targets: Targets[] = golden.targets.map(({ boxes, labels }, image) => ({
  boxes: Float32Array.from(boxes.flat()),
  labels: Int32Array.from(labels),
  masks: boxes.map((box) => ellipse(box, sizes[image])),
}));

/** The pixels whose centers are in the ellipse in a box. */
function ellipse([x1, y1, x2, y2]: number[], size: Size): Mask {
  const builder = new MaskBuilder(size);
  for (let x = 0; x < size.width; x++) {
    const dx = (2 * x + 1 - x1 - x2) / (x2 - x1);
    const inside = Array.from({ length: size.height }, (_, y) => y).filter(
      (y) => dx ** 2 + ((2 * y + 1 - y1 - y2) / (y2 - y1)) ** 2 <= 1,
    );
    if (inside.length > 0) builder.add(x, inside[0], inside.at(-1)! + 1);
  }
  return builder.mask();
}

let map: Parameter;
let maps: tf.Tensor4D[];
let images: ImageBatch;
beforeAll(async () => {
  await loadBackend();
  const { height, width, channels } = golden.map;
  const values: number[] = [];
  for (let n = 0; n < 2; n++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let c = 0; c < channels; c++)
          values.push(
            Math.sin(0.53 * x + (0.19 * y * (c + 1)) / 4 + 1.1 * n) + 0.5 * Math.cos(0.41 * y - 0.15 * x * c),
          );
  map = new Parameter(tf.tensor4d(values, [2, height, width, channels]), 'same', true);
  maps = [map.value as tf.Tensor4D];
  images = { tensor: undefined as never, sizes, originalSizes: sizes };
});
expectNoTensorLeaks();

const run = (stage: Res5Stage, given: readonly Targets[] = targets) =>
  lossesAndGradients(
    () => stage.losses(maps, proposals, given, images).losses,
    [...trainable(stage), ['features', map]],
  );

test.each<[string, Options]>([
  ['in the forward, all at once', {}],
  ['in the forward, in pieces of 3 across images', { roisAtATime: 3 }],
  ['at the end, in pieces of 5', { headGradients: 'at-the-end', roisAtATime: 5 }],
])(
  "losses, gradients and four steps are those of detectron2's Res5ROIHeads, gradients taken %s",
  (_, options) => {
    const stage = build(options);
    const named = renamed(stage).stateDict();
    const { lr, momentum, weight_decay: weightDecay } = golden.sgd;
    const optimizer = new Sgd(trainable(stage), { momentum, weightDecay });
    const ownNames = new Map([...stage.stateDict()].map(([name, parameter]) => [parameter, name]));
    for (const expected of golden.train_steps) {
      const { losses, gradients } = run(stage);
      expectLosses(losses, expected.losses);
      for (const [name, summary] of Object.entries(expected.grads ?? {})) {
        const parameter = named.get(name)!;
        const gradient = gradients.get(ownNames.get(parameter)!)!;
        expectSummary(
          tf.tidy(() => parameter.asOnDisk(gradient).dataSync<'float32'>()),
          summary,
        );
      }
      if (expected.feature_grad)
        expectSummary(gradients.get('features')!.dataSync<'float32'>(), expected.feature_grad);
      optimizer.step(new Map([...gradients].filter(([name]) => name !== 'features')), lr);
      tf.dispose([...gradients.values()]);
    }
    optimizer.dispose();
    stage.dispose();
  },
);

test.each([64, 4])('detections and masks agree, %i regions at a time', (roisAtATime) => {
  const stage = build({ roisAtATime });
  const found = readSync(() => stage.detect(maps, proposals, images));
  golden.detections.forEach(({ boxes, scores, labels, mask_means: means, mask_rows: rows }, image) => {
    const { boxMasks, ...ofImage } = found[image];
    expect([...ofImage.labels]).toEqual(labels);
    scores.forEach((score, i) => expectClose(ofImage.scores[i], score, 0, 1e-5));
    boxes.flat().forEach((side, i) => expectClose(ofImage.boxes[i], side, 0, 1e-3));
    expect(boxMasks).toMatchObject({ side: MASK_SIDE, pasting: 'detectron2' });
    const { probabilities } = boxMasks!;
    means.forEach((mean, i) => {
      const mask = probabilities.subarray(i * MASK_SIDE ** 2, (i + 1) * MASK_SIDE ** 2);
      expectClose(mask.reduce((sum, value) => sum + value, 0) / mask.length, mean, 0, 1e-5);
      rows[i].forEach((value, x) => expectClose(mask[MASK_ROW * MASK_SIDE + x], value, 0, 1e-4));
    });
  });
  stage.dispose();
});

test('losses agree where images have no objects, with a gradient of every parameter', () => {
  const stage = build({ roisAtATime: 4 });
  for (const [given, expected] of [
    [[targets[0], NO_OBJECTS], golden.second_image_empty_losses],
    [[NO_OBJECTS, NO_OBJECTS], golden.empty_target_losses],
  ] as const) {
    const { losses, gradients } = run(stage, given);
    expectLosses(losses, expected);
    expect(gradients.size).toBe(trainable(stage).length + 1);
    tf.dispose([...gradients.values()]);
  }
  stage.dispose();
});

test('pieces tell of a step what the whole tells', () => {
  const told = [1000, 3].map((roisAtATime) => {
    const stage = build({ roisAtATime });
    const storage = new EventStorage();
    storage.startIteration(1);
    storage.wantSamples();
    const { losses, gradients } = withStorage(storage, () => run(stage));
    tf.dispose([losses, [...gradients.values()]]);
    stage.dispose();
    const tables = [...storage.sampleParts].map(([name, parts]) => [name, joinSamples(parts)] as const);
    const accuracy = storage.latest('fast_rcnn/cls_accuracy')!.value;
    return { tables: new Map(tables), accuracy, masks: storage.latest('roi_head/num_mask_samples')!.value };
  });
  const [whole, pieces] = told;
  expect(pieces.accuracy).toBe(whole.accuracy);
  expect(pieces.masks).toBe(whole.masks);
  expect([...pieces.tables.keys()].sort()).toEqual([
    'roi_head/masks',
    'roi_head/proposals',
    'roi_head/samples',
  ]);
  for (const [name, tables] of whole.tables) expectTables(pieces.tables.get(name)!, tables);
  const total = (name: string, loss: string): number =>
    pieces.tables.get(name)!.reduce((sum, table) => sum + table.losses[loss].reduce((a, b) => a + b, 0), 0);
  const [{ losses }] = golden.train_steps;
  expectClose(total('roi_head/masks', 'loss_mask'), losses['loss_mask'], 1e-5);
  expectClose(total('roi_head/samples', 'loss_box_reg'), losses['loss_box_reg'], 1e-5);
});

test('batch norm takes its statistics of all regions, however few are worked on at a time', () => {
  const statistics = [1000, 2].map((roisAtATime) => {
    const stage = build({
      roisAtATime,
      normalization: (channels) => new BatchNorm(channels, 1e-5),
    });
    const { losses, gradients } = run(stage);
    tf.dispose([losses, [...gradients.values()]]);
    const { value } = stage.stateDict().get('res5.2.bn3.running_var')!;
    const values = [...value.dataSync()];
    stage.dispose();
    return values;
  });
  expect(statistics[1].some((value) => value !== 1)).toBe(true);
  expect(statistics[1]).toEqual(statistics[0]);
});

test('what lies in a region to ignore is no background, and a failing forward leaks nothing', () => {
  const stage = build();
  const everywhere = { ...NO_OBJECTS, ignored: Float32Array.of(0, 0, 600, 600) };
  const { losses, gradients } = run(stage, [everywhere, everywhere]);
  for (const loss of Object.values(losses)) expect(loss.dataSync()[0]).toBe(0);
  tf.dispose([losses, [...gradients.values()]]);
  expect(() =>
    lossesAndGradients(() => {
      stage.losses(maps, proposals, targets, images);
      throw new Error('after the forward');
    }, trainable(stage)),
  ).toThrow('after the forward');
  stage.dispose();
});

function expectTables(actual: readonly SampleTable[], expected: readonly SampleTable[]): void {
  expect(actual).toHaveLength(expected.length);
  expected.forEach((table, image) => {
    expect(actual[image].boxes).toEqual(table.boxes);
    expect(actual[image].matchedGt).toEqual(table.matchedGt);
    expect(actual[image].labels).toEqual(table.labels);
    for (const [name, values] of Object.entries(table.losses))
      values.forEach((value, row) => expectClose(actual[image].losses[name][row], value, 1e-4, 1e-7));
  });
}

function expectSummary(values: Float32Array, { norm, sum, first4 }: Summary): void {
  expectClose(Math.sqrt(values.reduce((total, value) => total + value * value, 0)), norm, 1e-4, 1e-7);
  expectClose(
    values.reduce((total, value) => total + value, 0),
    sum,
    1e-4,
    1e-4 * norm,
  );
  first4.forEach((value, i) => expectClose(values[i], value, 1e-4, 1e-4 * norm));
}

function expectLosses(actual: Losses, expected: Record<string, number>): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected))
    expectClose(actual[name].dataSync()[0], value, 1e-5, 1e-7);
  tf.dispose(actual);
}

function expectClose(actual: number, expected: number, relative: number, absolute = 0): void {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected) + absolute);
}
