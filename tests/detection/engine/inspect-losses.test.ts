import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs-core';
import { inspectLosses } from '../../../detection/engine/inspect-losses';
import { validationLosses } from '../../../detection/engine/validation-losses';
import { EventStorage } from '../../../detection/events/event-storage';
import { joinSamples } from '../../../detection/events/samples';
import { withStorage } from '../../../detection/events/summary';
import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import type { SettingValues } from '../../../detection/modeling/settings';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import type { HeadGradients } from '../../../detection/nn/head-losses';
import { RandomStream } from '../../../detection/nn/random';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import type { Targets } from '../../../detection/structures/instances';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

const SIZE = { height: 96, width: 128 };
const PIXELS = SIZE.height * SIZE.width;

/** Two objects with a mask and keypoints, and a region to ignore; one object, without either. */
const targets: readonly Targets[] = [
  {
    boxes: Float32Array.of(10, 10, 60, 70, 70, 20, 120, 80),
    labels: Int32Array.of(1, 2),
    masks: [
      { size: SIZE, counts: Uint32Array.of(96 * 20 + 20, 40, 96 * 107 + 36) },
      { size: SIZE, counts: Uint32Array.of(PIXELS) },
    ],
    hasMask: Uint8Array.of(1, 0),
    keypoints: Float32Array.of(0, 0, 0, 0, 0, 0, 80, 30, 2, 100, 70, 1),
    ignored: Float32Array.of(0, 75, 60, 96),
  },
  {
    boxes: Float32Array.of(30, 15, 90, 90),
    labels: Int32Array.of(2),
    masks: [{ size: SIZE, counts: Uint32Array.of(PIXELS) }],
    hasMask: Uint8Array.of(0),
    keypoints: new Float32Array(6),
  },
];

/** The caller disposes the images. */
function makeBatch(): DetectionBatch {
  const tensor: tf.Tensor4D = tf.randomNormal([2, SIZE.height, SIZE.width, 3], 0, 1, 'float32', 1);
  return { images: { tensor, sizes: [SIZE, SIZE], originalSizes: [SIZE, SIZE] }, targets, imageIds: [1, 2] };
}

function build(name: string, settings: SettingValues, headGradients?: HeadGradients): Detector {
  return createDetector(name, {
    categories: ['cat', 'dog'],
    keypoints: { names: ['nose', 'tail'], flipPairs: [], skeleton: [] },
    norm: 'batch',
    settings,
    ...(headGradients && { headGradients }),
  });
}

const few = { rpn: { batchSizePerImage: 32 }, roi: { batchSizePerImage: 24 } };
const families: readonly [name: string, settings: SettingValues][] = [
  ['mask_keypointrcnn_tiny_fpn', few],
  [
    'mask_keypointrcnn_tiny_fpn',
    {
      rpn: { batchSizePerImage: 32 },
      losses: {
        rpn: { classification: 'focal', box: 'smooth_l1' },
        roi: { classification: 'focal', box: 'giou' },
        classWeights: [1, 3],
        weights: { loss_objectness: 2, loss_box_reg: 0.5, loss_mask: 3, loss_keypoint: 0.25 },
      },
    },
  ],
  ['retinanet_tiny_fpn', {}],
  ['retinanet_tiny_fpn', { losses: { classWeights: [1, 3], weights: { bbox_regression: 2 } } }],
  ['fcos_tiny_fpn', { losses: { weights: { bbox_ctrness: 0.5 } } }],
  ['ssdlite320_tiny', {}],
  ['ssdlite320_tiny', { losses: { classWeights: [1, 3], weights: { classification: 2 } } }],
];

