import { CocoDataset, type CocoAnnotation } from '../../../../datasets/coco/annotations';
import { keypointErrors } from '../../../../datasets/evaluation/errors/keypoint-errors';
import type { KeypointLayout } from '../../../../detection/structures/keypoint-layout';

/** Similarity of a keypoint that is off by d: exp(-d² / 2 / 10²), at an area of 10 000 and a sigma of 0.05. */
const layout: KeypointLayout = {
  names: ['left', 'right', 'top'],
  flipPairs: [[0, 1]],
  skeleton: [],
  sigmas: [0.05, 0.05, 0.05],
};
const OFF_BY = { good: 5, jitter: 10, far: 30 };

function object(
  id: number,
  keypoints: readonly number[],
  more: Partial<CocoAnnotation> = {},
): CocoAnnotation {
  const known = {
    id,
    imageId: 1,
    categoryId: 1,
    bbox: [0, 0, 100, 100] as const,
    area: 10_000,
    isCrowd: false,
  };
  return { ...known, keypoints, ...more };
}

function setOf(annotations: readonly CocoAnnotation[]): CocoDataset {
  const image = { id: 1, fileName: '1.png', width: 1000, height: 1000 };
  const categories = [1, 2].map((id) => ({ id, name: `category ${id}` }));
  return new CocoDataset('set.json', null, [image], categories, annotations, []);
}

const found = (keypoints: readonly number[], score = 0.9, category_id = 1) => ({
  ...{ image_id: 1, category_id, score, bbox: [0, 0, 100, 100] },
  keypoints,
});

const here = [100, 100, 2, 300, 100, 2, 200, 300, 2];
const there = here.map((value, i) => (i % 3 === 0 ? value + 500 : value));

function kinds(errors: ReturnType<typeof keypointErrors>): Record<string, Record<string, number>> {
  return Object.fromEntries(
    errors.keypoints.map(({ name, ...counts }) => [
      name,
      Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0)),
    ]),
  );
}

test('each keypoint of an object that is found is of one kind', () => {
  const set = setOf([object(1, here), object(2, there), object(3, [0, 0, 0, 0, 0, 0, 0, 0, 0])]);
  const errors = keypointErrors(
    set,
    [
      // At the right's place; at its own; near the other object's top.
      found([300, 100, 1, 300, 100, 1, 700 + OFF_BY.jitter, 300, 1]),
      // At its place; at the other object's left; nowhere.
      found([600 + OFF_BY.good, 100, 1, 100, 100, 1, 700, 300 + OFF_BY.far, 1]),
    ],
    layout,
    { minScore: 0.5 },
  );
  expect(kinds(errors)).toEqual({
    left: { inversion: 1, good: 1 },
    right: { good: 1, swap: 1 },
    top: { swap: 1, miss: 1 },
  });
  // The third object has no keypoints: nobody has to find it. OKS of 1/3 and of 0.298.
  expect(errors.numObjects).toBe(2);
  expect(errors.similarities).toEqual([0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
});

test('the surest detection of its category takes an object; keypoints that are not labeled do not count', () => {
  const partly = here.map((value, i) => (i === 5 ? 0 : value));
  const shifted = here.map((value, i) => (i % 3 === 0 ? value + OFF_BY.jitter : value));
  const set = setOf([object(1, partly)]);
  const errorsOf = (...detections: ReturnType<typeof found>[]) =>
    keypointErrors(set, detections, layout, { minScore: 0.5 });
  const errors = errorsOf(found(here, 0.6), found(here, 0.95, 2), found(shifted, 0.9));
  expect(kinds(errors)).toEqual({ left: { jitter: 1 }, right: {}, top: { jitter: 1 } });
  expect(errors.similarities[6]).toBe(1);
  // Not sure enough, or too far.
  expect(errorsOf(found(here, 0.4), found(there, 0.9)).similarities.every((count) => count === 0)).toBe(true);
  expect(errorsOf(found(here)).similarities[9]).toBe(1);
});
