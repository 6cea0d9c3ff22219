import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { rleFromPolygon } from '../../../datasets/coco/masks/polygon';
import { mergeRles } from '../../../datasets/coco/masks/rle';
import { readVocDataset } from '../../../datasets/formats/voc/read-voc';
import { writeVocDataset } from '../../../datasets/formats/voc/write-voc';
import { readYoloDataset } from '../../../datasets/formats/yolo/read-yolo';
import { writeYoloDataset } from '../../../datasets/formats/yolo/write-yolo';
import { describeShared, sharedPath } from '../../shared';
import { DataFolder } from './small-pictures';

const data = new DataFolder();

/** Without a mask of run lengths. */
function polygonsOf({ segmentation }: CocoFile['annotations'][number]): readonly (readonly number[])[] {
  return Array.isArray(segmentation) ? (segmentation as readonly (readonly number[])[]) : [];
}

/** The first images of a file whose objects fulfil a condition, with their objects, in the order of their file names. */
function some(
  name: string,
  count = 5,
  isWanted: (annotation: CocoFile['annotations'][number]) => boolean = () => true,
): CocoFile {
  const file = JSON.parse(readFileSync(sharedPath(`data/${name}`), 'utf8')) as CocoFile;
  const wanted = new Set(file.annotations.filter(isWanted).map((annotation) => annotation.image_id));
  const images = file.images
    .filter(({ id }) => wanted.has(id))
    .sort((a, b) => (a.file_name < b.file_name ? -1 : 1))
    .slice(0, count);
  const ofImage = (id: number): CocoFile['annotations'] =>
    file.annotations.filter((annotation) => annotation.image_id === id);
  return { ...file, images, annotations: images.flatMap(({ id }) => ofImage(id)) };
}

const parts = (file: CocoFile, imageFolder: string): Parameters<typeof writeYoloDataset>[0] => [
  { name: 'train', file, imageFolder: sharedPath(`data/${imageFolder}`) },
];

/** What comes back of keys of the annotations, with the names of pictures and categories; in the order of the file. */
function told({ images, annotations, categories }: CocoFile, ...keys: readonly string[]): unknown {
  const names = new Map(images.map((image) => [image.id, image.file_name]));
  const byId = new Map(categories.map((category) => [category.id, category]));
  return {
    images: images.map(({ file_name: file, width, height }) => [file, width, height]),
    categories: categories.map(({ name, keypoints }) => [name, keypoints]),
    annotations: annotations.map((each) => [
      names.get(each.image_id),
      byId.get(each.category_id)!.name,
      each.bbox,
      ...keys.map((key) => each[key]),
    ]),
  };
}

/** Doubles with all of their digits come back but for the last ones. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'number' ? Number(each.toFixed(10)) : each,
  );

describeShared('real data sets come back', () => {
  const pictures = { pictures: 'symlink' } as const;

  test('boxes, from YOLO and from VOC: in the same order, to the digit', async () => {
    const file = some('bccd/train.json');
    expect(file.annotations.length).toBeGreaterThan(50);
    await writeYoloDataset(parts(file, 'bccd/images'), data.at('bccd yolo'), pictures);
    await writeVocDataset(parts(file, 'bccd/images'), data.at('bccd voc'), pictures);
    for (const { parts: back } of [
      await readYoloDataset(data.at('bccd yolo')),
      await readVocDataset(data.at('bccd voc')),
    ]) {
      expect(told(back[0].file, 'area')).toEqual(told(file, 'area'));
    }
  });

  test.each([
    ['mirror-mouse/train.json', 'mirror-mouse/images'],
    ...['zebra', 'fly', 'locust', 'ap10k', 'coco-person'].map((name) => [
      `keypoint-samples/${name}.json`,
      'keypoint-samples/images',
    ]),
  ])('keypoints of %s, and their names', async (name, imageFolder) => {
    const file = some(name);
    const output = data.at(path.dirname(name), path.basename(name, '.json'));
    await writeYoloDataset(parts(file, imageFolder), output, pictures);
    const [back] = (await readYoloDataset(output)).parts;
    const keys = ['keypoints', 'num_keypoints'];
    expect(rounded(told(back.file, ...keys))).toEqual(rounded(told(file, ...keys)));
  });

  test('outlines of nuclei; several of one object are joined, and its mask stays the same', async () => {
    const isMultiple = (annotation: CocoFile['annotations'][number]): boolean =>
      polygonsOf(annotation).length > 1;
    const file = some('nuclei/val.json', 3, isMultiple);
    const numMultiple = file.annotations.filter(isMultiple).length;
    expect(numMultiple).toBeGreaterThan(0);
    const options = { ...pictures, polygons: true };
    const { notes } = await writeYoloDataset(parts(file, 'nuclei/images'), data.at('nuclei'), options);
    expect(notes).toContain(`${numMultiple} objects have several outlines, which are joined to one`);
    const [{ file: back }] = (await readYoloDataset(data.at('nuclei'))).parts;
    const sizes = new Map(back.images.map((image) => [image.id, image]));
    const pairs = file.annotations.map((before, index) => ({ before, after: back.annotations[index] }));
    const single = pairs.filter(({ before }) => polygonsOf(before).length === 1);
    expect(single.length).toBeGreaterThan(50);
    expect(single.map(({ after }) => after.segmentation)).toEqual(
      single.map(({ before }) => before.segmentation),
    );
    for (const { before, after } of pairs.filter((pair) => isMultiple(pair.before))) {
      const { width, height } = sizes.get(after.image_id)!;
      const [was, is] = [before, after].map((each) =>
        mergeRles(polygonsOf(each).map((polygon) => rleFromPolygon(polygon, { width, height }))),
      );
      expect(is).toEqual(was);
    }
  });
});