describe.each(families)('%s with %j', (name, settings) => {
  test('what the rows of all tables lose are the losses, which nobody changes by listening', async () => {
    const model = build(name, settings);
    const batch = makeBatch();
    const { losses, tables } = inspectLosses(model, batch, 'validation/0');
    expect(losses).toEqual(await validationLosses([batch], model));
    for (const [loss, value] of Object.entries(losses)) {
      let sum = 0;
      for (const table of [...tables.values()].flat()) table.losses[loss]?.forEach((share) => (sum += share));
      expect(value).toBeGreaterThan(0);
      expect(Math.abs(sum - value)).toBeLessThanOrEqual(1e-5 * value);
    }
    for (const [image, { labels }] of targets.entries()) {
      for (const [tableName, ofImages] of tables) {
        const table = ofImages.find((of) => of.image === image);
        if (!table) continue;
        const { numRows, boxes, matchedGt, sampled, levels } = table;
        expect(boxes).toHaveLength(4 * numRows);
        expect(boxes!.includes(NaN)).toBe(false);
        if (levels) expect(levels.reduce((sum, level) => sum + level.numRows, 0)).toBe(numRows);
        const losses = Object.values(table.losses);
        const wrong: [table: string, row: number][] = [];
        for (let row = 0; row < numRows; row++) {
          // What loses has been sampled, and is not ignored.
          const isFree = sampled![row] === 1 && matchedGt![row] > -2;
          const isWrong = !isFree && losses.some((of) => of[row] > 0);
          if (isWrong || matchedGt![row] >= labels.length) wrong.push([tableName, row]);
        }
        expect(wrong).toEqual([]);
      }
    }
    batch.images.tensor.dispose();
    model.dispose();
  });
});

test.each([
  ['mask_keypointrcnn_tiny_fpn', 'in-forward'],
  ['retinanet_tiny_fpn', 'at-the-end'],
  ['fcos_tiny_fpn', 'in-forward'],
  ['ssdlite320_tiny', 'in-forward'],
] as const)(
  'in a training step of %s with gradients %s, losses and gradients are the same to the bit',
  (name, headGradients) => {
    const model = build(name, name.startsWith('mask') ? few : {}, headGradients);
    const batch = makeBatch();
    const step = (wanted: boolean) => {
      for (const stream of model.randomStreams()) stream.seek(0);
      const storage = new EventStorage();
      if (wanted) storage.wantSamples();
      const { losses, gradients } = withStorage(storage, () =>
        lossesAndGradients(() => model.losses(batch), [...model.namedParameters()]),
      );
      const values = [...Object.entries(losses), ...gradients].map(([key, tensor]) => {
        // Equal arrays of a million numbers are not compared one by one.
        return [key, createHash('sha256').update(tensor.dataSync()).digest('hex')];
      });
      tf.dispose([losses, [...gradients.values()]]);
      return { values, tables: storage.sampleParts };
    };
    const [without, listening] = [step(false), step(true)];
    expect(without.tables.size).toBe(0);
    expect(listening.values).toEqual(without.values);
    const rows = [...listening.tables.values()].flatMap((parts) => joinSamples(parts));
    const names = new Set(rows.flatMap((table) => Object.keys(table.losses)));
    expect([...names].sort()).toEqual([...model.lossNames].sort());
    batch.images.tensor.dispose();
    model.dispose();
  },
);

test('the same draw samples the same rows, another others; the streams stay where they are', () => {
  const model = build('fasterrcnn_tiny_fpn', few);
  const batch = makeBatch();
  const states = () => [...model.randomStreams()].map((stream: RandomStream) => stream.state);
  const before = states();
  const sampled = (draw: string) =>
    [...inspectLosses(model, batch, draw).tables.values()].flat().map((table) => table.sampled);
  expect(sampled('a')).toEqual(sampled('a'));
  expect(sampled('a')).not.toEqual(sampled('b'));
  expect(states()).toEqual(before);
  batch.images.tensor.dispose();
  model.dispose();
});

test('a model that fails leaves no tensor and no storage behind', () => {
  const model = {
    losses: (): never => {
      tf.scalar(1).dispose();
      throw new Error('inside');
    },
    namedParameters: () => [],
    namedBuffers: () => [],
    randomStreams: () => [],
  };
  expect(() => inspectLosses(model, undefined, 'a')).toThrow('inside');
});
