import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnnotationOptions } from '../../../datasets/coco/annotation-entries';
import type { CocoDataset } from '../../../datasets/coco/annotations';
import { PolygonMask } from '../../../datasets/coco/masks/polygon-mask';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { gtTargets } from '../../../datasets/coco/targets';
import { emptyMask } from '../../../detection/structures/mask';
import { rejectionOf } from '../../thrown';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'shapes-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const square = [[1, 1, 5, 1, 5, 5, 1, 5]];
const runs = { size: [10, 20], counts: [30, 25, 145] };

/** A file of one image, an object for each of `annotations`. */
function read(
  annotations: readonly object[],
  options: AnnotationOptions,
  category: object = { keypoints: ['head', 'tail'], skeleton: [[1, 2]] },
): Promise<CocoDataset> {
  const file = join(folder, 'a.json');
  const content = {
    images: [{ id: 1, file_name: 'a.png', width: 20, height: 10 }],
    categories: [{ id: 4, name: 'tube', ...category }],
    annotations: annotations.map((annotation, k) => ({
      ...{ id: k + 1, image_id: 1, category_id: 4, bbox: [1, 1, 4, 4] },
      ...annotation,
    })),
  };
  writeFileSync(file, JSON.stringify(content));
  return readCocoDataset(file, null, options);
}

test('masks and keypoints are read where they are asked for, and not otherwise', async () => {
  const annotations = [{ segmentation: square, keypoints: [1, 2, 2, 0, 0, 0] }];
  const all = await read(annotations, { keepSegmentations: true, keepKeypoints: true });
  expect(all.annotations[0]).toMatchObject({
    segmentation: square,
    keypoints: [1, 2, 2, 0, 0, 0],
    numKeypoints: 1,
  });
  expect(all.categories).toEqual([{ id: 4, name: 'tube', keypoints: ['head', 'tail'], skeleton: [[1, 2]] }]);
  const boxes = await read(annotations, {});
  expect(Object.keys(boxes.annotations[0])).not.toContain('keypoints');
  expect(Object.keys(boxes.annotations[0])).not.toContain('segmentation');
  expect(boxes.categories).toEqual([{ id: 4, name: 'tube' }]);
});

test('YOLO’s "flip_idx" of a category is read; one that is no mirror is refused', async () => {
  const keypoints = { keypoints: ['head', 'left', 'right'] };
  const withFlips = (flips: unknown): Promise<CocoDataset> =>
    read([{}], { keepKeypoints: true }, { ...keypoints, flip_idx: flips });
  const [category] = (await withFlips([0, 2, 1])).categories;
  expect(category).toEqual({ id: 4, name: 'tube', ...keypoints, flipIndices: [0, 2, 1] });
  expect((await withFlips([])).categories[0]).toEqual({ id: 4, name: 'tube', ...keypoints });
  for (const wrong of [[0, 1], [1, 2, 0], [0, 1, 3], [0, 2.5, 1], 'none']) {
    expect(await rejectionOf(withFlips(wrong))).toMatchObject({
      problems: [{ kind: 'keypoints', place: 'categories[0].flip_idx' }],
    });
  }
});

test('masks of targets: polygons as such, run lengths, and an empty one of an object without', async () => {
  const set = await read([{ segmentation: square }, { segmentation: runs }, { segmentation: [[]] }, {}], {
    keepSegmentations: true,
    checkSegmentations: true,
  });
  const size = { height: 10, width: 20 };
  const { masks, hasMask } = gtTargets(set, set.images[0], { masks: true });
  expect(masks).toHaveLength(4);
  expect(masks![0]).toBeInstanceOf(PolygonMask);
  expect(masks![1]).toEqual({ size, counts: Uint32Array.of(30, 25, 145) });
  expect(masks!.slice(2)).toEqual([emptyMask(size), emptyMask(size)]);
  expect(hasMask).toEqual(Uint8Array.of(1, 1, 0, 0));
  expect(Object.keys(gtTargets(set, set.images[0]))).toEqual(['boxes', 'labels']);
});

test('keypoints of targets: none where an object has none', async () => {
  const set = await read([{ keypoints: [1, 2, 2, 3, 4, 1] }, {}], { keepKeypoints: true });
  const layout = { names: ['head', 'tail'], flipPairs: [], skeleton: [] };
  expect(gtTargets(set, set.images[0], { keypoints: layout }).keypoints).toEqual(
    Float32Array.of(1, 2, 2, 3, 4, 1, 0, 0, 0, 0, 0, 0),
  );
});

test('what cannot be used is refused at its place, and left out with its image on demand', async () => {
  const options = { keepSegmentations: true, checkSegmentations: true, keepKeypoints: true };
  const wrong = [
    { segmentation: [[1, 1, 2, 2]] },
    { segmentation: { size: [20, 10], counts: [200] } },
    { keypoints: [1, 2, 2] },
    { keypoints: [1, 2, 2, 3, 4, 'x'] },
    { num_keypoints: 7, keypoints: [1, 2, 2, 0, 0, 0] },
  ];
  const error = await rejectionOf(read(wrong, options));
  expect(error).toMatchObject({
    code: 'annotations-invalid',
    problems: [
      { kind: 'segmentation', place: 'annotations[0].segmentation[0]', code: 'polygon-corners' },
      { kind: 'segmentation', place: 'annotations[1].segmentation', code: 'rle-image-size' },
      { kind: 'keypoints', place: 'annotations[2].keypoints' },
      { kind: 'keypoints', place: 'annotations[3].keypoints' },
    ],
  });
  await expect(read(wrong, { ...options, skipInvalid: true })).rejects.toThrow('none of them is valid');
  // Nobody has asked for them.
  await expect(read(wrong, {})).resolves.toBeDefined();
});

test.each([
  [{ keypoints: 'head' }, 'categories[0].keypoints'],
  [{ keypoints: ['head', 'tail'], skeleton: [[0, 1]] }, 'categories[0].skeleton[0]'],
  [{ keypoints: ['head', 'tail'], sigmas: [0.1] }, 'categories[0].sigmas'],
])('a category of %j is refused', async (category, place) => {
  const error = await rejectionOf(read([], { keepKeypoints: true }, category));
  expect(error).toMatchObject({ problems: [{ kind: 'keypoints', place }] });
});
