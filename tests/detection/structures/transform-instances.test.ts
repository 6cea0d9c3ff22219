import { readFileSync } from 'node:fs';
import type { Detections, Instances } from '../../../detection/structures/instances';
import type { Mask } from '../../../detection/structures/mask';
import { cropMask, flipMask, resizeMask } from '../../../detection/structures/mask-transforms';
import {
  cropInstances,
  flipInstances,
  placeInstances,
  scaleInstances,
  selectInstances,
} from '../../../detection/structures/transform-instances';
import { describeShared, sharedPath } from '../../shared';

const size = { height: 20, width: 40 };
const maskOf = (...counts: number[]): Mask => ({ size, counts: Uint32Array.from(counts) });
const masks = [maskOf(43, 5, 752), maskOf(400, 210, 190)];
/** Two objects with two keypoints each, of which the first's second is nowhere. */
const instances: Instances = {
  boxes: Float32Array.of(2, 3, 10, 9, 20, 0, 40, 16),
  labels: Int32Array.of(4, 7),
  masks,
  hasMask: Uint8Array.of(1, 0),
  keypoints: Float32Array.of(3, 4, 2, 0, 0, 0, 21, 15, 1, 39, 2, 2),
};
const boxesAlone: Instances = { boxes: instances.boxes, labels: instances.labels };
const none: Instances = { boxes: new Float32Array(0), labels: new Int32Array(0) };

test('mirrored: boxes, masks and visible keypoints, of which those of a pair change places', () => {
  const [asBefore, exchanged] = [Int32Array.of(0, 1), Int32Array.of(1, 0)];
  expect(flipInstances(instances, 40, asBefore)).toEqual({
    ...instances,
    boxes: Float32Array.of(30, 3, 38, 9, 0, 0, 20, 16),
    masks: masks.map(flipMask),
    keypoints: Float32Array.of(37, 4, 2, 0, 0, 0, 19, 15, 1, 1, 2, 2),
  });
  expect(flipInstances(instances, 40, exchanged).keypoints).toEqual(
    Float32Array.of(0, 0, 0, 37, 4, 2, 1, 2, 2, 19, 15, 1),
  );
  expect(flipInstances(flipInstances(instances, 40, exchanged), 40, exchanged)).toEqual(instances);
});

test('mirrored detections: scores of keypoints change places with them', () => {
  const detections: Detections = {
    ...instances,
    scores: Float32Array.of(0.5, 0.25),
    keypointScores: Float32Array.of(1, 2, 3, 4),
  };
  expect(flipInstances(detections, 40, Int32Array.of(1, 0)).keypointScores).toEqual(
    Float32Array.of(2, 1, 4, 3),
  );
});

test('keypoints are not mirrored where nobody says which change places', () => {
  expect(() => flipInstances(instances, 40)).toThrow(RangeError);
});

test('a keypoint that is not labeled is at 0, 0 afterwards, wherever the file has it', () => {
  const unlabeled: Instances = { ...none, labels: Int32Array.of(1), keypoints: Float32Array.of(5, 6, 0) };
  expect(flipInstances(unlabeled, 40, Int32Array.of(0)).keypoints).toEqual(new Float32Array(3));
});

test('scaled: each axis by its own ratio', () => {
  const to = { height: 30, width: 20 };
  expect(scaleInstances(instances, size, to)).toEqual({
    ...instances,
    boxes: Float32Array.of(1, 4.5, 5, 13.5, 10, 0, 20, 24),
    masks: masks.map((mask) => resizeMask(mask, to)),
    keypoints: Float32Array.of(1.5, 6, 2, 0, 0, 0, 10.5, 22.5, 1, 19.5, 3, 2),
  });
});

test('regions to ignore go along: mirrored, scaled, cropped, and whichever objects are chosen', () => {
  const ignored = Float32Array.of(2, 3, 10, 9, 20, 0, 40, 16);
  const given: Instances = { ...boxesAlone, ignored };
  expect(flipInstances(given, 40).ignored).toEqual(Float32Array.of(30, 3, 38, 9, 0, 0, 20, 16));
  expect(scaleInstances(given, size, { height: 30, width: 20 }).ignored).toEqual(
    Float32Array.of(1, 4.5, 5, 13.5, 10, 0, 20, 24),
  );
  const window = { top: 1, left: 15, height: 16, width: 16 };
  expect(cropInstances(given, window).ignored).toEqual(Float32Array.of(5, 0, 16, 15));
  expect(cropInstances({ ...none, ignored }, window).ignored).toEqual(Float32Array.of(5, 0, 16, 15));
  expect(selectInstances(given, Int32Array.of(1)).ignored).toBe(ignored);
  expect('ignored' in flipInstances(boxesAlone, 40)).toBe(false);
});

