import { CocoDataset, type CocoAnnotation } from '../../../../datasets/coco/annotations';
import { evaluateDetections } from '../../../../datasets/evaluation/evaluate';
import type { DetectorEvaluation } from '../../../../datasets/evaluation/evaluate-detector';
import type { IouType } from '../../../../detection/modeling/detector';
import { completeConfiguration } from '../../../../tools/config/complete';
import { loadConfiguration } from '../../../../tools/config/load';
import { bestMetric, evaluationScalars } from '../../../../tools/run/hooks/evaluation-metrics';

const object: CocoAnnotation = {
  id: 1,
  imageId: 1,
  categoryId: 1,
  bbox: [10, 10, 40, 40],
  area: 1600,
  isCrowd: false,
  segmentation: [[10, 10, 50, 10, 50, 50, 10, 50]],
  keypoints: [20, 20, 2, 40, 40, 2],
  numKeypoints: 2,
};

/** A cat of medium size with a mask and keypoints, and a dog without keypoints. */
const val = new CocoDataset(
  'val.json',
  null,
  [{ id: 1, fileName: '', width: 100, height: 100 }],
  [
    { id: 1, name: 'cat', keypoints: ['head', 'tail'] },
    { id: 2, name: 'dog' },
  ],
  [object, { ...object, id: 2, categoryId: 2, keypoints: undefined, numKeypoints: 0 }],
  [],
);

/** Of a detector that finds boxes exactly, masks by half, and no keypoint. */
function evaluated(): DetectorEvaluation {
  const results = [1, 2].map((category_id) => ({
    ...{ image_id: 1, category_id, bbox: [10, 10, 40, 40], score: 0.9 },
    segmentation: [[10, 10, 50, 10, 50, 32, 10, 32]],
    keypoints: [90, 90, 1, 90, 90, 1],
  }));
  const of = (iouType: IouType) => evaluateDetections(val, results, { iouType });
  return {
    evaluation: of('bbox'),
    tasks: { segm: of('segm'), keypoints: of('keypoints') },
    dataset: val,
    detections: new Map(),
    results,
    meant: val.categories,
  };
}

test('each task has numbers of its own, by category where it has objects', () => {
  const scalars = evaluationScalars(evaluated());
  for (const name of ['val/AP', 'val/AP/1 cat', 'val/AP/2 dog']) expect(scalars[name]).toBeCloseTo(1, 12);
  // An overlap of 0.55, the second of ten.
  for (const name of ['val/segm/AP', 'val/segm/AP/1 cat', 'val/segm/APm'])
    expect(scalars[name]).toBeCloseTo(0.2, 12);
  expect(scalars).toMatchObject({ 'val/segm/APs': -1, 'val/keypoints/AP': 0, 'val/keypoints/AR50': 0 });
  const names = Object.keys(scalars);
  expect(names.filter((name) => /^val\/keypoints\//.test(name))).toHaveLength(10 + 1);
  expect(names.filter((name) => /dog/.test(name))).toEqual(['val/AP/2 dog', 'val/segm/AP/2 dog']);
});

function metricOf(name: string, iouTypes: readonly IouType[]): ReturnType<typeof bestMetric> {
  const base = {
    model: { name: 'fasterrcnn_tiny_fpn' },
    data: { trainAnnotations: 'train.json', trainImages: 'images' },
    bestMetric: name,
  };
  const configuration = completeConfiguration(loadConfiguration({ base, assignments: [], options: {} }));
  return bestMetric(configuration, val, { lossNames: ['loss_a'], iouTypes });
}

test('the best checkpoint goes by a number of a task that the model has, and the set', () => {
  const all = ['bbox', 'segm', 'keypoints'] as const;
  for (const name of [
    'val/AP',
    'val/segm/AP50',
    'val/segm/AP/2 dog',
    'val/keypoints/APm',
    'val/keypoints/AP/1 cat',
  ]) {
    expect(metricOf(name, all)).toEqual({ name, better: 'higher' });
  }
  expect(metricOf('val/loss_a', all)).toEqual({ name: 'val/loss_a', better: 'lower' });
  const refused = (name: string, iouTypes: readonly IouType[], message: string): void => {
    expect(() => metricOf(name, iouTypes)).toThrow(`bestMetric ${name}${message}`);
  };
  const unknown = ': an evaluation has no such number; did you mean';
  refused('segm/AP', all, `${unknown} val/segm/AP?`);
  refused('val/segm/AP51', all, `${unknown} val/segm/AP50?`);
  refused('val/keypoints/APs', all, `${unknown} val/keypoints/AP`);
  refused('val/keypoints/APl', all, ' is never defined: val.json has no such objects');
  refused('val/segm/AP', ['bbox'], ': the model finds no masks');
  refused('keypoints/AP', ['bbox', 'segm'], ': the model finds no keypoints');
  // A dog has no keypoints to be found.
  refused('val/keypoints/AP/2 dog', all, ': an evaluation has no such number');
});
