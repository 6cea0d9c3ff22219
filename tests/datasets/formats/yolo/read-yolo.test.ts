import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readYoloDataset } from '../../../../datasets/formats/yolo/read-yolo';
import { rejectionOf } from '../../../thrown';
import { DataFolder, picture } from '../small-pictures';

const data = new DataFolder();
const BOX = '0 0.5 0.5 0.25 0.2\n';
const box = { bbox: [15, 12, 10, 6], category_id: 1 };

/** What has been read, in short: by part, names of images and boxes with their categories' names. */
async function short(input: string): Promise<Record<string, Record<string, string[]>>> {
  const { parts } = await readYoloDataset(input);
  return Object.fromEntries(
    parts.map(({ name, file }) => {
      const names = new Map(file.categories.map((category) => [category.id, category.name]));
      const images = file.images.map((image) => [
        image.file_name,
        file.annotations
          .filter((annotation) => annotation.image_id === image.id)
          .map(({ bbox, category_id: id }) => `${names.get(id)} ${bbox.join(' ')}`),
      ]);
      return [name, Object.fromEntries(images) as Record<string, string[]>];
    }),
  );
}

test('ultralytics: images beside labels, with background, empty files and subfolders', async () => {
  const input = await data.write('ultralytics', {
    'data.yaml':
      'path: .\ntrain: images/train\nval: images/val\ntest:\nnames:\n  0: cat\n  1: a "dog"\nnc: 2\n',
    'images/train/a.jpg': undefined,
    'images/train/cam/b.jpg': undefined,
    'images/train/empty.jpg': undefined,
    'images/train/none.jpg': undefined,
    'images/train/._a.jpg': 'a file of the Finder',
    'images/val/a.jpg': undefined,
    'labels/train/a.txt': `${BOX}\n1 .5 .5 1 1\r\n`,
    'labels/train/cam/b.txt': BOX,
    'labels/train/empty.txt': '',
    'labels/val/a.txt': BOX + BOX,
  });
  expect(await short(input)).toEqual({
    train: {
      'a.jpg': ['cat 15 12 10 6', 'a "dog" 0 0 40 30'],
      'cam/b.jpg': ['cat 15 12 10 6'],
      'empty.jpg': [],
      'none.jpg': [],
    },
    val: { 'a.jpg': ['cat 15 12 10 6', 'cat 15 12 10 6'] },
  });
  const { parts, notes } = await readYoloDataset(path.join(input, 'data.yaml'));
  expect(notes).toEqual([
    '1 pictures have no file with labels: they are pictures without objects',
    '1 lines occur twice in their file: they stand here twice',
  ]);
  expect(parts[1]).toMatchObject({ name: 'val', imageFolder: path.join(input, 'images/val') });
  expect(parts[0].file.annotations[0]).toEqual({ id: 1, image_id: 1, area: 60, iscrowd: 0, ...box });
});

const BESIDE = { 'a.jpg': undefined, 'a.txt': BOX };

test.each<[string, Record<string, string | undefined>, string, string]>([
  [
    'Roboflow: ../train/images, a list of names, a part that is not there',
    {
      'data.yaml':
        'train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 1\nnames: [cat]\n',
      'train/images/a.jpg': undefined,
      'train/labels/a.txt': BOX,
      'valid/images/b.jpg': undefined,
      'valid/labels/b.txt': '',
    },
    '',
    '{"train":{"a.jpg":["cat 15 12 10 6"]},"val":{"b.jpg":[]}}',
  ],
  [
    'lists of pictures and several folders',
    {
      'set.yaml': 'train: [images/one, images/two]\nval: val.txt\nnames: {0: cat}\n',
      'images/one/a.jpg': undefined,
      'images/two/a.jpg': undefined,
      'images/three/c.jpg': undefined,
      'labels/one/a.txt': BOX,
      'val.txt': './images/three/c.jpg\n\n',
    },
    'set.yaml',
    '{"train":{"one/a.jpg":["cat 15 12 10 6"],"two/a.jpg":[]},"val":{"c.jpg":[]}}',
  ],
  [
    'darknet, as CVAT exports it: obj.data, labels beside pictures',
    {
      'obj.data': 'classes = 1\ntrain = data/train.txt\nnames = data/obj.names\nbackup = backup/\n',
      'obj.names': 'cat\n',
      'train.txt': 'data/obj_train_data/a.jpg\n',
      'obj_train_data/a.jpg': undefined,
      'obj_train_data/a.txt': BOX,
    },
    '',
    '{"train":{"a.jpg":["cat 15 12 10 6"]}}',
  ],
  [
    'LabelImg: classes.txt beside pictures',
    { 'classes.txt': 'cat\n', ...BESIDE },
    '',
    '{"all":{"a.jpg":["cat 15 12 10 6"]}}',
  ],
  [
    'folders of parts without a data.yaml',
    {
      'labels/classes.txt': 'cat',
      'images/training/a.jpg': undefined,
      'images/valid/b.jpg': undefined,
      'labels/training/a.txt': BOX,
    },
    '',
    '{"train":{"a.jpg":["cat 15 12 10 6"]},"val":{"b.jpg":[]}}',
  ],
])('%s', async (name, files, input, expected) => {
  const folder = await data.write(name, files);
  expect(JSON.stringify(await short(path.join(folder, input)))).toBe(expected);
});

