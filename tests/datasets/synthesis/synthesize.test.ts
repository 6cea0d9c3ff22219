import { createHash } from 'node:crypto';
import { mkdtemp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { parseRle, rleArea, rleToBox, rleToMask } from '../../../datasets/coco/masks/rle';
import { CATEGORIES } from '../../../datasets/synthesis/artwork';
import { synthesize } from '../../../datasets/synthesis/synthesize';
import { InputError } from '../../../detection/errors';
import { rejectionOf } from '../../thrown';

interface Instances {
  info: { attribution: string };
  licenses: { id: number; name: string }[];
  images: { id: number; file_name: string; width: number; height: number; license: number }[];
  categories: { id: number; name: string }[];
  annotations: {
    id: number;
    image_id: number;
    category_id: number;
    bbox: number[];
    area: number;
    iscrowd: number;
    segmentation: { size: number[]; counts: string };
  }[];
}

const SMALL = { numTrain: 5, numVal: 3, size: 96, seed: 7 };
const SPLITS = ['train', 'val'] as const;
let folder: string;
let output: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'synthesize-'));
  output = path.join(folder, 'set');
  await synthesize({ output, ...SMALL });
});

afterAll(() => rm(folder, { recursive: true }));

async function readInstances(set: string, split: string): Promise<Instances> {
  return JSON.parse(await readFile(path.join(set, `${split}.json`), 'utf8')) as Instances;
}

