import { CocoDataset, type CocoAnnotation } from '../../../../datasets/coco/annotations';
import type { CocoCategory } from '../../../../datasets/coco/categories/category-map';
import { keypointLayout } from '../../../../datasets/coco/keypoints/keypoint-layout';
import { readCocoDataset } from '../../../../datasets/coco/read-dataset';
import { cocoPersonKeypoints } from '../../../../detection/structures/keypoint-layout';
import { describeShared, sharedPath } from '../../../shared';
import { thrownBy } from '../../../thrown';

const image = { id: 1, fileName: 'a.png', width: 20, height: 10 };
const annotation: CocoAnnotation = {
  id: 1,
  imageId: 1,
  categoryId: 1,
  bbox: [0, 0, 5, 5],
  area: 25,
  isCrowd: false,
};

function set(
  categories: readonly Omit<CocoCategory, 'id'>[],
  annotations: readonly CocoAnnotation[] = [],
): CocoDataset {
  const numbered = categories.map((category, k) => ({ ...category, id: k + 1 }));
  return new CocoDataset('a.json', 'images', [image], numbered, annotations, []);
}

const mouse = { keypoints: ['nose', 'l_ear', 'r_ear', 'tail'], skeleton: [[1, 4]] as const };

test('names, lines and pairs of the categories that list keypoints; pairs by the names', () => {
  const layout = keypointLayout(
    set([{ name: 'wheel' }, { name: 'side', ...mouse }, { name: 'below', ...mouse }]),
  );
  expect(layout).toEqual({ names: mouse.keypoints, flipPairs: [[1, 2]], skeleton: [[0, 3]] });
});

test('COCO’s person is torchvision’s, sigmas and all', () => {
  const { names, skeleton } = cocoPersonKeypoints;
  const lines = skeleton.map(([from, to]) => [from + 1, to + 1] as const);
  const layout = keypointLayout(set([{ name: 'person', keypoints: names, skeleton: lines }]));
  expect(layout).toEqual(cocoPersonKeypoints);
});

test('a category’s own sigmas, and those that are given', () => {
  const sigmas = [0.1, 0.2, 0.3, 0.4];
  const own = set([{ name: 'mouse', ...mouse, sigmas }]);
  expect(keypointLayout(own)?.sigmas).toEqual(sigmas);
  expect(keypointLayout(own, { sigmas: [1, 1, 1, 1] })?.sigmas).toEqual([1, 1, 1, 1]);
});

test('pairs that are given take the place of those by name', () => {
  const given = set([{ name: 'mouse', ...mouse }]);
  expect(keypointLayout(given, { flipPairs: [['tail', 'nose']] })?.flipPairs).toEqual([[3, 0]]);
  expect(keypointLayout(given, { flipPairs: [] })?.flipPairs).toEqual([]);
});

test('what a category says of mirrors takes the place of names', () => {
  const given = set([{ name: 'mouse', ...mouse, flipIndices: [3, 1, 2, 0] }]);
  expect(keypointLayout(given)?.flipPairs).toEqual([[0, 3]]);
  expect(keypointLayout(given, { flipPairs: [['l_ear', 'r_ear']] })?.flipPairs).toEqual([[1, 2]]);
  expect(keypointLayout(set([{ name: 'mouse', ...mouse, flipIndices: [0, 1, 2, 3] }]))?.flipPairs).toEqual(
    [],
  );
});

test('keypoints of objects whose category lists none are numbered', () => {
  const keypoints = [1, 2, 2, 3, 4, 2];
  expect(keypointLayout(set([{ name: 'tube' }], [annotation, { ...annotation, id: 2, keypoints }]))).toEqual({
    names: ['keypoint 1', 'keypoint 2'],
    flipPairs: [],
    skeleton: [],
  });
});

test('no keypoints, no layout', () => {
  expect(keypointLayout(set([{ name: 'tube' }], [annotation]))).toBeUndefined();
});

test.each([
  [
    'keypoints-differ',
    set([
      { name: 'a', ...mouse },
      { name: 'b', keypoints: ['nose'] },
    ]),
    {},
    /"a" and "b"/,
  ],
  [
    'keypoints-unnamed',
    set(
      [{ name: 'a' }],
      [
        { ...annotation, keypoints: [1, 1, 2] },
        { ...annotation, id: 2, keypoints: [1, 1, 2, 1, 1, 2] },
      ],
    ),
    {},
    /annotation 2 has 2 keypoints/,
  ],
  [
    'keypoint-pairs',
    set([{ name: 'a', ...mouse }]),
    { flipPairs: [['nose', 'hip']] as const },
    /"hip".*none of the keypoints/,
  ],
  [
    'keypoint-pairs',
    set([{ name: 'a', ...mouse }]),
    { flipPairs: [['nose', 'nose']] as const },
    /several pairs/,
  ],
  ['keypoint-sigmas', set([{ name: 'a', ...mouse }]), { sigmas: [1] }, /1 sigmas are given for 4 keypoints/],
])('%s', (code, dataset, overrides, message) => {
  const error = thrownBy(() => keypointLayout(dataset, overrides));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
});

describeShared('real files', () => {
  test.each([
    ['zebra', 9, 2],
    ['fly', 32, 14],
    ['locust', 35, 15],
    ['ap10k', 17, 7],
    ['coco-person', 17, 8],
  ])('%s: %i keypoints, %i pairs', async (name, numKeypoints, numPairs) => {
    const file = sharedPath(`data/keypoint-samples/${name}.json`);
    const layout = keypointLayout(await readCocoDataset(file, null, { keepKeypoints: true }))!;
    expect(layout.names).toHaveLength(numKeypoints);
    expect(layout.flipPairs).toHaveLength(numPairs);
    expect(layout.sigmas).toEqual(name === 'coco-person' ? cocoPersonKeypoints.sigmas : undefined);
  });
});
