import * as tf from '@tensorflow/tfjs-core';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { runCommand } from '../../../tools/cli/main';
import type { PageData } from '../../../tools/browse/page-data';
import { rejectionOf } from '../../thrown';
import { until } from '../../until';
import { Workplace } from '../cli/workplace';

const workplace = new Workplace();
const size = { width: 40, height: 30 };

beforeAll(async () => {
  mkdirSync(workplace.at('pictures'));
  const picture = sharp({ create: { ...size, channels: 3, background: '#a53' } });
  await picture.clone().png().toFile(workplace.at('pictures', 'good.png'));
  await picture.clone().resize(20, 60).png().toFile(workplace.at('pictures', 'other.png'));
  writeFileSync(workplace.at('pictures', 'text.jpg'), 'some words');
  writeFileSync(workplace.at('secret.png'), readFileSync(workplace.at('pictures', 'good.png')));
});

const image = (id: unknown, file_name: unknown = 'good.png', more = {}) => ({
  id,
  file_name,
  ...size,
  ...more,
});
const annotation = (id: number, image_id: unknown, bbox: unknown = [5, 5, 10, 10], more = {}) => ({
  id,
  image_id,
  category_id: 7,
  bbox,
  iscrowd: 0,
  ...more,
});
const categories = [{ id: 7, name: 'thing' }];

function written(name: string, content: unknown): string {
  const file = workplace.at(name);
  writeFileSync(file, JSON.stringify(content));
  return file;
}

const browse = (annotations: string, ...more: string[]): Promise<void> =>
  runCommand(['browse', '--annotations', annotations, '--images', workplace.at('pictures'), ...more]);

/** What a page holds. */
function pageOf(file: string): PageData & { readonly thumbnails: readonly string[] } {
  const { document }: { document: Document } = parseHTML(readFileSync(file, 'utf8'));
  const json = (id: string): unknown => JSON.parse(document.getElementById(id)!.textContent);
  return { ...(json('data') as PageData), thumbnails: json('thumbnails') as string[] };
}

async function pageFor(set: unknown, ...more: string[]) {
  const page = workplace.at('page.html');
  await browse(written('set.json', set), '--output', page, ...more);
  return pageOf(page);
}

test('a set that check refuses is shown, with what is wrong where it is wrong', async () => {
  const page = await pageFor({
    categories,
    images: [
      image(1),
      image(2, 'missing.png'),
      image(3, '../secret.png'),
      image(4, 'text.jpg'),
      image(5, 'other.png'),
      image('6', 'good.png', { width: 'wide' }),
    ],
    annotations: [
      annotation(1, 1, [35, 5, 10, 10]),
      annotation(2, 1, [5, 5, -1, 9]),
      annotation(3, 2, 'nowhere'),
      annotation(4, 5, [5, 5, 10, 10], { category_id: 8 }),
      annotation(5, 99),
      annotation(6, '6', [0, 0, 50, 20]),
    ],
  });
  const kinds = page.pictures.map(({ problems }) => problems.map(({ kind }) => kind));
  expect(kinds).toEqual([
    [],
    ['missing picture'],
    ['file name'],
    ['unreadable picture'],
    ['picture size'],
    ['id'],
  ]);
  expect(page.pictures.map(({ isMissing }) => isMissing ?? false)).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(page.thumbnails.map((thumbnail) => thumbnail !== '')).toEqual([
    true,
    false,
    false,
    false,
    true,
    true,
  ]);
  expect(page.pictures[4]).toMatchObject({ ...size, stored: { width: 20, height: 60 } });
  // Where the file gives no size, boxes do.
  expect(page.pictures[5]).toMatchObject({ id: '6', width: 50, height: 20, stored: size });
  const [beyond, negative] = page.pictures[0].objects;
  expect(beyond).toMatchObject({
    box: [35, 5, 10, 10],
    problems: [{ kind: 'box beyond the image', isNote: true }],
  });
  expect(negative).toMatchObject({ problems: [{ kind: 'box' }] });
  expect(page.pictures[1].objects).toMatchObject([{ category: 0, problems: [{ kind: 'box' }] }]);
  expect(page.pictures[1].objects[0]).not.toHaveProperty('box');
  expect(page.categories[page.pictures[4].objects[0].category]).toBe('category 8');
  expect(page.looseProblems).toEqual(['annotations[4].image_id: there is no image 99']);
  expect(workplace.stdout).toMatch(/page\.html: 6 pictures of up to 800 pixels, \d+ kB each, \d+ kB\n$/);
});

test('what is no list of images is refused, and nothing is written', async () => {
  const page = workplace.at('refused', 'page.html');
  const file = written('set.json', { annotations: [] });
  expect(await rejectionOf(browse(file, '--output', page))).toMatchObject({ code: 'annotations-invalid' });
  expect(() => readFileSync(page)).toThrow();
});