describe('cropped', () => {
  test('boxes of which nothing is left are left out, and none may be left', () => {
    const two = { boxes: Float32Array.of(0, 0, 10, 10, 20, 5, 40, 12), labels: Int32Array.of(3, 5) };
    const at = (top: number, left: number) => cropInstances(two, { top, left, height: 32, width: 32 });
    expect(at(0, 10)).toEqual({ boxes: Float32Array.of(10, 5, 30, 12), labels: Int32Array.of(5) });
    expect(at(11, 39)).toEqual({ boxes: Float32Array.of(0, 0, 1, 1), labels: Int32Array.of(5) });
    expect(at(12, 0)).toEqual(none);
  });

  test('all else of the objects that are left goes with them, and keypoints outside are nowhere', () => {
    const window = { top: 1, left: 15, height: 16, width: 16 };
    expect(cropInstances(instances, window)).toEqual({
      boxes: Float32Array.of(5, 0, 16, 15),
      labels: Int32Array.of(7),
      masks: [cropMask(masks[1], window)],
      hasMask: Uint8Array.of(0),
      keypoints: Float32Array.of(6, 14, 1, 0, 0, 0),
    });
  });
});

test('selected: every field, in the order of the indices', () => {
  const detections: Detections = {
    ...instances,
    scores: Float32Array.of(0.75, 0.5),
    keypointScores: Float32Array.of(1, 2, 3, 4),
  };
  expect(selectInstances(detections, Int32Array.of(1, 0, 1))).toEqual({
    boxes: Float32Array.of(20, 0, 40, 16, 2, 3, 10, 9, 20, 0, 40, 16),
    labels: Int32Array.of(7, 4, 7),
    masks: [masks[1], masks[0], masks[1]],
    hasMask: Uint8Array.of(0, 1, 0),
    keypoints: Float32Array.of(...[21, 15, 1, 39, 2, 2], ...[3, 4, 2, 0, 0, 0], ...[21, 15, 1, 39, 2, 2]),
    scores: Float32Array.of(0.5, 0.75, 0.5),
    keypointScores: Float32Array.of(3, 4, 1, 2, 3, 4),
  });
  const nothing = selectInstances(detections, new Int32Array(0));
  expect(nothing.keypoints).toHaveLength(0);
  expect(selectInstances(nothing, new Int32Array(0))).toEqual(nothing);
});

test('what is absent stays absent, what is given stays as it is, and none become none', () => {
  const window = { top: 0, left: 0, ...size };
  const before = structuredClone(instances);
  for (const change of [
    (given: Instances) => flipInstances(given, 40, Int32Array.of(0, 1)),
    (given: Instances) => scaleInstances(given, size, { height: 5, width: 5 }),
    (given: Instances) => cropInstances(given, window),
    (given: Instances) => selectInstances(given, Int32Array.from(given.labels.keys())),
  ]) {
    expect(Object.keys(change(boxesAlone))).toEqual(['boxes', 'labels']);
    expect(change(none)).toEqual(none);
    change(instances);
    expect(instances).toEqual(before);
  }
});

describeShared('keypoints of the tiny Keypoint R-CNN', () => {
  interface Golden {
    targets: { boxes: number[][]; labels: number[]; keypoints: number[][][] }[];
    transform: { boxes: number[][][]; keypoints: number[][][][] };
  }

  test('are resized as torchvision resizes them, to the bit', () => {
    const golden = JSON.parse(
      readFileSync(sharedPath('golden/golden_tiny_keypointrcnn.json'), 'utf8'),
    ) as Golden;
    golden.targets.forEach(({ boxes, labels, keypoints }, image) => {
      const gtInstances = {
        boxes: Float32Array.from(boxes.flat()),
        labels: Int32Array.from(labels),
        keypoints: Float32Array.from(keypoints.flat(2)),
      };
      const scaled = scaleInstances(gtInstances, { height: 60, width: 80 }, { height: 96, width: 128 });
      expect([...scaled.boxes]).toEqual(golden.transform.boxes[image].flat());
      expect([...scaled.keypoints]).toEqual(golden.transform.keypoints[image].flat(2));
    });
  });
});

test('of a part of an image: boxes, masks and visible keypoints in the whole, and back', () => {
  const part = { left: 5, top: 7, ...size };
  const whole = { width: 60, height: 30 };
  const placed = placeInstances(instances, part, whole);
  expect(placed.boxes).toEqual(Float32Array.of(7, 10, 15, 16, 25, 7, 45, 23));
  expect(placed.keypoints).toEqual(Float32Array.of(8, 11, 2, 0, 0, 0, 26, 22, 1, 44, 9, 2));
  expect(placed.masks!.map((mask) => mask.size)).toEqual([whole, whole]);
  expect(cropInstances(placed, part)).toEqual(instances);
  expect(placeInstances(none, part, whole)).toEqual(none);
});
