import { existsSync, lstatSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { encodeMask, rleToMask } from '../../../datasets/coco/masks/rle';
import { segmentationToRle } from '../../../datasets/coco/masks/segmentation';
import { readCocoFile } from '../../../datasets/coco/read-coco-file';
import type { DatasetPart } from '../../../datasets/formats/dataset-part';
import { writeCocoDataset } from '../../../datasets/formats/write-coco';
import { readVocDataset } from '../../../datasets/formats/voc/read-voc';
import { writeVocDataset } from '../../../datasets/formats/voc/write-voc';
import { readYoloDataset } from '../../../datasets/formats/yolo/read-yolo';
import { writeYoloDataset } from '../../../datasets/formats/yolo/write-yolo';
import { rejectionOf } from '../../thrown';
import { DataFolder, picture } from './small-pictures';

const data = new DataFolder();
const size = { width: 40, height: 30 };
const polygon = [1.25, 2, 11.25, 2, 11.25, 12, 1.25, 9.5];

/** Names that nobody chooses wisely, boxes of many kinds, categories in no order of their ids, one of them unused. */
const file: CocoFile = {
  images: [
    { id: 9, file_name: 'a.jpg', ...size },
    { id: 3, file_name: 'cam 1/käfer.jpg', ...size },
    { id: 4, file_name: 'images/none.jpg', ...size },
  ],
  annotations: [
    { id: 1, image_id: 9, category_id: 8, bbox: [3, 4, 10, 11], area: 110, iscrowd: 0 },
    { id: 2, image_id: 9, category_id: 2, bbox: [0, 0, 40, 30], area: 1200, iscrowd: 0 },
    { id: 3, image_id: 3, category_id: 8, bbox: [13.423728942871, 0.1, 1.2, 7.77], area: 9.324, iscrowd: 0 },
    { id: 4, image_id: 3, category_id: 2, bbox: [1.25, 2, 10, 10], segmentation: [polygon], iscrowd: 0 },
  ],
  categories: [
    { id: 8, name: 'zebra: "no" <&>' },
    { id: 2, name: 'no' },
    { id: 5, name: 'unused #1' },
  ],
};

let part: DatasetPart;
beforeAll(async () => {
  const imageFolder = await data.write(
    'images',
    Object.fromEntries(file.images.map(({ file_name: name }) => [name, undefined])),
  );
  part = { name: 'train', file, imageFolder };
});

/** What a format holds of a file: without ids, in an order of its own. */
function contents({ images, annotations, categories }: CocoFile, withMasks = false): unknown {
  const [names, categoryNames] = [images, categories].map(
    (list) => new Map(list.map((entry) => [entry.id, 'file_name' in entry ? entry.file_name : entry.name])),
  );
  return {
    images: images.map(({ file_name: name, width, height }) => [name, width, height]).sort(),
    categories: categories.map(({ name }) => name),
    annotations: annotations
      .map(({ image_id: image, category_id: category, bbox, segmentation }) => [
        names.get(image),
        categoryNames.get(category),
        bbox,
        ...(withMasks ? [segmentation] : []),
      ])
      .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
  };
}

test('COCO to YOLO and back: names, classes and boxes, to the digit', async () => {
  const output = data.at('yolo');
  const { notes, parts } = await writeYoloDataset([part], output);
  expect(parts).toEqual([{ name: 'train', images: 3, objects: 4 }]);
  expect(notes).toEqual(['not kept, since YOLO has no place for it: masks (1)']);
  expect(readFileSync(path.join(output, 'labels/train/a.txt'), 'utf8')).toBe(
    '0 0.200000 0.316667 0.250000 0.366667\n1 0.500000 0.500000 1.000000 1.000000\n',
  );
  // The last folder that is called images is the one that is called labels.
  expect(readFileSync(path.join(output, 'images/train/labels/none.txt'), 'utf8')).toBe('');
  expect(statSync(path.join(output, 'images/train/images/none.jpg')).isFile()).toBe(true);
  const back = (await readYoloDataset(output)).parts;
  expect(back.map(({ name }) => name)).toEqual(['train']);
  expect(contents(back[0].file)).toEqual(contents(file));
  expect(back[0].file.categories.map(({ id }) => id)).toEqual([1, 2, 3]);
});

test('and outlines', async () => {
  const output = data.at('outlines');
  const { notes } = await writeYoloDataset([part], output, { polygons: true });
  expect(notes).toEqual(['3 objects have no outline: that of their box is written']);
  const back = (await readYoloDataset(output)).parts[0].file;
  expect(back.annotations.map(({ segmentation }) => segmentation)).toContainEqual([polygon]);
  expect(contents(back)).toEqual(contents(file));
});

test('several outlines become one, along the shortest line between them', async () => {
  const segmentation = [
    [0, 0, 10, 0, 10, 10, 0, 10],
    [20, 10, 20, 20, 12, 20, 12, 10],
  ];
  const annotations = [{ id: 1, image_id: 9, category_id: 8, bbox: [0, 0, 20, 20] as const, segmentation }];
  const { notes } = await writeYoloDataset([{ ...part, file: { ...file, annotations } }], data.at('joined'), {
    polygons: true,
  });
  expect(notes).toEqual(['1 objects have several outlines, which are joined to one']);
  const [annotation] = (await readYoloDataset(data.at('joined'))).parts[0].file.annotations;
  expect(annotation.segmentation).toEqual([
    [0, 0, 10, 0, 10, 10, 12, 10, 20, 10, 20, 20, 12, 20, 12, 10, 10, 10, 0, 10],
  ]);
  expect(annotation.area).toBe(180);
});

test('run lengths become the outline of their pixels; a list of empty polygons is no mask', async () => {
  const pixels = Uint8Array.from({ length: 1200 }, (_, i) => {
    const [x, y] = [i % 40, Math.floor(i / 40)];
    const isHole = x > 8 && x < 12 && y > 6 && y < 10;
    return Number((x > 4 && x < 17 && y > 2 && y < 14 && !isHole) || (x > 20 && y > 20));
  });
  const runs = encodeMask(pixels, size);
  const object = { image_id: 9, category_id: 8, bbox: [5, 3, 35, 27] as const };
  const segmentations = [runs, [[]], { ...runs, size: [40, 30] as const }];
  const annotations = segmentations.map((segmentation, k) => ({ ...object, id: k + 1, segmentation }));
  const { notes } = await writeYoloDataset([{ ...part, file: { ...file, annotations } }], data.at('runs'), {
    polygons: true,
  });
  expect(notes).toEqual([
    '1 objects have several outlines, which are joined to one',
    '2 objects have no outline: that of their box is written',
    'not kept, since YOLO has no place for it: masks of run lengths that cannot be read (1)',
  ]);
  const back = (await readYoloDataset(data.at('runs'))).parts[0].file.annotations;
  expect(encodeMask(rleToMask(segmentationToRle(back[0].segmentation, size)), size)).toEqual(runs);
  expect(back.slice(1).map(({ bbox }) => bbox)).toEqual([object.bbox, object.bbox]);
});

test('COCO to VOC and back, with what VOC has elements for', async () => {
  const marked: CocoFile = {
    ...file,
    annotations: file.annotations.map((annotation, index) => ({
      ...annotation,
      ...(index === 0 && { difficult: 1, pose: 'Left', occluded: 0, truncated: 0.25 }),
    })),
  };
  const output = data.at('voc');
  const { notes } = await writeVocDataset([{ ...part, file: marked }], output);
  expect(notes).toEqual(['not kept, since Pascal VOC has no place for it: masks (1)']);
  expect(readFileSync(path.join(output, 'Annotations/a.xml'), 'utf8')).toContain(
    '<xmin>4</xmin>\n      <ymin>5</ymin>\n      <xmax>13</xmax>\n      <ymax>15</ymax>\n',
  );
  const back = (await readVocDataset(output)).parts;
  expect(contents(back[0].file)).toEqual(contents(file));
  const keys = back[0].file.annotations.map(({ difficult, pose, occluded, truncated, voc }) => ({
    difficult,
    pose,
    occluded,
    truncated,
    voc,
  }));
  expect(keys).toEqual([{ difficult: 1, pose: 'Left', occluded: 0, truncated: 0.25 }, {}, {}, {}]);
});

test('VOC to COCO and back: all elements', async () => {
  const xml = `<annotation>
  <folder>VOC2012</folder>
  <filename>a.jpg</filename>
  <source>
    <database kind="x">The VOC2012 Database</database>
  </source>
  <size>
    <width>40</width>
    <height>30</height>
    <depth>1</depth>
  </size>
  <segmented>1</segmented>
  <object>
    <name>person</name>
    <pose>Unspecified</pose>
    <truncated>1</truncated>
    <difficult>0</difficult>
    <occluded>1</occluded>
    <bndbox>
      <xmin>2</xmin>
      <ymin>3.70000076293945</ymin>
      <xmax>40</xmax>
      <ymax>30</ymax>
    </bndbox>
    <part>
      <name>head</name>
      <bndbox>
        <xmin>11.4000015258789</xmin>
        <ymin>4</ymin>
        <xmax>20</xmax>
        <ymax>9</ymax>
      </bndbox>
    </part>
    <part>
      <name>hand</name>
    </part>
  </object>
</annotation>
`;
  const input = await data.write('elements', { 'Annotations/a.xml': xml, 'JPEGImages/a.jpg': undefined });
  const { parts } = await readVocDataset(input);
  await writeCocoDataset(parts, data.at('elements coco'));
  const coco = await readCocoFile(data.at('elements coco', 'all.json'));
  const again = [{ name: 'all', file: coco, imageFolder: data.at('elements coco', 'images', 'all') }];
  await writeVocDataset(again, data.at('elements voc'));
  expect(readFileSync(data.at('elements voc', 'Annotations/a.xml'), 'utf8')).toBe(xml);
  expect(readFileSync(data.at('elements voc', 'ImageSets/Main/all.txt'), 'utf8')).toBe('a\n');
});

test('what a format has no place for is told with counts', async () => {
  const rich: CocoFile = {
    ...file,
    info: { year: 2026 },
    images: file.images.map((image) => ({ ...image, license: 1 })),
    annotations: [
      { ...file.annotations[0], iscrowd: 1 },
      { ...file.annotations[1], area: 7, attributes: { old: true }, keypoints: [] },
      { ...file.annotations[2], bbox: [35, 20, 20, 20], area: 400 },
      { ...file.annotations[3], bbox: [5, 5, 0, 3], area: 0, segmentation: undefined },
    ],
    categories: [...file.categories, { id: 70, name: 'No', supercategory: 'x' }],
  };
  const { notes, parts } = await writeYoloDataset([{ ...part, file: rich }], data.at('told yolo'));
  expect(notes).toEqual([
    'these are different categories: "no", "No"; rename one if they are not',
    '1 boxes reach beyond their pictures and are clipped',
    'not kept, since YOLO has no place for it: files’ info (1), categories’ supercategory (1), images’ license (3), crowds (1), ' +
      'annotations’ attributes (1), areas that differ from their boxes’ (1)',
  ]);
  expect(parts[0].objects).toBe(3);
  const voc = await writeVocDataset([{ ...part, file: rich }], data.at('told voc'));
  expect(voc.notes.at(-1)).toMatch(/crowds \(1\), .*, boxes of less than a pixel \(1\)$/);
  expect(voc.parts[0].objects).toBe(2);
});

test('pictures that would share a file of labels get other names', async () => {
  const imageFolder = await data.write('alike', {
    'a.jpg': undefined,
    'a.jpeg': undefined,
    'a_jpeg.jpg': undefined,
  });
  const images = ['a.jpg', 'a_jpeg.jpg', 'a.jpeg'].map((file_name, id) => ({ id, file_name, ...size }));
  const alike = { name: 'train', imageFolder, file: { ...file, images, annotations: [] } };
  for (const write of [writeYoloDataset, writeVocDataset]) {
    const output = data.at(`alike ${write.name}`);
    const { notes } = await write([alike], output);
    expect(notes).toEqual([
      expect.stringMatching(/^1 pictures have other names now.*: a\.jpeg is a_jpeg_2\.jpeg$/),
    ]);
    const pictures = readdirSync(output, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.jpe?g$/.test(name),
    );
    expect(pictures.map((name) => path.basename(name)).sort()).toEqual([
      'a.jpg',
      'a_jpeg.jpg',
      'a_jpeg_2.jpeg',
    ]);
  }
});

test('pictures are copied, linked or left where they are', async () => {
  const source = path.join(part.imageFolder, 'a.jpg');
  for (const how of ['copy', 'hardlink', 'symlink', 'none'] as const) {
    await writeYoloDataset([part], data.at(how), { pictures: how });
    const placed = data.at(how, 'images/train/a.jpg');
    expect(existsSync(placed)).toBe(how !== 'none');
    if (how === 'none') continue;
    expect(readFileSync(placed)).toEqual(readFileSync(source));
    expect(lstatSync(placed).isSymbolicLink()).toBe(how === 'symlink');
    expect(statSync(placed).ino === statSync(source).ino).toBe(how !== 'copy');
  }
});

test('boxes and keypoints of a picture that is shown turned are turned for programs that turn it', async () => {
  const imageFolder = await data.write('turned', { 'all.json': '' });
  writeFileSync(path.join(imageFolder, 'a.jpg'), await picture(6));
  const set = (width: number, height: number, bbox: readonly number[]): string =>
    JSON.stringify({
      images: [{ id: 1, file_name: 'a.jpg', width, height }],
      annotations: [
        {
          id: 1,
          image_id: 1,
          category_id: 1,
          bbox,
          segmentation: [[0, 0, 20, 0, 20, 10]],
          keypoints: [1, 2, 2, 0, 0, 0, 3, 4, 0],
        },
      ],
      categories: [{ id: 1, name: 'cat' }],
    });
  const read = async (text: string): Promise<CocoFile> => {
    writeFileSync(path.join(imageFolder, 'all.json'), text);
    return readCocoFile(path.join(imageFolder, 'all.json'), { imageFolder });
  };
  // Clockwise by 90 degrees: the left edge becomes the top one.
  const stored = await read(set(40, 30, [0, 0, 20, 10]));
  expect(stored.images[0]).toMatchObject({ width: 30, height: 40 });
  expect(stored.annotations[0].bbox).toEqual([20, 0, 10, 20]);
  expect(stored.annotations[0].segmentation).toEqual([[30, 0, 30, 20, 20, 20]]);
  // The second one is none.
  expect(stored.annotations[0].keypoints).toEqual([28, 1, 2, 0, 0, 0, 26, 3, 0]);
  const [asShown] = (await read(set(30, 40, [20, 0, 10, 20]))).annotations;
  expect(asShown).toMatchObject({ bbox: [20, 0, 10, 20], keypoints: [1, 2, 2, 0, 0, 0, 3, 4, 0] });
});

test('nothing is left behind where something goes wrong', async () => {
  const twice = { ...file, images: [...file.images, { ...file.images[0], id: 77 }] };
  const output = data.at('failed');
  for (const [write, parts, code] of [
    [writeYoloDataset, [{ ...part, file: twice }], 'picture-twice'],
    [writeVocDataset, [{ ...part, file: twice }], 'picture-twice'],
    [writeVocDataset, [{ ...part, file: { ...file, categories: [{ id: 8, name: 'a\u0007' }] } }], 'voc-name'],
    [writeCocoDataset, [{ ...part, imageFolder: data.at('nowhere') }], 'ENOENT'],
  ] as const) {
    expect(await rejectionOf(write([...parts], output))).toMatchObject({ code });
    expect(existsSync(output)).toBe(false);
  }
  expect(readdirSync(data.at()).filter((name) => name.includes('.tmp'))).toEqual([]);
});