test('detections are judged against valid objects only; those of refused images are told of', async () => {
  const set = {
    categories,
    images: [image(1), image(2), image(3, 'missing.png')],
    annotations: [annotation(1, 2, [5, 5, 0, 9]), annotation(2, 1), annotation(3, 1, [25, 15, 10, 10])],
  };
  const detection = { category_id: 7, score: 0.9, bbox: [5, 5, 10, 10] };
  const results = written('results.json', [
    { image_id: 1, ...detection },
    { image_id: 1, ...detection, score: 0.6, bbox: [27, 15, 10, 4] },
    { image_id: 1, ...detection, score: 0.01 },
    { image_id: 2, ...detection, score: 0.7 },
    { image_id: 3, ...detection },
    { image_id: 1, ...detection, category_id: 9 },
  ]);
  const page = await pageFor(set, '--detections', results, '--score-threshold', '0.3');
  expect(page.detections).toEqual({ minScore: 0.3 });
  expect(page.pictures.map(({ isJudged }) => isJudged ?? false)).toEqual([true, true, false]);
  expect(page.pictures[0].detections).toEqual([
    { category: 0, box: [5, 5, 10, 10], score: 0.9, error: 'none', truth: 0, inCrowd: false },
    { category: 0, box: [27, 15, 10, 4], score: 0.6, error: 'localization', truth: 1, inCrowd: false },
  ]);
  expect(page.pictures[1].detections).toMatchObject([{ error: 'background', truth: -1 }]);
  expect(workplace.stderr).toContain('1 detection is not shown, of images that rcnn check refuses');

  // Of two pictures, the worse.
  const limited = await pageFor(set, '--detections', results, '--limit', '1');
  expect(limited.pictures.map(({ id }) => id)).toEqual(['2']);
});

test('detections need a valid image and boxes', async () => {
  const results = written('results.json', []);
  const broken = { categories, images: [image(1, 'missing.png')], annotations: [] };
  expect(await rejectionOf(pageFor(broken, '--detections', results))).toMatchObject({
    code: 'nothing-valid',
  });
  expect((await pageFor(broken)).pictures).toHaveLength(1);
  const masks = written('masks.json', [{ image_id: 1, category_id: 7, score: 1, segmentation: {} }]);
  const good = { categories, images: [image(1)], annotations: [] };
  expect(await rejectionOf(pageFor(good, '--detections', masks))).toMatchObject({ code: 'no-boxes' });
});

test.each([
  [['--output', 'a.html', '--serve'], 'options-conflict'],
  [[], 'option-missing'],
  [['--output', 'a.html', '--set', 'seed=1'], 'options-conflict'],
  [['--output', 'a.html', '--min-size', '100'], 'options-conflict'],
  [['--output', 'a.html', '--detections', 'b.json', '--weights', 'c'], 'options-conflict'],
  [['--output', 'a.html', '--augmented', '--weights', 'c'], 'options-conflict'],
])('options that do not go together: %j', async (options, code) => {
  expect(await rejectionOf(browse(workplace.at('set.json'), ...options))).toMatchObject({ code });
});

test('a detector, and what training sees', async () => {
  const run = workplace.at('run');
  expect(await workplace.train(run, '--iterations', '1')).toBe(0);
  const [annotations, images] = [
    path.join(workplace.scenes, 'val.json'),
    path.join(workplace.scenes, 'images'),
  ];
  const page = workplace.at('page.html');
  const sources = ['--annotations', annotations, '--images', images, '--output', page];
  await runCommand(['browse', ...sources, '--weights', path.join(run, 'last')]);
  expect(pageOf(page)).toMatchObject({
    pictures: [{ isJudged: true }, { isJudged: true }],
    detections: { minScore: 0.5 },
  });

  // Always mirrored, twice as large: two batches of two.
  const settings = [
    'data.flip=1',
    'model.minSize=128',
    'model.maxSize=128',
    'data.trainMinSizes=[128]',
  ].flatMap((set) => ['--set', set]);
  const numTensors = tf.memory().numTensors;
  const config = ['--augmented', '--config', path.join(run, 'config.yaml'), '--limit', '3'];
  await runCommand(['browse', ...config, ...settings, '--output', page]);
  expect(tf.memory().numTensors).toBe(numTensors);
  const { pictures, categories: names, subtitle } = pageOf(page);
  expect(subtitle).toBe('the first 2 batches of seed 0, fasterrcnn_tiny_fpn');
  expect(pictures.map(({ width, height, remark }) => ({ width, height, remark }))).toEqual(
    [1, 1, 2, 2].map((batch) => ({ width: 128, height: 128, remark: `batch ${batch}` })),
  );
  const set = JSON.parse(readFileSync(path.join(workplace.scenes, 'train.json'), 'utf8')) as {
    annotations: { image_id: number; bbox: number[]; category_id: number }[];
    categories: { id: number; name: string }[];
  };
  for (const { id, objects } of pictures) {
    const own = set.annotations.filter(({ image_id }) => String(image_id) === id);
    expect(objects.map(({ box }) => box!.map(Math.round))).toEqual(
      own.map(({ bbox: [x, y, w, h] }) => [2 * (64 - x - w), 2 * y, 2 * w, 2 * h].map(Math.round)),
    );
    const named = own.map(({ category_id }) => set.categories.find((each) => each.id === category_id)!.name);
    expect(objects.map(({ category }) => names[category])).toEqual(named);
  }
});

test('--serve: until Ctrl-C, which is no failure', async () => {
  const file = written('set.json', {
    categories,
    images: [image(1), image(5, 'other.png')],
    annotations: [],
  });
  const served = browse(file, '--serve');
  await until(() => workplace.stdout.endsWith('/\n'));
  const url = workplace.stdout.trim();
  const page = await (await fetch(url)).text();
  expect(page).toContain('"stored":{"width":20,"height":60}');
  expect(page).not.toContain('id="thumbnails"');
  expect((await fetch(`${url}thumbnails/0`)).status).toBe(200);
  process.emit('SIGINT');
  await served;
  await expect(fetch(url)).rejects.toThrow();
});