test('outlines become polygons with the boxes around them', async () => {
  const input = await data.write('outlines', {
    'classes.txt': 'cat',
    'a.jpg': undefined,
    'a.txt': '0 0.25 0.2 0.75 0.2 0.75 0.8 0.1 0.5\n',
  });
  const { parts } = await readYoloDataset(input);
  expect(parts[0].file.annotations).toEqual([
    {
      id: 1,
      image_id: 1,
      category_id: 1,
      bbox: [4, 6, 26, 18],
      area: 324,
      iscrowd: 0,
      segmentation: [[10, 6, 30, 6, 30, 24, 4, 15]],
    },
  ]);
});

test('keypoints come along', async () => {
  const input = await data.write('pose', {
    'data.yaml': 'train: .\nval: .\nnames: [cat]\nkpt_shape: [2, 2]\n',
    'a.jpg': undefined,
    'a.txt': '0 0.5 0.5 0.25 0.2 0.5 0.5 0 0\n',
  });
  const { file } = (await readYoloDataset(input)).parts[0];
  expect(file.annotations[0]).toMatchObject({ ...box, keypoints: [20, 15, 2, 0, 0, 0], num_keypoints: 1 });
  expect(file.categories).toEqual([{ id: 1, name: 'cat', keypoints: ['1', '2'], skeleton: [] }]);
});

test('sizes and boxes are those of the picture as it is shown', async () => {
  const input = await data.write('turned', { 'classes.txt': 'cat', 'a.txt': BOX });
  mkdirSync(input, { recursive: true });
  writeFileSync(path.join(input, 'a.jpg'), await picture(6));
  const { file } = (await readYoloDataset(input)).parts[0];
  expect(file.images[0]).toMatchObject({ width: 30, height: 40 });
  expect(file.annotations[0].bbox).toEqual([11.25, 16, 7.5, 8]);
});

test('all lines that are wrong are listed, with file, line and reason', async () => {
  const input = await data.write('wrong', {
    'classes.txt': 'cat\ndog\n',
    'a.jpg': undefined,
    'a.txt': [
      '2 0.5 0.5 0.1 0.1',
      '0.5 0.5 0.5 0.1 0.1',
      '-1 0.5 0.5 0.1 0.1',
      '0 0.5 x 0.1 0.1',
      '0 0.5 1.2 0.1 0.1',
      '0 0.5 0.5 0.1',
      '0 0.5 0.5 0.1 0.1 0.9',
      '0 1.0000001 0.5 0.1 0.1',
    ].join('\n'),
    'b.jpg': 'no picture',
    'b.txt': '',
  });
  const { code, message } = (await rejectionOf(readYoloDataset(input))) as { code: string; message: string };
  const at = `${path.join(input, 'a.txt')}, line `;
  expect(code).toBe('annotations-invalid');
  expect(message.split('\n').map((line) => line.trim())).toEqual([
    `${input}: 8 problems:`,
    `${at}1: there is no class 2: they are 0 to 1`,
    `${at}2: the class is "0.5", not a whole number`,
    `${at}3: there is no class -1: they are 0 to 1`,
    `${at}4: "x" is not a number`,
    `${at}5: 1.2 is not from 0 to 1: coordinates are shares of the picture's width and height`,
    `${at}6: 3 numbers follow the class; 4 (a box) or an even number from 6 up (an outline) are expected`,
    expect.stringMatching(/line 7: 5 numbers follow .*; with a score, this is a detection and no label$/),
    expect.stringMatching(/b\.jpg: this is not a picture/),
  ]);
});

test.each<[string, Record<string, string | undefined>, string, RegExp]>([
  ['no names', BESIDE, 'yolo-names-missing', /nothing says what the classes are called/],
  [
    'no labels',
    { 'classes.txt': 'cat', 'a.jpg': undefined },
    'annotations-invalid',
    /no picture has a file with labels: there is neither .*a\.txt/,
  ],
  ['no pictures', { 'classes.txt': 'cat', 'x.md': '' }, 'yolo-no-pictures', /there is no picture in it/],
  [
    'a missing part',
    { 'data.yaml': 'train: img\nval: img\nnames: [cat]' },
    'yolo-part-missing',
    /data\.yaml: train: there is no img in /,
  ],
  [
    'a part of another form',
    { 'data.yaml': 'train: {a: b}\nnames: [cat]' },
    'yolo-data-file',
    /train: a folder, a list/,
  ],
  [
    'nc that is not the number of names',
    { 'data.yaml': 'train: .\nnames: [cat]\nnc: 2' },
    'yolo-data-file',
    /nc is 2, but there are 1 names/,
  ],
  [
    'names of another form',
    { 'data.yaml': 'train: .\nnames: cat' },
    'yolo-data-file',
    /names: a list of names, or names by number/,
  ],
  ['no YAML', { 'data.yaml': 'names: [' }, 'yolo-data-file', /is no YAML/],
  ['no parts', { 'data.yaml': 'names: [cat]' }, 'yolo-no-pictures', /neither train nor val nor test/],
  [
    'a missing list of names',
    { 'obj.data': 'train = t.txt\nnames = n.names' },
    'yolo-names-missing',
    /there is no n\.names/,
  ],
])('refuses %s', async (name, files, code, message) => {
  const folder = await data.write(`refused ${name}`, files);
  expect(await rejectionOf(readYoloDataset(folder))).toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
  });
});

test('refuses what is not there', async () => {
  expect(await rejectionOf(readYoloDataset(data.at('nowhere')))).toMatchObject({ code: 'yolo-missing' });
});
