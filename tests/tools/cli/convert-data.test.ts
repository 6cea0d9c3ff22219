import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { main } from '../../../tools/cli/main';
import { DataFolder } from '../../datasets/formats/small-pictures';
import { Printed } from './printed';

const printed = new Printed();
const data = new DataFolder();
const images = ['a.jpg', 'b.jpg', 'c.jpg'].map((file_name, index) => ({
  id: index + 1,
  file_name,
  width: 40,
  height: 30,
}));
const categories = [
  { id: 7, name: 'dog' },
  { id: 3, name: 'cat' },
];

let source = '';
beforeAll(async () => {
  source = await data.write(
    'source',
    Object.fromEntries(images.map(({ file_name: name }) => [name, undefined])),
  );
  write('train', images.slice(0, 2));
  write('val', images.slice(2));
});

function write(name: string, some: typeof images): string {
  const annotations = some.map(({ id }) => ({
    id,
    image_id: id,
    category_id: 7,
    bbox: [1, 2, 10 + id, 8],
    iscrowd: 0,
  }));
  const file = data.at(`${name}.json`);
  writeFileSync(file, JSON.stringify({ images: some, annotations, categories }));
  return file;
}

function convert(output: string, ...options: string[]): Promise<number> {
  printed.clear();
  return main(['convert-data', ...options, '--output', data.at(output)]);
}

test('COCO to YOLO and VOC, each to COCO, and that passes the check', async () => {
  const coco = [
    '--annotations',
    data.at('train.json'),
    '--annotations',
    data.at('val.json'),
    '--images',
    source,
  ];
  expect(await convert('yolo', ...coco, '--to', 'yolo')).toBe(0);
  expect(printed.stdout).toBe(`${data.at('yolo')}\ntrain: 2 images, 2 objects\nval: 1 image, 1 object\n`);
  expect(readFileSync(data.at('yolo/data.yaml'), 'utf8')).toBe(
    'train: "images/train"\nval: "images/val"\nnames:\n  0: "dog"\n  1: "cat"\n',
  );
  expect(await convert('voc', ...coco, '--to', 'voc', '--pictures', 'symlink')).toBe(0);
  expect(await convert('from yolo', '--yolo', data.at('yolo'))).toBe(0);
  expect(printed.stdout).toContain(
    `train: 2 images, 2 objects  --annotations ${data.at('from yolo/train.json')} --images ${data.at('from yolo/images/train')}\n`,
  );
  expect(await convert('from voc', '--voc', data.at('voc'), '--pictures', 'none')).toBe(0);
  expect(printed.stdout).toContain(`--images ${data.at('voc/JPEGImages')}\n`);
  expect(readdirSync(data.at('from voc')).sort()).toEqual(['train.json', 'val.json']);
  for (const [set, folder] of [
    ['from yolo', 'from yolo/images/val'],
    ['from voc', 'voc/JPEGImages'],
  ]) {
    const { annotations, categories: found } = JSON.parse(
      readFileSync(data.at(set, 'val.json'), 'utf8'),
    ) as CocoFile;
    expect(annotations.map(({ bbox }) => bbox)).toEqual([[1, 2, 13, 8]]);
    expect(found.map(({ id, name }) => [id, name])).toEqual([
      [1, 'dog'],
      [2, 'cat'],
    ]);
    printed.clear();
    expect(
      await main(['check', '--annotations', data.at(set, 'val.json'), '--images', data.at(folder)]),
    ).toBe(0);
    expect(printed.stdout).toBe('images:     1\nboxes:      1\ncategories: 2\n');
  }
});

test('a set without parts is one to train on; ultralytics asks for another', async () => {
  const file = write('instances', images);
  expect(await convert('single', '--annotations', file, '--images', source, '--to', 'yolo')).toBe(0);
  expect(printed.stderr).toMatch(/data\.yaml names train; ultralytics asks for train and val/);
  expect(existsSync(data.at('single/labels/train/a.txt'))).toBe(true);
  const named = ['--annotations', `val=${file}`, '--images', source, '--to', 'voc', '--voc-boxes', 'edges'];
  expect(await convert('named', ...named)).toBe(0);
  expect(readFileSync(data.at('named/ImageSets/Main/val.txt'), 'utf8')).toBe('a\nb\nc\n');
  expect(readFileSync(data.at('named/Annotations/a.xml'), 'utf8')).toContain('<xmin>1</xmin>');
});

test('keypoints make labels for poses, unless boxes alone are asked for', async () => {
  const keypoints = [1, 2, 2];
  const annotations = [{ id: 1, image_id: 1, category_id: 7, bbox: [1, 2, 10, 8], iscrowd: 0, keypoints }];
  const file = data.at('poses.json');
  writeFileSync(file, JSON.stringify({ images: images.slice(0, 1), annotations, categories }));
  const options = ['--annotations', file, '--images', source, '--to', 'yolo'];
  const labels = (set: string): string => readFileSync(data.at(set, 'labels/train/a.txt'), 'utf8');
  expect(await convert('poses', ...options)).toBe(0);
  expect(printed.stderr).toMatch(/labels have boxes and 1 keypoints/);
  expect(labels('poses')).toBe('0 0.150000 0.200000 0.250000 0.266667 0.025000 0.066667 2\n');
  expect(await convert('boxes', ...options, '--no-keypoints')).toBe(0);
  expect(printed.stderr).toMatch(/annotations’ keypoints \(1\)/);
  expect(labels('boxes')).toBe('0 0.150000 0.200000 0.250000 0.266667\n');
});

test.each<[string, string[], RegExp]>([
  ['nothing to read', [], /Nothing is to be read: give one of --yolo, --voc and --annotations/],
  ['two formats', ['--yolo', 'a', '--voc', 'b'], /Several formats are to be read/],
  ['the same format', ['--voc', 'a', '--to', 'voc'], /--to voc: the set has this format already/],
  ['COCO without --to', ['--annotations', 'train.json'], /--to is missing/],
  ['no folder of pictures', ['--annotations', 'train.json', '--to', 'yolo'], /--images DIR is missing/],
  [
    'a folder that is none',
    ['--annotations', 'train.json', '--to', 'yolo', '--images', 'none'],
    /no such folder of pictures/,
  ],
  [
    'two parts of one name',
    ['--annotations', 'train.json', '--annotations', 'train.json', '--to', 'voc', '--images', '.'],
    /two parts are called train/,
  ],
  ['an unknown format', ['--voc', 'a', '--to', 'pascal'], /Allowed choices are coco, yolo, voc/],
])('%s: one message, nothing written', async (_, options, message) => {
  const given = options.map((word) => (word === 'train.json' ? data.at(word) : word === '.' ? source : word));
  expect(await convert('refused', ...given)).toBe(2);
  expect(printed.stderr).toMatch(message);
  expect(existsSync(data.at('refused'))).toBe(false);
});

test('a missing picture is refused before anything is written', async () => {
  const file = write('missing', [...images, { ...images[0], id: 9, file_name: 'none.jpg' }]);
  expect(await convert('refused', '--annotations', file, '--images', source, '--to', 'yolo')).toBe(2);
  expect(printed.stderr).toMatch(/images\[3\]\.file_name \(image 9\): .*none\.jpg: there is no such file/);
  expect(existsSync(data.at('refused'))).toBe(false);
  expect(await convert('used', '--yolo', path.join(source, 'nowhere'))).toBe(2);
});
