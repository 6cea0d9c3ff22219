import path from 'node:path';
import { readVocDataset } from '../../../../datasets/formats/voc/read-voc';
import { rejectionOf } from '../../../thrown';
import { DataFolder } from '../small-pictures';

const data = new DataFolder();

function object(name: string, corners: readonly number[], more = ''): string {
  const [xmin, ymin, xmax, ymax] = corners;
  const box = `<xmin>${xmin}</xmin><ymin>${ymin}</ymin><xmax>${xmax}</xmax><ymax>${ymax}</ymax>`;
  return `<object>\n<name>${name}</name>${more}<bndbox>${box}</bndbox></object>\n`;
}

function xml(
  inner: string,
  size = '<size><width>40</width><height>30</height><depth>3</depth></size>',
): string {
  return `<?xml version="1.0"?>\n<annotation>\n<filename>other.jpg</filename>${size}\n${inner}</annotation>\n`;
}

const PICTURES = {
  'JPEGImages/a.jpg': undefined,
  'JPEGImages/b.jpg': undefined,
  'JPEGImages/c.jpg': undefined,
};

test('VOC: Annotations, JPEGImages, lists of parts; corners are pixels from 1', async () => {
  const input = await data.write('voc', {
    ...PICTURES,
    'Annotations/a.xml': xml(
      object('dog', [1, 1, 40, 30], '<pose>Left</pose><truncated>1</truncated><difficult>0</difficult>') +
        object('a &amp; b', [11.5, 3, 20, 3]),
    ),
    'Annotations/b.xml': xml(''),
    'Annotations/c.xml': xml(object('cat', [2, 2, 3, 3], '<difficult>1</difficult><occluded>0</occluded>')),
    'ImageSets/Main/train.txt': 'a\nb\nmissing\n',
    'ImageSets/Main/val.txt': 'c.jpg\n',
    'ImageSets/Main/trainval.txt': 'a\nb\nc\n',
    'ImageSets/Main/dog_train.txt': 'a  1\nb -1\n',
  });
  const { parts, notes } = await readVocDataset(input);
  expect(parts.map(({ name, imageFolder }) => [name, imageFolder])).toEqual([
    ['train', path.join(input, 'JPEGImages')],
    ['val', path.join(input, 'JPEGImages')],
  ]);
  const [train, val] = parts.map(({ file }) => file);
  expect(train).toEqual({
    images: [
      { id: 1, file_name: 'a.jpg', width: 40, height: 30 },
      { id: 2, file_name: 'b.jpg', width: 40, height: 30 },
    ],
    annotations: [
      {
        id: 1,
        image_id: 1,
        category_id: 3,
        bbox: [0, 0, 40, 30],
        area: 1200,
        iscrowd: 0,
        pose: 'Left',
        truncated: 1,
      },
      { id: 2, image_id: 1, category_id: 1, bbox: [10.5, 2, 9.5, 1], area: 9.5, iscrowd: 0 },
    ],
    categories: ['a & b', 'cat', 'dog'].map((name, index) => ({ id: index + 1, name })),
  });
  expect(val.annotations).toEqual([
    {
      id: 3,
      image_id: 3,
      category_id: 2,
      bbox: [1, 1, 2, 2],
      area: 4,
      iscrowd: 0,
      difficult: 1,
      occluded: 0,
    },
  ]);
  expect(notes).toEqual([
    'the list trainval is left out: train and val are read',
    'train: 1 of the listed pictures have no XML file and are left out',
    expect.stringMatching(/^1 objects are marked as difficult/),
  ]);
});

test('a box that begins at 0 says that corners are edges, of the whole set', async () => {
  const input = await data.write('edges', {
    'a.jpg': undefined,
    'b.jpg': undefined,
    'a.xml': xml(object('dog', [0, 5, 40, 30])),
    'b.xml': xml(object('dog', [10, 10, 20, 20])),
  });
  const boxes = async (options = {}): Promise<unknown> =>
    (await readVocDataset(input, options)).parts[0].file.annotations.map(({ bbox }) => bbox);
  expect(await boxes()).toEqual([
    [0, 5, 40, 25],
    [10, 10, 10, 10],
  ]);
  expect((await readVocDataset(input)).notes).toEqual([expect.stringMatching(/^boxes begin at 0/)]);
  expect(await boxes({ boxes: 'inclusive' })).toEqual([
    [-1, 4, 41, 26],
    [9, 9, 11, 11],
  ]);
});

