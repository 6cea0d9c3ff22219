import { CocoDataset, type CocoAnnotation } from '../../../datasets/coco/annotations';
import { encodeMask, rleFromMask } from '../../../datasets/coco/masks/rle';
import { DetectionsError } from '../../../datasets/evaluation/detections';
import { evaluateDetections } from '../../../datasets/evaluation/evaluate';
import { evaluateTasks } from '../../../datasets/evaluation/evaluate-tasks';
import { evaluationsJson, formatEvaluations } from '../../../datasets/evaluation/format';
import type { Detections } from '../../../detection/structures/instances';
import { InputError } from '../../../detection/errors';
import { thrownBy } from '../../thrown';

const SIZE = { height: 40, width: 60 };
const CATEGORIES = [{ id: 4, name: 'part' }];

/** Pixels of the columns from one to another, the second left out. */
function columns(from: number, to: number): Uint8Array {
  return Uint8Array.from({ length: 2400 }, (_, i) => Number(i % 60 >= from && i % 60 < to));
}

function object(id: number, change: Partial<CocoAnnotation>): CocoAnnotation {
  return { id, imageId: 7, categoryId: 4, bbox: [0, 0, 20, 40], area: 800, isCrowd: false, ...change };
}

function dataset(...annotations: readonly CocoAnnotation[]): CocoDataset {
  return new CocoDataset('set.json', null, [{ id: 7, fileName: '', ...SIZE }], CATEGORIES, annotations, []);
}

/** Two detections: the columns 0 to 20, and 40 to 60, with three keypoints each. */
const found: Detections = {
  boxes: Float32Array.of(0, 0, 20, 40, 40, 0, 60, 40),
  labels: Int32Array.of(1, 1),
  scores: Float32Array.of(0.5, 0.9),
  masks: [rleFromMask(columns(0, 20), SIZE), rleFromMask(columns(40, 60), SIZE)],
  keypoints: Float32Array.of(1, 1, 1, 10, 20, 1, 19, 39, 1, 41, 1, 1, 50, 20, 1, 59, 39, 1),
};

function evaluate(set: CocoDataset, task: 'segm' | 'keypoints', sigmas?: readonly number[]) {
  const lines: string[] = [];
  const options = { tasks: [task], meant: CATEGORIES, sigmas, log: (line: string) => lines.push(line) };
  return { evaluation: evaluateTasks(set, new Map([[7, found]]), options)[task], lines };
}

test('masks of a detector are compared as they are', () => {
  const { evaluation, lines } = evaluate(
    dataset(object(1, { segmentation: encodeMask(columns(0, 20), SIZE) })),
    'segm',
  );
  // The better score is where nothing is.
  expect(evaluation?.stats[0]).toBeCloseTo(0.5, 9);
  expect(lines).toEqual([]);
});

test('an object without a mask is ignored, and what is found in its box, too', () => {
  const withMask = object(1, { segmentation: encodeMask(columns(0, 20), SIZE) });
  const without = object(2, { bbox: [40, 0, 20, 40] });
  const { evaluation, lines } = evaluate(dataset(withMask, without), 'segm');
  expect(evaluation?.stats[0]).toBeCloseTo(1, 9);
  expect(lines).toEqual([expect.stringMatching(/^set\.json: objects without a mask: 1\. They are ignored/)]);
});

test('a task of which the data set has nothing is left out, and told', () => {
  expect(evaluate(dataset(object(1, {})), 'segm')).toEqual({
    evaluation: undefined,
    lines: ["set.json has no masks: the detector's are not evaluated"],
  });
});

test('keypoints without sigmas are told, and those given are used', () => {
  const keypoints = [1, 1, 2, 10, 24, 2, 19, 39, 2];
  const set = dataset(object(1, { keypoints, numKeypoints: 3 }), object(2, { bbox: [40, 0, 20, 40] }));
  const loose = evaluate(set, 'keypoints', [1, 1, 1]);
  expect(loose.evaluation?.stats[0]).toBeCloseTo(1, 9);
  expect(loose.lines).toEqual([]);
  const { evaluation, lines } = evaluate(set, 'keypoints');
  // Four pixels off in one of three keypoints.
  const oks = (2 + Math.exp(-(16 / 0.1 ** 2 / 800 / 2))) / 3;
  expect(evaluation?.stats[0]).toBeCloseTo(Math.floor((oks - 0.5) / 0.05 + 1) / 10, 9);
  expect(lines).toEqual([expect.stringMatching(/no sigmas are known of the 3 keypoints .*: 0\.05 is taken/)]);
  const error = thrownBy(() => evaluate(set, 'keypoints', [1, 1]));
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({ code: 'keypoint-sigmas', facts: { sigmas: 2, keypoints: 3 } });
});

test('detections with another number of keypoints are refused at their place', () => {
  const set = dataset(object(1, { keypoints: [1, 1, 2, 10, 24, 2, 19, 39, 2], numKeypoints: 3 }));
  const detection = { image_id: 7, category_id: 4, score: 0.5, keypoints: [1, 1, 1, 2, 2, 1] };
  const error = thrownBy(() => evaluateDetections(set, [detection], { iouType: 'keypoints' }));
  expect(error).toBeInstanceOf(DetectionsError);
  expect(error).toMatchObject({
    problems: [
      {
        place: '[0].keypoints',
        reason: 'it has 6 numbers; 3 keypoints need 9: x, y and visibility of each',
      },
    ],
  });
});

test('several tasks are one file of JSON, and a table each', () => {
  const set = dataset(object(1, { segmentation: encodeMask(columns(0, 20), SIZE) }));
  const boxes = evaluateDetections(set, [], { iouType: 'bbox' });
  const { evaluation: masks } = evaluate(set, 'segm');
  expect(evaluationsJson([boxes, masks!])).toMatchObject({
    stats: [0, 0, 0, 0, -1, -1, 0, 0, 0, 0, -1, -1],
    tasks: { segm: { stats: { 0: expect.closeTo(0.5, 9) as number }, names: { 0: 'AP' } } },
  });
  expect(evaluationsJson([boxes])).not.toHaveProperty('tasks');
  const lines = formatEvaluations([boxes, masks!]).split('\n');
  expect(lines.filter((line) => line === 'boxes' || line === 'masks')).toEqual(['boxes', 'masks']);
});
