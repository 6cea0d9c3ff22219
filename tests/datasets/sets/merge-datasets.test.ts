import type { CocoFile } from '../../../datasets/coco/coco-file';
import { mergeDatasets } from '../../../datasets/sets/merge-datasets';
import { splitDataset } from '../../../datasets/sets/split-dataset';
import { thrownBy } from '../../thrown';
import { fileOf } from './small-files';

const a = fileOf(['car', 'dog'], [[0], [1], []]);
/** Other pictures, and the categories in another order with one more. */
const b: CocoFile = {
  ...fileOf(['dog', 'cat', 'Car'], [[0, 1], [2]]),
  videos: [{ id: 8 }],
  images: [
    { id: 2, file_name: 'x.jpg', width: 40, height: 30, camera: 'left' },
    { id: 1, file_name: 'y.jpg', width: 40, height: 30 },
  ],
};

test('categories are the same by name; ids that are taken are given anew, and all else stays', () => {
  const { file, notes } = mergeDatasets([
    { name: 'a.json', file: a },
    { name: 'b.json', file: b, prefix: 'b/' },
  ]);
  expect(file.categories.map(({ id, name }) => [id, name])).toEqual([
    [10, 'car'],
    [20, 'dog'],
    [31, 'cat'],
    [30, 'Car'],
  ]);
  expect(file.images).toEqual([
    ...a.images,
    { ...b.images[0], id: 4, file_name: 'b/x.jpg' },
    { ...b.images[1], id: 5, file_name: 'b/y.jpg' },
  ]);
  const namesOf = new Map(file.categories.map(({ id, name }) => [id, name]));
  expect(
    file.annotations.map(({ id, image_id: image, category_id: category, score }) => [
      id,
      image,
      namesOf.get(category),
      score,
    ]),
  ).toEqual([
    [1, 1, 'car', 0.5],
    [2, 2, 'dog', 0.5],
    [4, 5, 'dog', 0.5],
    [5, 5, 'cat', 0.5],
    [3, 4, 'Car', 0.5],
  ]);
  expect(file.info).toEqual(a.info);
  expect(notes).toEqual([
    'b.json: 2 of 3 categories have other ids now',
    'these are different categories: "car", "Car"; rename one if they are not',
    'b.json: 2 of 2 images have other ids now',
    'b.json: its key videos is left out; that of another file counts',
    'b.json: 2 of 3 annotations have other ids now',
  ]);
});

test('merging the parts of a set gives the set again, without a note', () => {
  const labels = Array.from({ length: 40 }, (_, image) => [image % 2]);
  const { images, annotations, categories } = fileOf(['car', 'dog'], labels);
  const whole: CocoFile = { images, annotations, categories };
  const parts = splitDataset(whole, { shares: { train: 0.7, val: 0.3 } });
  const { file, notes } = mergeDatasets([...parts].map(([name, part]) => ({ name, file: part })));
  const byId = (x: { id: number }, y: { id: number }): number => x.id - y.id;
  expect({
    ...file,
    images: [...file.images].sort(byId),
    annotations: [...file.annotations].sort(byId),
  }).toEqual(whole);
  expect(notes).toEqual([]);
});

test('licenses that say the same are one; images refer to theirs', () => {
  const licensed = (id: number, name: string, file_name: string): CocoFile => ({
    ...a,
    licenses: [{ id, name }],
    images: [{ id: 1, file_name, width: 40, height: 30, license: id }],
    annotations: [],
  });
  const { file } = mergeDatasets(
    [licensed(1, 'MIT', 'a.jpg'), licensed(1, 'BSD', 'b.jpg'), licensed(9, 'MIT', 'c.jpg')].map(
      (part, index) => ({ name: `${index}`, file: part }),
    ),
  );
  expect(file.licenses).toEqual([
    { id: 1, name: 'MIT' },
    { id: 2, name: 'BSD' },
  ]);
  expect(file.images.map(({ license }) => license)).toEqual([1, 2, 1]);
});

const same: CocoFile = {
  ...fileOf(['dog', 'cat'], [[0, 1], [0]]),
  images: [{ ...a.images[1], id: 1 }, a.images[0]].map((image, index) => ({ ...image, id: index + 1 })),
};

test('a picture that both have is refused', () => {
  const error = thrownBy(() =>
    mergeDatasets([
      { name: 'a.json', file: a },
      { name: 'b.json', file: same },
    ]),
  );
  expect(error).toMatchObject({
    code: 'merge-same-picture',
    message: expect.stringMatching(
      /^2 pictures are .* such as "clip1_0001.jpg" in a.json and b.json\..*prefix/,
    ) as string,
  });
});

test('or it gets the objects of both, the same one once', () => {
  const { file, notes } = mergeDatasets(
    [
      { name: 'a.json', file: a },
      { name: 'b.json', file: same },
    ],
    { samePictures: 'join' },
  );
  expect(file.images).toEqual(a.images);
  const namesOf = new Map(file.categories.map(({ id, name }) => [id, name]));
  expect(
    file.annotations.map(({ image_id: image, category_id: category }) => `${image} ${namesOf.get(category)}`),
  ).toEqual(['1 car', '2 dog', '2 cat', '1 dog']);
  expect(notes).toContain(
    '2 pictures in several files have become one image each: "clip1_0001.jpg", "clip0_0000.jpg"',
  );
  expect(notes).toContain('1 objects are the same in several files and stand here once');
});

test.each([
  [
    'other sizes',
    { ...a, images: [{ ...a.images[0], width: 41 }], annotations: [] },
    '',
    'merge-picture-size',
  ],
  ['a prefix that leads out', a, '../b/', 'merge-prefix'],
])('%s are refused', (_, file, prefix, code) => {
  const sources = [
    { name: 'a', file: a },
    { name: 'b', file, prefix },
  ];
  expect(thrownBy(() => mergeDatasets(sources, { samePictures: 'join' }))).toMatchObject({ code });
});

test('a category takes over what only one file says; other values are told', () => {
  const [first, second] = [fileOf(['dog'], [[0]]), fileOf(['dog'], [[0]])];
  const keypoints = ['nose', 'tail'];
  const { file, notes } = mergeDatasets([
    { name: 'a.json', file: { ...first, categories: [{ ...first.categories[0], supercategory: 'pet' }] } },
    {
      name: 'b.json',
      file: { ...second, categories: [{ ...second.categories[0], supercategory: 'animal', keypoints }] },
      prefix: 'b/',
    },
  ]);
  expect(file.categories).toEqual([
    expect.objectContaining({ name: 'dog', supercategory: 'pet', keypoints }),
  ]);
  expect(notes).toContain('b.json: supercategory of category "dog" left out; a file before counts');
});

test('a category with its keypoints in another order is refused', () => {
  const withKeypoints = (keypoints: string[]): CocoFile => {
    const file = fileOf(['dog'], [[0]]);
    return { ...file, categories: [{ ...file.categories[0], keypoints }] };
  };
  const sources = [
    { name: 'a.json', file: withKeypoints(['nose', 'tail']) },
    { name: 'b.json', file: withKeypoints(['tail', 'nose']), prefix: 'b/' },
  ];
  expect(thrownBy(() => mergeDatasets(sources))).toMatchObject({
    code: 'merge-keypoints',
    message: expect.stringMatching(/^b\.json: category "dog" \(\d+\) has other keypoints/) as string,
    facts: { name: 'dog' },
  });
});
