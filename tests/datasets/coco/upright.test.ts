import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { CocoDataset, type CocoAnnotation, type CocoImage } from '../../../datasets/coco/annotations';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { rleToMask } from '../../../datasets/coco/masks/rle';
import { segmentationToRle } from '../../../datasets/coco/masks/segmentation';
import { uprightDataset } from '../../../datasets/coco/upright';
import { cocoExamples } from '../../../datasets/examples';
import { decodeImage } from '../../../datasets/images/decode';
import { turnSize, type Orientation } from '../../../datasets/images/orientation';
import type { PictureHeader } from '../../../datasets/images/picture-header';
import { describeShared, sharedPath } from '../../shared';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'upright-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const wide = { width: 30, height: 20 };
const square = { width: 20, height: 20 };

function header(orientation: Orientation, stored = wide): PictureHeader {
  return { orientation, stored, shown: turnSize(stored, orientation), is16Bit: false };
}

/** Images 1, 2, ... of these sizes, with a box in each. */
function setOf(
  sizes: readonly { width: number; height: number }[],
  extra: Partial<CocoAnnotation> = {},
): CocoDataset {
  const images = sizes.map((size, i): CocoImage => ({ id: i + 1, fileName: `${i + 1}.jpg`, ...size }));
  const annotations = images.map(({ id }): CocoAnnotation => ({
    id,
    imageId: id,
    categoryId: 1,
    bbox: [1, 2, 3, 4],
    area: 10,
    isCrowd: false,
    ...extra,
  }));
  return new CocoDataset('set.json', folder, images, [{ id: 1, name: 'a' }], annotations, ['a note']);
}

const tall = turnSize(wide, 6);
const boxesOf = ({ annotations }: CocoDataset) => annotations.map(({ bbox }) => bbox);

test('the size of an image says whether it was annotated as stored or as shown', () => {
  const turned = new Map([1, 2].map((id) => [id, header(6)] as const));
  const upright = uprightDataset(setOf([wide, tall, wide]), turned);
  expect(upright.images.map(({ width, height }) => ({ width, height }))).toEqual([tall, tall, wide]);
  expect(boxesOf(upright)).toEqual([
    [14, 1, 4, 3],
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ]);
  expect(upright.annotations[0].area).toBe(10);
  expect(upright.notes).toEqual([
    'a note',
    'Pictures turned as their EXIF orientation says: 2; annotated as stored, by their sizes: 1 (image id 1), ' +
      'with boxes that are turned too.',
  ]);
});

test('a set without orientations, and a picture of another size, stay as they are', () => {
  const set = setOf([wide, square]);
  expect(boxesOf(uprightDataset(set, new Map()))).toEqual(boxesOf(set));
  const other = uprightDataset(set, new Map([[2, header(6)]]));
  expect(other.images).toEqual(set.images);
  expect(other.notes).toEqual(['a note']);
});

describe('where a picture has the same size as stored and as shown', () => {
  const same = new Map([
    [1, header(3)],
    [2, header(6, square)],
  ]);
  const turnedTwice = [
    [26, 14, 3, 4],
    [14, 1, 4, 3],
  ];
  const asTheyAre = [
    [1, 2, 3, 4],
    [1, 2, 3, 4],
  ];

  test.each([
    ['the others decide: as stored', [wide], turnedTwice, 'There, as in the others, .* as stored.'],
    ['the others decide: as shown', [tall], asTheyAre, 'There, as in the others, .* as shown.'],
    [
      'most of the others decide',
      [wide, wide, tall],
      turnedTwice,
      'The others disagree (as stored 2, as shown 1): .* as stored.',
    ],
    [
      'of as many, as shown',
      [wide, tall],
      asTheyAre,
      'The others disagree (as stored 1, as shown 1): .* as shown.',
    ],
    ['no other decides: as shown', [], asTheyAre, 'No other picture tells .* as shown.'],
  ])('%s', (_, others, expected, note) => {
    const turned = new Map([...same, ...others.map((__, i) => [3 + i, header(6)] as const)]);
    const upright = uprightDataset(setOf([wide, square, ...others]), turned);
    expect(boxesOf(upright).slice(0, 2)).toEqual(expected);
    expect(upright.notes.at(-1)).toMatch(
      new RegExp(`^Of the same size .*: 2 \\(image ids 1, 2\\)\\. ${note.replace(/[()]/g, '\\$&')}$`),
    );
  });
});

test('masks are turned too: polygons', () => {
  const segmentation = [[0, 0, 12, 0, 12.5, 4]];
  const upright = uprightDataset(setOf([wide], { segmentation }), new Map([[1, header(6)]]));
  expect(upright.annotations[0].segmentation).toEqual([[20, 0, 20, 12, 16, 12.5]]);
});

test('masks are turned too: run lengths', () => {
  const segmentation = { size: [20, 30], counts: [5, 10, 585] };
  const upright = uprightDataset(setOf([wide], { segmentation }), new Map([[1, header(6)]]));
  const before = rleToMask(segmentationToRle(segmentation, wide));
  const after = rleToMask(segmentationToRle(upright.annotations[0].segmentation, tall));
  const expected = Uint8Array.from(after, (_, i) => {
    const [x, y] = [i % tall.width, Math.floor(i / tall.width)];
    return before[(tall.width - 1 - x) * wide.width + y];
  });
  expect(after).toEqual(expected);
});

test.each(['words', [['x', 'y']], { size: [3, 3], counts: [9] }, { counts: 'x' }])(
  'what is no mask of the picture stays for its reader to refuse: %j',
  (segmentation) => {
    const upright = uprightDataset(setOf([wide], { segmentation }), new Map([[1, header(6)]]));
    expect(upright.annotations[0].segmentation).toEqual(segmentation);
  },
);

test('a file that is read with its pictures is upright, and its examples say that their pictures are', async () => {
  const size = { width: 6, height: 4 };
  const picture = sharp({ create: { ...size, channels: 3, background: 'red' } });
  await picture.withMetadata({ orientation: 8 }).jpeg().toFile(path.join(folder, 'a.jpg'));
  const image = { id: 1, file_name: 'a.jpg', ...size };
  const missing = { id: 2, file_name: 'missing.jpg', ...size };
  const annotations = [{ id: 1, image_id: 1, category_id: 1, bbox: [1, 0, 2, 1], iscrowd: 0, area: 2 }];
  const file = path.join(folder, 'set.json');
  writeFileSync(
    file,
    JSON.stringify({ images: [image, missing], categories: [{ id: 1, name: 'a' }], annotations }),
  );
  const [example, other] = cocoExamples(await readCocoDataset(file, folder));
  expect(example).toMatchObject({ upright: true, size: { width: 4, height: 6 } });
  expect([...example.targets.boxes]).toEqual([0, 3, 1, 5]);
  expect(other).toMatchObject({ upright: true, size });
  const decoded = await decodeImage(example.file, { upright: true, expectedSize: example.size });
  expect(decoded.size).toEqual(example.size);
  // Without a folder nothing is known of the pictures.
  expect((await readCocoDataset(file, null)).images[0]).toMatchObject(size);
});

describeShared('odd pictures', () => {
  test('give the same examples annotated as stored and as shown', async () => {
    const read = async (name: string) =>
      cocoExamples(
        await readCocoDataset(
          sharedPath(`data/odd-pictures/${name}`),
          sharedPath('data/odd-pictures/images'),
        ),
      ).map(({ evaluation, ...example }) => ({ ...example, area: evaluation?.area }));
    const shown = await read('shown.json');
    expect(shown).toHaveLength(26);
    expect(await read('stored.json')).toEqual(shown);
  });
});
