import fc from 'fast-check';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { countCategories } from '../../../datasets/sets/category-counts';
import { imageGroupOf } from '../../../datasets/sets/image-group-of';
import { splitDataset } from '../../../datasets/sets/split-dataset';
import { RandomStream } from '../../../detection/nn/random';
import { thrownBy } from '../../thrown';
import { readCocoFile } from '../../../datasets/coco/read-coco-file';
import { describeShared, sharedPath } from '../../shared';
import { fileOf } from './small-files';

const names = ['car', 'person', 'dog', 'rare'];
const files = fc
  .array(fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }), { minLength: 30, maxLength: 80 })
  .map((labels) => fileOf(names, labels));
const shares = { train: 0.7, val: 0.2, test: 0.1 };

/** The same entries in another order, under other ids of images and categories. */
function shuffled(file: CocoFile, seed: number): CocoFile {
  const stream = new RandomStream(seed, 'shuffle');
  const mix = <T>(list: readonly T[]): T[] =>
    [...stream.sample(Int32Array.from(list.keys()), list.length)].map((index) => list[index]);
  return {
    ...file,
    images: mix(file.images).map((image) => ({ ...image, id: 1000 - image.id })),
    annotations: mix(file.annotations).map((annotation) => ({
      ...annotation,
      image_id: 1000 - annotation.image_id,
      category_id: 1000 - annotation.category_id,
    })),
    categories: mix(file.categories).map((category) => ({ ...category, id: 1000 - category.id })),
  };
}

function namesIn(parts: ReadonlyMap<string, CocoFile>): string[][] {
  return [...parts.values()].map(({ images }) => images.map(({ file_name: name }) => name).sort());
}

test('each image gets into exactly one part with all of its annotations, and every entry stays as it is', () => {
  fc.assert(
    fc.property(files, fc.nat(5), (file, seed) => {
      const parts = splitDataset(file, { shares, seed });
      expect([...parts.keys()]).toEqual(['train', 'val', 'test']);
      const all = [...parts.values()];
      expect(all.flatMap(({ images }) => images).sort((a, b) => a.id - b.id)).toEqual(file.images);
      expect(all.flatMap(({ annotations }) => annotations).sort((a, b) => a.id - b.id)).toEqual(
        file.annotations,
      );
      for (const { images, annotations, categories, videos, info } of all) {
        const ids = new Set(images.map(({ id }) => id));
        expect(annotations.every(({ image_id: image }) => ids.has(image))).toBe(true);
        expect({ categories, videos, info }).toEqual({
          categories: file.categories,
          videos: file.videos,
          info: file.info,
        });
      }
    }),
    { numRuns: 30 },
  );
});

test('the parts depend on names, categories and the seed, not on the order of the file or its ids', () => {
  fc.assert(
    fc.property(files, fc.nat(5), (file, seed) => {
      expect(namesIn(splitDataset(shuffled(file, seed), { shares, seed }))).toEqual(
        namesIn(splitDataset(file, { shares, seed })),
      );
    }),
    { numRuns: 20 },
  );
});

test('another seed gives other parts', () => {
  const file = fileOf(
    names,
    Array.from({ length: 60 }, (_, image) => [image % 3]),
  );
  expect(namesIn(splitDataset(file, { shares, seed: 1 }))).not.toEqual(
    namesIn(splitDataset(file, { shares, seed: 2 })),
  );
});

test('every part gets its share of every category, and of the images without objects', () => {
  // 200 cars, 100 persons in every second of them, 20 of them with a dog, 10 rare, 50 without any.
  const labels = Array.from({ length: 250 }, (_, image) =>
    image < 200
      ? [0, ...(image % 2 ? [1] : []), ...(image % 10 === 1 ? [2] : []), ...(image % 20 === 3 ? [3] : [])]
      : [],
  );
  for (let seed = 0; seed < 5; seed++) {
    const parts = [...splitDataset(fileOf(names, labels), { shares, seed }).values()];
    parts.forEach((part, index) => {
      const share = [0.7, 0.2, 0.1][index];
      const counts = countCategories(part);
      [200, 100, 20, 10].forEach((total, label) => {
        expect(Math.abs(counts.images.get(10 * (label + 1))! - share * total)).toBeLessThanOrEqual(1);
      });
      expect(counts.withoutObjects).toBe(Math.round(share * 50));
    });
  }
});

test('groups stay together: by a key, by a pattern', () => {
  const file = fileOf(
    names,
    Array.from({ length: 100 }, (_, image) => [image % 3]),
  );
  for (const by of ['video_id', '/^clip\\d/', '/clip(\\d)_/']) {
    const { of, notes } = imageGroupOf(file, by);
    expect(notes).toEqual([`100 images are in 5 groups by ${by}`]);
    const parts = splitDataset(file, { shares: { a: 0.6, b: 0.4 }, groupOf: of });
    expect([...parts.values()].map(({ images }) => images.length)).toEqual([60, 40]);
    const clips = [...parts.values()].map(({ images }) => new Set(images.map(of)));
    expect(clips.map(({ size }) => size)).toEqual([3, 2]);
  }
});

test('what has no group stands for itself', () => {
  const file = fileOf(names, [[0], [0], [0]]);
  const { of, notes } = imageGroupOf(file, '/^clip[01]/');
  expect(file.images.map(of)).toEqual(['clip0', 'clip1', undefined]);
  expect(notes).toEqual(['2 images are in 2 groups by /^clip[01]/; images without a group: 1']);
});

test.each([
  ['a share of 0', { a: 0, b: 1 }, 'split-shares', /that of a is 0, not a number above 0/],
  ['shares that do not add up', { a: 0.5, b: 0.6 }, 'split-shares', /they add up to 1\.1, not to 1/],
  ['one part', { a: 1 }, 'split-shares', /two parts or more/],
  ['a part without images', { a: 0.9, b: 0.1 }, 'split-empty', /The part b would get none of the 2 images/],
])('%s is refused', (_, wrong, code, message) => {
  const error = thrownBy(() => splitDataset(fileOf(names, [[0], [0]]), { shares: wrong }));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
});

test.each([
  ['scene_id', 'group-key', /No image has the key scene_id/],
  ['/none/', 'group-key', /No image has a name that matches \/none\//],
  ['/(/', 'group-pattern', /Unterminated group/],
])('grouping by %s is refused', (by, code, message) => {
  const error = thrownBy(() => imageGroupOf(fileOf(names, [[0]]), by));
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
});

describeShared('a real set', () => {
  test('a fifth of bccd has a fifth of each category', async () => {
    const file = await readCocoFile(sharedPath('data/bccd/train.json'));
    const whole = countCategories(file);
    const val = splitDataset(file, { shares: { train: 0.8, val: 0.2 } }).get('val')!;
    for (const [id, images] of countCategories(val).images) {
      expect(Math.abs(images - whole.images.get(id)! / 5)).toBeLessThan(2);
    }
  });
});
