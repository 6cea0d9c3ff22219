import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { CocoFile, CocoFileAnnotation } from '../../../../datasets/coco/coco-file';
import { readYoloDataset } from '../../../../datasets/formats/yolo/read-yolo';
import { writeYoloDataset, type YoloWriteOptions } from '../../../../datasets/formats/yolo/write-yolo';
import { rejectionOf } from '../../../thrown';
import { DataFolder } from '../small-pictures';

const data = new DataFolder();
const box = { image_id: 1, iscrowd: 0, bbox: [3, 4, 10, 11], area: 110 } as const;
const names = ['nose', 'left_ear', 'right_ear'];
const bear = { id: 8, name: 'bear', keypoints: names, skeleton: [[1, 2]], flip_idx: [0, 2, 1] };
const file: CocoFile = {
  images: [{ id: 1, file_name: 'a.jpg', width: 40, height: 30 }],
  annotations: [
    { id: 1, category_id: 8, ...box, keypoints: [1, 2, 2, 20.7, 29.99, 1, 0, 0, 0], num_keypoints: 2 },
    // Outside of the picture, not labeled but with a place, parts of pixels.
    { id: 2, category_id: 8, ...box, keypoints: [-7, 31.5, 2, 5, 6, 0, 3.125, 1, 2], num_keypoints: 2 },
  ],
  categories: [bear],
};

let imageFolder: string;
beforeAll(async () => void (imageFolder = await data.write('images', { 'a.jpg': undefined })));

/** What is written of some files, each of them a part, and read back. */
async function thereAndBack(
  name: string,
  files: readonly CocoFile[],
  options?: YoloWriteOptions,
): Promise<{ notes: readonly string[]; yaml: Record<string, unknown>; lines: string[]; back: CocoFile }> {
  const parts = files.map((each, index) => ({
    name: ['train', 'val'][index],
    file: each,
    imageFolder,
  }));
  const { notes } = await writeYoloDataset(parts, data.at(name), options);
  const text = (place: string): string => readFileSync(data.at(name, place), 'utf8');
  return {
    notes,
    yaml: parse(text('data.yaml')) as Record<string, unknown>,
    lines: text('labels/train/a.txt').trim().split('\n'),
    back: (await readYoloDataset(data.at(name))).parts[0].file,
  };
}

const pointsOf = ({ annotations }: CocoFile): unknown[] =>
  annotations.map(({ keypoints, num_keypoints: count }) => [keypoints, count]);

test('keypoints, their names and their mirror images come back, to the digit', async () => {
  const { notes, yaml, lines, back } = await thereAndBack('all', [file]);
  expect(notes).toEqual([
    'labels have boxes and 3 keypoints, as YOLO’s programs for poses read them',
    '1 keypoints are outside of their pictures by more than a hundredth of a side: ultralytics leaves these pictures out',
    'not kept, since YOLO has no place for it: categories’ skeleton (1)',
  ]);
  expect(yaml).toEqual({
    train: 'images/train',
    names: { 0: 'bear' },
    kpt_shape: [3, 3],
    flip_idx: [0, 2, 1],
    kpt_names: { 0: names },
  });
  expect(lines[0]).toBe(
    '0 0.200000 0.316667 0.250000 0.366667 0.025000 0.066667 2 0.517500 0.999667 1 0.000000 0.000000 0',
  );
  expect(pointsOf(back)).toEqual(pointsOf(file));
  expect(back.annotations.map(({ bbox }) => bbox)).toEqual([box.bbox, box.bbox]);
  expect(back.categories).toEqual([{ ...bear, id: 1, skeleton: [] }]);
});

test('which keypoints a mirror exchanges is not guessed', async () => {
  const { notes, yaml, back } = await thereAndBack('unknown mirror', [
    { ...file, categories: [{ ...bear, flip_idx: undefined }] },
  ]);
  expect(yaml).not.toHaveProperty('flip_idx');
  expect(notes).toContainEqual(expect.stringMatching(/^data\.yaml has no flip_idx/));
  expect(back.categories[0]).not.toHaveProperty('flip_idx');
});

test('keypoints without names are numbered', async () => {
  const { yaml, back } = await thereAndBack('nameless', [{ ...file, categories: [{ id: 8, name: 'bear' }] }]);
  expect(yaml).not.toHaveProperty('kpt_names');
  expect(back.categories).toEqual([{ id: 1, name: 'bear', keypoints: ['1', '2', '3'], skeleton: [] }]);
  expect(pointsOf(back)).toEqual(pointsOf(file));
});

