import { concatInstances } from '../../../datasets/transforms/concat-instances';
import type { Instances } from '../../../detection/structures/instances';
import { emptyMask } from '../../../detection/structures/mask';
import { ellipse, SIZE } from './geometry-golden';

const mask = ellipse(5, 5, 3, 3);
const all: Instances = {
  boxes: Float32Array.of(1, 2, 3, 4),
  labels: Int32Array.of(1),
  masks: [mask],
  keypoints: Float32Array.of(1, 2, 2, 3, 4, 1),
  ignored: Float32Array.of(0, 0, 1, 1),
};
const bare: Instances = { boxes: Float32Array.of(5, 6, 7, 8), labels: Int32Array.of(2) };
const none: Instances = { boxes: new Float32Array(0), labels: new Int32Array(0) };

test('what some pictures lack is filled in', () => {
  expect(concatInstances([bare, all, none], SIZE)).toEqual({
    boxes: Float32Array.of(5, 6, 7, 8, 1, 2, 3, 4),
    labels: Int32Array.of(2, 1),
    masks: [emptyMask(SIZE), mask],
    hasMask: Uint8Array.of(0, 1),
    keypoints: Float32Array.of(0, 0, 0, 0, 0, 0, 1, 2, 2, 3, 4, 1),
    ignored: Float32Array.of(0, 0, 1, 1),
  });
});

test('nothing appears that no picture has', () => {
  expect(concatInstances([bare, none], SIZE)).toEqual(bare);
  expect(concatInstances([all, none], SIZE)).toEqual(all);
  expect(concatInstances([none, none], SIZE)).toEqual(none);
});
