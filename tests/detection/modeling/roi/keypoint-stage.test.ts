import * as tf from '@tensorflow/tfjs-core';
import { keypointRcnnDefaults } from '../../../../detection/modeling/keypoint-rcnn-defaults';
import type { Sample } from '../../../../detection/modeling/roi/box-stage';
import { KeypointRcnnHeads, KeypointRcnnPredictor } from '../../../../detection/modeling/roi/keypoint-head';
import { KeypointStage } from '../../../../detection/modeling/roi/keypoint-stage';
import { MultiScaleRoiAlign } from '../../../../detection/modeling/roi/multi-scale-roi-align';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import { RandomStream } from '../../../../detection/nn/random';
import { readSync } from '../../../../detection/nn/reading';
import type { ImageBatch } from '../../../../detection/structures/image-batch';
import type { Targets } from '../../../../detection/structures/instances';
import { expectNoTensorLeaks } from '../../tensor-leaks';

expectNoTensorLeaks();

const SIZES = [{ height: 32, width: 32 }];
const BOX = [2, 4, 22, 28];

/** A stage of two keypoints on one level of 4 channels, of which maps are 8x8. */
function withStage(run: (stage: KeypointStage, features: tf.Tensor4D[], images: ImageBatch) => void): void {
  const random = new RandomStream(0, 'test');
  const stage = new KeypointStage(
    new MultiScaleRoiAlign(3, { canonicalScale: 8, canonicalLevel: 2 }),
    new KeypointRcnnHeads(4, [4], random),
    new KeypointRcnnPredictor(4, 2, random),
    keypointRcnnDefaults.settings,
  );
  const map = tf.tidy(() => tf.sin(tf.reshape<tf.Rank.R4>(tf.range(0, 256), [1, 8, 8, 4])));
  const images = { tensor: map, sizes: SIZES, originalSizes: SIZES };
  run(stage, [map, map], images);
  map.dispose();
  stage.dispose();
}

/** The same box, so often. */
function samples(count: number): Sample {
  return {
    boxes: Float32Array.from({ length: 4 * count }, (_, i) => BOX[i % 4]),
    labels: new Int32Array(count).fill(1),
    matchedGt: new Int32Array(count),
  };
}

function targets(...keypoints: number[]): Targets {
  return { boxes: Float32Array.from(BOX), labels: Int32Array.of(1), keypoints: Float32Array.from(keypoints) };
}

/** Loss and gradients, by name. */
function step(count: number, of: Targets): Map<string, number[]> {
  const values = new Map<string, number[]>();
  withStage((stage, features, images) => {
    const named = [...stage.namedParameters()];
    const { losses, gradients } = lossesAndGradients(
      () => stage.losses(features, [samples(count)], [of], images),
      named,
    );
    values.set('loss', [...losses['loss_keypoint'].dataSync()]);
    for (const [name, gradient] of gradients) values.set(name, [...gradient.dataSync()]);
    tf.dispose([losses, [...gradients.values()]]);
  });
  return values;
}

test('samples in several pieces count as all at once: a mean does not change where everything is there 70 times', () => {
  const visible = targets(10, 10, 2, 15, 20, 1);
  const [once, often] = [step(1, visible), step(70, visible)];
  expect(once.size).toBe(5);
  expect(once.get('loss')![0]).toBeGreaterThan(1);
  for (const [name, values] of once) {
    values.forEach((value, i) => expect(often.get(name)![i]).toBeCloseTo(value, 5));
  }
});

test.each([
  ['no object has a visible keypoint', targets(10, 10, 0, 15, 20, 0)],
  ['none lies in its box', targets(30, 10, 2, 15, 31, 2)],
  ['the objects have no keypoints', { boxes: Float32Array.from(BOX), labels: Int32Array.of(1) }],
])('where %s, the loss and all gradients are 0', (_, of) => {
  const values = step(3, of);
  expect(values.size).toBe(5);
  for (const list of values.values()) expect(list.every((value) => value === 0)).toBe(true);
});

test('targets of another number of keypoints are refused', () => {
  withStage((stage, features, images) => {
    const losses = () => stage.losses(features, [samples(1)], [targets(1, 2, 2)], images);
    expect(losses).toThrow('3 numbers are no 2 keypoints of each of 1 objects');
  });
});

test('keypoints of many boxes are those of each, in their order; of none, none', () => {
  withStage((stage, features, images) => {
    const refine = (boxes: Float32Array) => {
      const labels = new Int32Array(boxes.length / 4).fill(1);
      const found = { boxes, labels, scores: new Float32Array(labels.length) };
      return readSync(() => stage.refine(features, [found], images))[0];
    };
    const boxes = Float32Array.from({ length: 4 * 40 }, (_, i) => BOX[i % 4] + (i % 7) * (i % 4 > 1 ? 1 : 0));
    const all = refine(boxes);
    expect([all.keypoints!.length, all.keypointScores!.length]).toEqual([3 * 2 * 40, 2 * 40]);
    for (const i of [0, 31, 32, 39]) {
      const alone = refine(boxes.slice(4 * i, 4 * i + 4));
      expect([...alone.keypoints!]).toEqual([...all.keypoints!.subarray(6 * i, 6 * i + 6)]);
    }
    expect(refine(new Float32Array())).toMatchObject({
      keypoints: new Float32Array(),
      keypointScores: new Float32Array(),
    });
  });
});
