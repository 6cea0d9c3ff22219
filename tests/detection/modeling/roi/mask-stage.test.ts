import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { rleFromMask } from '../../../../datasets/coco/masks/rle';
import { maskHead } from '../../../../detection/modeling/definitions/mask-head';
import { maskRcnnModel } from '../../../../detection/modeling/definitions/mask-rcnn';
import type { Found } from '../../../../detection/modeling/found';
import { maskRcnnDefaults } from '../../../../detection/modeling/mask-rcnn-defaults';
import type { Sample } from '../../../../detection/modeling/roi/box-stage';
import { MaskRcnnHeads } from '../../../../detection/modeling/roi/mask-head';
import { MaskRcnnPredictor } from '../../../../detection/modeling/roi/mask-predictor';
import { MaskStage } from '../../../../detection/modeling/roi/mask-stage';
import { MultiScaleRoiAlign } from '../../../../detection/modeling/roi/multi-scale-roi-align';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import { BatchNorm, type NormalizationFactory } from '../../../../detection/nn/normalization';
import { RandomStream } from '../../../../detection/nn/random';
import { readAsync, readSync } from '../../../../detection/nn/reading';
import type { Targets } from '../../../../detection/structures/instances';
import type { Mask } from '../../../../detection/structures/mask';
import { describeShared, sharedPath } from '../../../shared';
import { expectNoTensorLeaks } from '../../tensor-leaks';
import { traits } from '../traits';

const SIZE = { height: 32, width: 48 };
const images = {
  tensor: undefined as never,
  sizes: [SIZE, SIZE],
  originalSizes: [SIZE, { height: 64, width: 96 }],
};

/** A disc. */
function disc(x: number, y: number, radius: number): Mask {
  const { height, width } = SIZE;
  const inside = (_: unknown, i: number): boolean =>
    Math.hypot((i % width) - x, Math.floor(i / width) - y) < radius;
  return rleFromMask(
    Uint8Array.from({ length: height * width }, (_, i) => Number(inside(_, i))),
    SIZE,
  );
}

const sample: Sample = {
  boxes: Float32Array.of(2, 2, 20, 20, 22, 4, 44, 30, 3, 3, 22, 18, 0, 0, 9, 9),
  labels: Int32Array.of(1, 2, 1, 0),
  matchedGt: Int32Array.of(0, 1, 0, -1),
};
const targets: Targets = {
  boxes: sample.boxes.slice(0, 8),
  labels: Int32Array.of(1, 2),
  masks: [disc(11, 11, 8), disc(33, 17, 10)],
};

function stage(normalization?: NormalizationFactory): MaskStage {
  const random = new RandomStream(5, 'init');
  return new MaskStage(
    new MultiScaleRoiAlign(14, { canonicalScale: 224, canonicalLevel: 4 }),
    new MaskRcnnHeads(4, [4, 6], normalization, random),
    new MaskRcnnPredictor(6, 5, 2, random),
    maskRcnnDefaults.settings,
  );
}

/** Of two images; the last level is the pool level, which takes no part. */
function features(): tf.Tensor4D[] {
  return [8, 4].map((height) => tf.randomNormal([2, height, 1.5 * height, 4], 0, 1, 'float32', height));
}