async function hashes(set: string): Promise<Record<string, string>> {
  const names = (await readdir(set, { recursive: true })).filter((name) => name.includes('.')).sort();
  const entries = names.map(async (name) => {
    const bytes = await readFile(path.join(set, name));
    return [name, createHash('sha256').update(bytes).digest('hex')] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

test('makes the same bytes from the same seed and leaves nothing else behind', async () => {
  const again = path.join(folder, 'again');
  await expect(synthesize({ output: again, ...SMALL })).resolves.toEqual({ reused: false });
  const first = await hashes(output);
  expect(Object.keys(first)).toHaveLength(SMALL.numTrain + SMALL.numVal + 2);
  expect(await hashes(again)).toEqual(first);
  expect((await readdir(folder)).filter((name) => name.startsWith('.'))).toEqual([]);
});

test('makes other pictures from another seed', async () => {
  const other = path.join(folder, 'other');
  await synthesize({ output: other, ...SMALL, seed: 8 });
  const pictures = (set: Record<string, string>) =>
    Object.entries(set).flatMap(([name, hash]) => (name.endsWith('.jpg') ? [hash] : []));
  const distinct = new Set([...pictures(await hashes(output)), ...pictures(await hashes(other))]);
  expect(distinct.size).toBe(2 * (SMALL.numTrain + SMALL.numVal));
});

test('a larger set begins with the scenes of a smaller one', async () => {
  const larger = path.join(folder, 'larger');
  await synthesize({ output: larger, ...SMALL, numTrain: 6, numVal: 4 });
  const [small, large] = [await hashes(output), await hashes(larger)];
  expect(large['images/000005.jpg']).toBe(small['images/000005.jpg']);
  expect(large['images/000007.jpg']).toBe(small['images/000006.jpg']); // the first of validation
  expect(Object.values(small)).not.toContain(large['images/000006.jpg']);
});

test.each(SPLITS)('annotates what is in view: %s', async (split) => {
  const { info, licenses, images, categories, annotations } = await readInstances(output, split);
  expect(info.attribution).toContain('CC-BY 4.0');
  expect(licenses).toEqual([expect.objectContaining({ id: 1, name: 'CC-BY 4.0' })]);
  expect(categories).toEqual(
    CATEGORIES.map(({ name }, i) => ({ id: i + 1, name, supercategory: 'artwork' })),
  );
  expect(images).toHaveLength(split === 'train' ? SMALL.numTrain : SMALL.numVal);
  expect(annotations.map(({ id }) => id)).toEqual(annotations.map((_, i) => i + 1));
  for (const image of images) {
    const stored = await sharp(path.join(output, 'images', image.file_name)).metadata();
    expect(stored).toMatchObject({ width: image.width, height: image.height, channels: 3 });
    const own = annotations.filter(({ image_id }) => image_id === image.id);
    expect(own.length).toBeGreaterThanOrEqual(3);
    expect(own.length).toBeLessThanOrEqual(12);
    const taken = new Uint8Array(image.width * image.height);
    for (const { bbox, area, category_id, iscrowd, segmentation } of own) {
      expect(iscrowd).toBe(0);
      expect(categories.map(({ id }) => id)).toContain(category_id);
      const rle = parseRle(segmentation);
      expect(rleArea(rle)).toBe(area);
      expect(rleToBox(rle)).toEqual(bbox);
      const [x, y, width, height] = bbox;
      expect(Math.min(x, y)).toBeGreaterThanOrEqual(0);
      expect(x + width).toBeLessThanOrEqual(image.width);
      expect(y + height).toBeLessThanOrEqual(image.height);
      expect(Math.min(width, height, area)).toBeGreaterThan(0);
      rleToMask(rle).forEach((inside, i) => (taken[i] += inside));
    }
    expect(Math.max(...taken)).toBe(1); // no pixel shows two objects
  }
});

test('leaves a folder that holds this very set alone', async () => {
  const before = await hashes(output);
  const onProgress = jest.fn();
  await expect(synthesize({ output, ...SMALL, onProgress })).resolves.toEqual({ reused: true });
  expect(onProgress).not.toHaveBeenCalled();
  expect(await hashes(output)).toEqual(before);
});

test('refuses to overwrite anything else', async () => {
  const error = await rejectionOf(synthesize({ output, ...SMALL, seed: 9 }));
  expect(error).toBeInstanceOf(InputError);
  expect(error).toMatchObject({ code: 'synthesis-output-used', facts: { output } });
  const foreign = path.join(folder, 'foreign');
  await mkdir(foreign);
  await writeFile(path.join(foreign, 'thesis.txt'), 'mine');
  await expect(synthesize({ output: foreign, ...SMALL })).rejects.toMatchObject({
    code: 'synthesis-output-used',
    facts: { output: foreign },
  });
  const file = path.join(foreign, 'thesis.txt');
  await expect(synthesize({ output: file, ...SMALL })).rejects.toMatchObject({
    code: 'synthesis-output-file',
    facts: { output: file },
  });
  expect(await readdir(foreign)).toEqual(['thesis.txt']);
});

test('refuses a set of which a picture is missing', async () => {
  const damaged = path.join(folder, 'damaged');
  await synthesize({ output: damaged, numTrain: 1, numVal: 1, size: 64, seed: 0 });
  await rm(path.join(damaged, 'images', '000001.jpg'));
  const again = synthesize({ output: damaged, numTrain: 1, numVal: 1, size: 64, seed: 0 });
  await expect(again).rejects.toMatchObject({ code: 'synthesis-output-used', facts: { output: damaged } });
});

test.each([{ numTrain: 0 }, { numVal: 1.5 }, { size: 10 }, { seed: -1 }, { seed: NaN }])(
  'refuses %p before it writes anything',
  async (wrong) => {
    const nowhere = path.join(folder, 'nowhere');
    const [[setting, value]]: [string, unknown][] = Object.entries(wrong);
    await expect(synthesize({ output: nowhere, ...SMALL, ...wrong })).rejects.toMatchObject({
      code: 'synthesis-setting',
      facts: { setting, value },
    });
    expect(await readdir(folder)).not.toContain('nowhere');
  },
);

test('stops between two scenes and leaves nothing behind', async () => {
  const before = await readdir(folder);
  const controller = new AbortController();
  const progress: number[] = [];
  const onProgress = (done: number) => {
    progress.push(done);
    if (done === 2) controller.abort();
  };
  const stopped = synthesize({
    output: path.join(folder, 'stopped'),
    ...SMALL,
    onProgress,
    signal: controller.signal,
  });
  await expect(stopped).rejects.toThrow('aborted');
  expect(progress).toEqual([1, 2]);
  expect(await readdir(folder)).toEqual(before);
});