test('categories with fewer keypoints, or none, get theirs back', async () => {
  const mixed: CocoFile = {
    ...file,
    annotations: [
      ...file.annotations,
      { id: 3, category_id: 5, ...box, keypoints: [4, 5, 1], num_keypoints: 1 },
      { id: 4, category_id: 6, ...box },
      { id: 5, category_id: 8, ...box },
      { id: 6, category_id: 8, ...box, keypoints: [], num_keypoints: 0 },
    ],
    categories: [
      bear,
      { id: 5, name: 'snail', keypoints: ['head'], flip_idx: [0] },
      { id: 6, name: 'stone' },
    ],
  };
  const { notes, yaml, lines, back } = await thereAndBack('mixed', [mixed]);
  expect(notes.slice(1, 3)).toEqual([
    '2 objects have no keypoints: zeros are written',
    '2 categories have fewer keypoints: zeros fill them up, and kpt_names says how many are theirs',
  ]);
  expect(yaml).toMatchObject({
    kpt_shape: [3, 3],
    flip_idx: [0, 2, 1],
    kpt_names: { 0: names, 1: ['head'], 2: [] },
  });
  expect(new Set(lines.map((line) => line.split(' ').length))).toEqual(new Set([14]));
  const none = [[0, 0, 0, 0, 0, 0, 0, 0, 0], 0];
  expect(pointsOf(back)).toEqual([...pointsOf(file), [[4, 5, 1], 1], [undefined, undefined], none, none]);
  expect(back.categories.map((category) => [category.keypoints, category.flip_idx])).toEqual([
    [names, [0, 2, 1]],
    [['head'], [0]],
    [undefined, undefined],
  ]);
});

test('a file of labels has outlines or keypoints: outlines where they are asked for, boxes alone on request', async () => {
  const segmentation = [[1, 2, 11, 2, 11, 12]];
  const both = { ...file, annotations: file.annotations.map((each) => ({ ...each, segmentation })) };
  const poses = await thereAndBack('both', [both]);
  expect(poses.notes.at(-1)).toMatch(/masks \(2\)$/);
  expect(pointsOf(poses.back)).toEqual(pointsOf(file));
  const lost = /annotations’ keypoints \(2\), annotations’ num_keypoints \(2\)/;
  const outlines = await thereAndBack('outlines', [both], { polygons: true });
  expect(outlines.notes.at(-1)).toMatch(lost);
  expect(outlines.back.annotations.map((each) => each.segmentation)).toEqual([segmentation, segmentation]);
  const boxes = await thereAndBack('boxes', [both], { keypoints: false });
  expect(boxes.notes).toEqual([expect.stringMatching(lost)]);
  expect(boxes.lines[0]).toBe('0 0.200000 0.316667 0.250000 0.366667');
  expect(boxes.yaml).not.toHaveProperty('kpt_shape');
});

test('a stated number of keypoints that is not that of the labeled ones is told', async () => {
  const [first, second] = file.annotations;
  const { notes } = await thereAndBack('miscounted', [
    { ...file, annotations: [{ ...first, num_keypoints: 3 }, second] },
  ]);
  expect(notes.at(-1)).toMatch(/numbers of keypoints that are not those of the labeled ones \(1\)$/);
});

const withKeypoints = (keypoints: unknown): CocoFileAnnotation => ({ ...file.annotations[0], keypoints });

test.each<[string, CocoFile[], RegExp]>([
  [
    'too few',
    [{ ...file, annotations: [withKeypoints([1, 2, 2])] }],
    /train: the keypoints of annotation 1 .* each of 3\./,
  ],
  ['text', [{ ...file, annotations: [withKeypoints('x')] }], /annotation 1 \(category "bear"\)/],
  [
    'another visibility',
    [{ ...file, annotations: [withKeypoints([1, 2, 0.5, 1, 2, 2, 1, 2, 2])] }],
    /a visibility of 0, 1 or 2/,
  ],
  [
    'another order in another part',
    [file, { ...file, categories: [{ ...bear, keypoints: [...names].reverse() }] }],
    /val: the category "bear" has other keypoints than in the parts before, or in another order/,
  ],
])('refuses keypoints that no label can have: %s', async (_, files, message) => {
  const parts = files.map((each, index) => ({ name: ['train', 'val'][index], file: each, imageFolder }));
  expect(await rejectionOf(writeYoloDataset(parts, data.at('refused')))).toMatchObject({
    code: 'yolo-keypoints',
    message: expect.stringMatching(message) as string,
  });
  expect(existsSync(data.at('refused'))).toBe(false);
});

test.each<[string, string, string, RegExp]>([
  ['kpt_shape: [1, 4]', '', 'yolo-data-file', /kpt_shape: the number of keypoints/],
  ['kpt_shape: [2, 3]\nflip_idx: [0, 0]', '', 'yolo-data-file', /flip_idx: a list/],
  ['kpt_shape: [1, 3]\nkpt_names: {0: [a, b]}', '', 'yolo-data-file', /kpt_names: lists of names/],
  ['kpt_shape: [1, 3]', '.1 .1 .87', 'annotations-invalid', /line 1: the visibility of keypoint 1 is 0\.87/],
  [
    'kpt_shape: [2, 2]\nkpt_names: {0: [a]}',
    '.1 .1 .1 .1',
    'annotations-invalid',
    /line 1: there are more keypoints than the 1 that kpt_names says the class 0 has/,
  ],
])('refuses to read %j with %j', async (yaml, numbers, code, message) => {
  const folder = await data.write(`wrong ${message.source}`, {
    'data.yaml': `train: .\nnames: [bear]\n${yaml}\n`,
    'a.jpg': undefined,
    'a.txt': `0 .5 .5 .1 .1 ${numbers}\n`,
  });
  expect(await rejectionOf(readYoloDataset(folder))).toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
});