describe('a mask head', () => {
  expectNoTensorLeaks();

  /** The loss and the sizes of the gradients. */
  function learn(
    head: MaskStage,
    samples: readonly Sample[],
    truths: readonly Targets[],
  ): { loss: number; gradients: Record<string, number> } {
    const maps = features();
    const { losses, gradients } = lossesAndGradients(
      () => head.losses(maps, samples, truths, images),
      head.namedParameters(),
    );
    const result = {
      loss: losses['loss_mask'].dataSync()[0],
      gradients: Object.fromEntries(
        [...gradients].map(([name, gradient]) => [name, tf.tidy(() => tf.norm(gradient).dataSync()[0])]),
      ),
    };
    tf.dispose([maps, losses, [...gradients.values()]]);
    return result;
  }

  const nothing: Sample = {
    boxes: new Float32Array(),
    labels: new Int32Array(),
    matchedGt: new Int32Array(),
  };

  it('learns from the positives whose object has a mask, as if the others were not there', () => {
    const head = stage();
    const firstObject: Sample = {
      boxes: Float32Array.of(...sample.boxes.slice(0, 4), ...sample.boxes.slice(8, 12)),
      labels: Int32Array.of(1, 1),
      matchedGt: Int32Array.of(0, 0),
    };
    const half = learn(
      head,
      [sample, sample],
      [
        { ...targets, hasMask: Uint8Array.of(1, 0) },
        { ...targets, masks: undefined },
      ],
    );
    const expected = learn(head, [firstObject, nothing], [targets, targets]);
    expect(half).toEqual(expected);
    expect(half.loss).toBeGreaterThan(0);
    expect(learn(head, [sample, nothing], [targets, targets]).loss).not.toBeCloseTo(half.loss, 3);
    head.dispose();
  });

  it.each([undefined, (channels: number) => new BatchNorm(channels)])(
    'loses nothing where no object has a mask, and its gradients are zeros',
    (normalization) => {
      const head = stage(normalization);
      const none = { ...targets, hasMask: Uint8Array.of(0, 0) };
      const { loss, gradients } = learn(head, [sample, nothing], [none, targets]);
      expect(loss).toBe(0);
      expect(Object.keys(gradients)).toEqual([...head.namedParameters()].map(([name]) => name));
      expect(Object.values(gradients).every((size) => size === 0)).toBe(true);
      head.dispose();
    },
  );

  it('finds a mask for each box, of its label; for no box none', async () => {
    const head = stage();
    const maps = features();
    const found = (boxes: number[], labels: number[]): Found => ({
      boxes: Float32Array.from(boxes),
      labels: Int32Array.from(labels),
      scores: new Float32Array(labels.length).fill(0.9),
    });
    const both = [found([2, 2, 20, 20, 2, 2, 20, 20], [1, 2]), found([3, 3, 9, 9], [2])];
    const [first, second] = readSync(() => head.refine(maps, both, images));
    expect(first).toMatchObject(both[0]);
    expect(first.boxMasks!.probabilities).toHaveLength(2 * 28 * 28);
    expect(second.boxMasks!.probabilities).toHaveLength(28 * 28);
    const [ofOne, ofTwo] = [0, 784].map((start) => first.boxMasks!.probabilities.slice(start, start + 784));
    expect(ofOne).not.toEqual(ofTwo);
    expect(await readAsync(() => head.refine(maps, both, images))).toEqual([first, second]);
    const [empty] = readSync(() => head.refine(maps, [found([], []), found([], [])], images));
    expect(empty.boxMasks!.probabilities).toHaveLength(0);
    tf.dispose(maps);
    head.dispose();
  });
});

describe('maskrcnn_tiny_fpn', () => {
  expectNoTensorLeaks();

  test('says what it needs, loses and finds, and its settings reach the head', () => {
    const definition = maskRcnnModel('maskrcnn_tiny_fpn');
    expect(definition.needs).toEqual(['masks']);
    const settings = { mask: { threshold: 0.7 }, losses: { weights: { loss_mask: 2 } } };
    const model = definition.build({ numClasses: 2, norm: 'batch', settings });
    expect(model.lossNames.at(-1)).toBe('loss_mask');
    expect(model.iouTypes).toEqual(['bbox', 'segm']);
    expect(model.settings).toMatchObject(settings);
    model.dispose();
    const { stateDict } = definition;
    const entry = 'roi_heads.mask_predictor.mask_fcn_logits.weight';
    expect(stateDict.isPredictor(entry)).toBe(true);
    expect(stateDict.isPredictor('roi_heads.mask_predictor.conv5_mask.weight')).toBe(false);
    expect(stateDict.rowsOfClass(entry, 2, { numRows: 3, numClasses: 2 })).toEqual([{ start: 2, end: 3 }]);
  });
});

describeShared("torchvision's state_dict", () => {
  test.each([
    ['', undefined],
    ['_v2', (channels: number) => new BatchNorm(channels)],
  ])('of a mask head has its names, shapes and order: maskrcnn_resnet50_fpn%s', (version, normalization) => {
    const listed = (family: string): string[] =>
      readFileSync(sharedPath(`reference/state_dict_${family}_resnet50_fpn${version}.txt`), 'utf8')
        .split('\n')
        .filter((line) => /\[.*\]/.test(line))
        .map((line) => line.replace(/\s+/, ' '));
    const head = maskHead().build(
      {
        channels: 256,
        normalization,
        traits: traits(90),
        headGradients: undefined,
        random: new RandomStream(0, 'init'),
      },
      maskRcnnDefaults.settings,
    );
    const entries = (named: Iterable<[string, { shapeOnDisk: number[] }]>): string[] =>
      [...named].map(([name, { shapeOnDisk }]) => `roi_heads.${name} [${shapeOnDisk.join(', ')}]`);
    const isBuffer = (line: string): boolean => /running_|num_batches/.test(line);
    const ofHead = listed('maskrcnn').filter((line) => line.includes('mask'));
    expect(entries(head.namedParameters())).toEqual(ofHead.filter((line) => !isBuffer(line)));
    expect(entries(head.namedBuffers())).toEqual(ofHead.filter(isBuffer));
    // The rest is Faster R-CNN's.
    expect(listed('maskrcnn').filter((line) => !line.includes('mask'))).toEqual(listed('fasterrcnn'));
    head.dispose();
  });
});
