import { CocoDataset, type CocoAnnotation } from '../../../datasets/coco/annotations';
import { withIgnoreRegions } from '../../../datasets/coco/ignore-regions';
import { gtTargets } from '../../../datasets/coco/targets';
import { evaluateDetections } from '../../../datasets/evaluation/evaluate';
import { exampleDataset } from '../../../datasets/evaluation/example-dataset';
import { cocoExamples } from '../../../datasets/examples';

const image = { id: 1, fileName: 'a.png', width: 100, height: 80 };
const categories = ['cat', 'unsure', 'dog'].map((name, k) => ({ id: k + 1, name }));

function annotation(
  id: number,
  categoryId: number,
  bbox: CocoAnnotation['bbox'],
  isCrowd = false,
): CocoAnnotation {
  return { id, imageId: 1, categoryId, bbox, area: bbox[2] * bbox[3], isCrowd };
}

const set = new CocoDataset(
  'a.json',
  'images',
  [image],
  categories,
  [
    annotation(4, 1, [0, 0, 10, 10]),
    annotation(5, 3, [20, 20, 30, 30], true),
    annotation(6, 2, [60, 60, 60, 10]),
    annotation(7, 3, [0, 60, 10, 10]),
  ],
  [],
);

test('nothing is ignored by default', () => {
  expect(withIgnoreRegions(set, {})).toBe(set);
  expect(withIgnoreRegions(set, { categories: ['bird'] })).toBe(set);
  expect('ignored' in gtTargets(set, image)).toBe(false);
});

test('crowds become regions to ignore, and stay crowds', () => {
  const ignoring = withIgnoreRegions(set, { crowds: 'ignore' });
  expect(gtTargets(ignoring, image)).toEqual({
    ...gtTargets(set, image),
    ignored: Float32Array.of(20, 20, 50, 50),
  });
  expect(ignoring.categories).toEqual(categories);
  expect(cocoExamples(ignoring)[0].evaluation).toEqual(cocoExamples(set)[0].evaluation);
});

test('an ignored category is none of the labels; its objects are regions, clipped, whatever is done with crowds', () => {
  const ignoring = withIgnoreRegions(set, { categories: ['unsure'] });
  expect(ignoring.categories.map(({ name }) => name)).toEqual(['cat', 'dog']);
  expect(gtTargets(ignoring, image)).toEqual({
    boxes: Float32Array.of(0, 0, 10, 10, 0, 60, 10, 70),
    labels: Int32Array.of(1, 2),
    ignored: Float32Array.of(60, 60, 100, 70),
  });
  const both = withIgnoreRegions(set, { crowds: 'ignore', categories: ['unsure'] });
  expect(gtTargets(both, image).ignored).toEqual(Float32Array.of(20, 20, 50, 50, 60, 60, 100, 70));
  const ids = ignoring.annotations.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test('detections in it are neither right nor wrong, of any category', () => {
  const found = [
    { image_id: 1, category_id: 1, bbox: [60, 60, 20, 10], score: 0.9 },
    { image_id: 1, category_id: 3, bbox: [80, 60, 20, 10], score: 0.9 },
    { image_id: 1, category_id: 1, bbox: [0, 0, 10, 10], score: 0.5 },
    { image_id: 1, category_id: 3, bbox: [0, 60, 10, 10], score: 0.5 },
  ];
  const ap = (dataset: CocoDataset): number =>
    evaluateDetections(dataset, found, { iouType: 'bbox' }).stats[0];
  const ignoring = withIgnoreRegions(set, { categories: ['unsure'] });
  expect(ap(ignoring)).toBeCloseTo(1, 12);
  // As a category of its own it costs everything: it is not found, and what is in it is wrong.
  expect(ap(set)).toBeCloseTo((0.5 + 0 + 0.5) / 3, 2);
  // The same as examples, of which categories go by labels.
  const labeled = found.map((each) => ({ ...each, category_id: each.category_id === 3 ? 2 : 1 }));
  const examples = exampleDataset(cocoExamples(ignoring), ['cat', 'dog']);
  expect(evaluateDetections(examples, labeled, { iouType: 'bbox' }).stats[0]).toBeCloseTo(1, 12);
});