test('LabelImg: XML beside pictures, which are found by name, or as they are called; sizes may be missing', async () => {
  const input = await data.write('labelimg', {
    'a.jpg': undefined,
    'other.jpg': undefined,
    'sub/b.jpg': undefined,
    'not annotated.jpg': undefined,
    'a.xml': xml(object('dog', [1, 1, 2, 2]), '<size><width>0</width><height>0</height></size>'),
    'renamed.xml': xml('', ''),
    'sub/b.xml': xml(''),
    'classes.txt': 'cat\ndog\n',
  });
  const { parts } = await readVocDataset(input);
  expect(parts).toHaveLength(1);
  expect(parts[0].name).toBe('all');
  expect(parts[0].file.images).toEqual(
    ['a.jpg', 'other.jpg', 'sub/b.jpg'].map((file_name, index) => ({
      id: index + 1,
      file_name,
      width: 40,
      height: 30,
    })),
  );
  expect(parts[0].file.categories.map(({ name }) => name)).toEqual(['cat', 'dog']);
});

test('Roboflow: a folder for each part', async () => {
  const input = await data.write('roboflow', {
    'train/a.jpg': undefined,
    'train/a.xml': xml(object('dog', [1, 1, 2, 2])),
    'valid/b.jpg': undefined,
    'valid/b.xml': xml(''),
  });
  const { parts } = await readVocDataset(input);
  expect(parts.map(({ name, file }) => [name, file.images[0].file_name])).toEqual([
    ['train', 'a.jpg'],
    ['val', 'b.jpg'],
  ]);
});

test('all files that are wrong are listed, with file, line and reason', async () => {
  const bad: Record<string, string> = {
    box: xml(object('dog', [9, 1, 2, 2])),
    cut: '<annotation>\n<object>\n',
    empty: '',
    html: '<html></html>',
    nameless: xml('<object><bndbox/></object>'),
    number: xml(object('dog', [1, 1, 2, NaN])),
    outside: xml(object('dog', [50, 1, 60, 2])),
    size: xml('', '<size><width>41</width><height>30</height></size>'),
    unboxed: xml('<object><name>dog</name></object>'),
  };
  const input = await data.write(
    'wrong',
    Object.fromEntries(
      Object.entries(bad).flatMap(([name, text]) => [
        [`${name}.xml`, text],
        [`${name}.jpg`, undefined],
      ]),
    ),
  );
  await data.write('wrong', { 'lost.xml': xml('').replace('other.jpg', '') });
  const { code, message } = (await rejectionOf(readVocDataset(input))) as { code: string; message: string };
  expect(code).toBe('annotations-invalid');
  const lines = message.split('\n').map((line) => line.trim().replaceAll(`${input}/`, ''));
  expect(lines.slice(1).sort()).toEqual([
    'box.xml, line 4: the box 9, 1, 2, 2 ends before it begins',
    expect.stringMatching(/^cut\.xml, line \d: this is not XML: /),
    'empty.xml: the file is empty',
    'html.xml: its outermost element is <html>, not <annotation>',
    `lost.xml: there is no picture called lost in ${input}`,
    'nameless.xml, line 4: an object has no <name>',
    'number.xml, line 4: <ymax> is "NaN", not a number',
    'outside.xml, line 4: the box 50, 1, 60, 2 is outside of the picture, which has 40x30 pixels',
    'size.xml: <size> says 41x30, but size.jpg has 40x30 pixels',
    'unboxed.xml, line 4: an object has no <bndbox>',
  ]);
});

test.each([
  ['nowhere', {}, /there is no such folder/],
  ['nothing', { 'a.jpg': undefined }, /there is no XML file, and no folder Annotations/],
  ['no files', { 'Annotations/readme.md': '' }, /there is no XML file in Annotations/],
])('refuses %s', async (name, files, message) => {
  const folder = await data.write(name, files);
  expect(await rejectionOf(readVocDataset(folder))).toMatchObject({
    code: 'voc-missing',
    message: expect.stringMatching(message) as string,
  });
});

test('nothing outside of a file is read, and entities do not multiply', async () => {
  const entities =
    '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY l "llllllllll">]>\n<annotation><folder>&e;&l;</folder></annotation>';
  const input = await data.write('entities', { 'a.jpg': undefined, 'a.xml': entities });
  expect(await rejectionOf(readVocDataset(input))).toMatchObject({
    code: 'annotations-invalid',
    message: expect.stringMatching(/a\.xml.*this is not XML: /) as string,
  });
});
