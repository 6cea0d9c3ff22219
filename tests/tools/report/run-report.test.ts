import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseHTML } from 'linkedom';
import sharp from 'sharp';
import { CocoDataset, type CocoAnnotation } from '../../../datasets/coco/annotations';
import { evaluateDetections } from '../../../datasets/evaluation/evaluate';
import { loadBackend } from '../../../detection/backend/node';
import type { Detections } from '../../../detection/structures/instances';
import { completeConfiguration } from '../../../tools/config/complete';
import { loadConfiguration } from '../../../tools/config/load';
import { cocoResults } from '../../../datasets/evaluation/detect-images';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';
import { writeReport } from '../../../tools/report/run-report';
import type { FinishedRun } from '../../../tools/run/training-run';

const folder = mkdtempSync(path.join(tmpdir(), 'report-'));
const images = [1, 2, 3].map((id) => ({ id, fileName: `${id}.png`, width: 960, height: 480 }));
const categories = [
  { id: 4, name: 'cat' },
  { id: 7, name: '<b>dog</b>' },
];

beforeAll(async () => {
  await loadBackend(); // the page says which
  for (const { fileName, width, height } of images) {
    const picture = sharp({ create: { width, height, channels: 3, background: '#446688' } });
    await picture.png().toFile(path.join(folder, fileName));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

function dataset(annotations: readonly Partial<CocoAnnotation>[], ofCategories = categories): CocoDataset {
  const whole = annotations.map((annotation, k): CocoAnnotation => ({
    id: k + 1,
    imageId: 1,
    categoryId: 4,
    bbox: [100, 100, 50, 50],
    area: 2500,
    isCrowd: false,
    ...annotation,
  }));
  return new CocoDataset('set.json', folder, images, ofCategories, whole, []);
}

/** @param found by image id: box, label and score */
function evaluated(
  set: CocoDataset,
  found: Readonly<
    Record<number, readonly (readonly [box: readonly number[], label: number, score: number])[]>
  >,
): DetectorEvaluation {
  const detections = new Map(
    set.images.map(({ id }): [number, Detections] => {
      const ofImage = found[id] ?? [];
      return [
        id,
        {
          boxes: Float32Array.from(ofImage.flatMap(([box]) => [...box])),
          labels: Int32Array.from(ofImage, ([, label]) => label),
          scores: Float32Array.from(ofImage, ([, , score]) => score),
        },
      ];
    }),
  );
  const results = cocoResults(detections, set.categories);
  const evaluation = evaluateDetections(set, results, { iouType: 'bbox' });
  return { evaluation, tasks: {}, dataset: set, detections, results, meant: set.categories };
}

const configuration = completeConfiguration(
  loadConfiguration({
    base: {
      model: { name: 'fasterrcnn_tiny_fpn' },
      data: { trainAnnotations: 'train.json', trainImages: 'images' },
      iterations: 4,
    },
    assignments: [],
    options: {},
  }),
);

async function report(
  name: string,
  run: Pick<FinishedRun, 'iteration' | 'train' | 'val' | 'result'> & Partial<FinishedRun>,
  files: Readonly<Record<string, string>> = {},
): Promise<{ page: string; document: Document }> {
  const output = path.join(folder, name);
  mkdirSync(output);
  for (const [file, content] of Object.entries(files)) writeFileSync(path.join(output, file), content);
  const job = { configuration, output, resume: false, exact: false, resumeCommand: '' };
  await writeReport({ ...job, metric: undefined, checkpoint: undefined, ...run });
  const page = readFileSync(path.join(output, 'report.html'), 'utf8');
  return { page, document: (parseHTML(page) as { document: Document }).document };
}

const texts = (document: Document, selector: string): string[] =>
  Array.from(document.querySelectorAll(selector), ({ textContent }) => (textContent ?? '').trim());
const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

test('a run with everything', async () => {
  const set = dataset([
    {},
    { imageId: 2, categoryId: 7 },
    { imageId: 2, bbox: [400, 200, 20, 20], area: 400 },
    { imageId: 2, bbox: [600, 0, 300, 300], isCrowd: true },
    { imageId: 3, bbox: [0, 0, 200, 200], area: 40000 },
  ]);
  const result = evaluated(set, {
    1: [[[100, 100, 150, 150], 1, 0.9]],
    2: [
      [[100, 100, 150, 150], 1, 0.8], // a cat, where the dog is
      [[600, 0, 700, 100], 1, 0.7], // in the crowd
      [[800, 400, 900, 470], 2, 0.6], // nothing there
      [[0, 0, 40, 40], 2, 0.4], // not sure enough
    ],
    3: [[[0, 0, 200, 70], 1, 0.95]], // too small
  });
  const rows = [1, 2, 3, 4].map((iteration) => ({
    iteration,
    'rpn/num_pos_anchors': 3,
    lr: 0.01,
    classification: 0.5,
    total_loss: 1 / iteration,
    seconds: iteration,
  }));
  const { page, document } = await report(
    'whole',
    { iteration: 4, train: set, val: set, result },
    {
      'metrics.jsonl': `${lines([...rows.slice(0, 3), { ...rows[3], 'val/classification': 0.7, 'val/total_loss': 0.8 }])}{"iter`,
      'divergence.jsonl': lines([{ iteration: 3, action: 'skipped', message: 'loss_a is NaN' }]),
      'left-out.json': JSON.stringify([
        { brokenDuringRun: [{ kind: 'image', imageId: 9, reason: 'gone' }] },
        { brokenDuringRun: [] },
      ]),
    },
  );
  expect(page.length).toBeLessThan(200_000);
  expect(texts(document, 'header .muted')[0]).toMatch(/^4 iterations of 2 images, /);
  expect(page).toContain('2.500 (median)');
  expect(page).not.toContain('<b>dog');
  expect(texts(document, '.notes li')).toEqual([
    '1 iteration diverged: 3 (skipped); divergence.jsonl says why.',
    'Left out of the training set because they became unreadable during the run: 1 picture; left-out.json says which.',
  ]);
  expect(texts(document, '.charts h3')).toEqual([
    'mean over categories, by overlap',
    'by category, at an overlap of 0.50',
    'total_loss',
    'classification',
    'learning rate',
  ]);
  // The one that is too small is a cat where none is; the one in the crowd counts nowhere.
  expect(texts(document, '.confusion tbody td')).toEqual(['1', '0', '2', '1', '0', '0', '1', '1', '']);
  const sizes = document.querySelectorAll('.bars')[0];
  expect(Array.from(sizes.querySelectorAll('td:nth-child(2)'), (cell) => cell.textContent)).toEqual([
    '1',
    '2',
    '1',
  ]);
  // Picture 2 has three errors, picture 3 one, picture 1 none. Both are half as large as their files.
  const worst = Array.from(document.querySelectorAll('figure')).filter((figure) =>
    figure.querySelector('.verdicts'),
  );
  expect(worst.map((figure) => figure.querySelector('figcaption')?.textContent.trim().split(' ')[0])).toEqual(
    ['2.png', '3.png'],
  );
  expect(Array.from(worst[0].querySelectorAll('.verdicts li'), ({ textContent }) => textContent)).toEqual([
    '1 classification: cat 0.80 (is <b>dog</b>)',
    '1 background: <b>dog</b> 0.60',
    '1 missed: cat',
  ]);
  const box = worst[1].querySelectorAll('svg[role]')[1].querySelector('rect[fill="none"]');
  expect(box?.getAttribute('width')).toBe('100');
  expect(box?.getAttribute('height')).toBe('35');
});

test('small pictures are enlarged, so that captions do not hide them', async () => {
  const small = { id: 1, fileName: 'small.png', width: 32, height: 64 };
  const picture = sharp({ create: { width: 32, height: 64, channels: 3, background: '#446688' } });
  await picture.png().toFile(path.join(folder, small.fileName));
  const ofOne = categories.slice(0, 1);
  const [annotation] = dataset([{ bbox: [8, 16, 12, 20] }]).annotations;
  const set = new CocoDataset('set.json', folder, [small], ofOne, [annotation], []);
  const { document } = await report('small', {
    iteration: 1,
    train: set,
    val: set,
    result: evaluated(set, { 1: [[[8, 16, 20, 36], 1, 0.9]] }),
    configuration: {
      ...configuration,
      iterations: 1,
      data: { ...configuration.data, batchSize: 1 },
    },
  });
  const [, panel] = Array.from(document.querySelectorAll('figure svg[role]'));
  expect(panel.getAttribute('viewBox')).toBe('0 0 240 480');
  const box = panel.querySelector('rect[fill="none"]')!;
  expect(['x', 'y', 'width', 'height'].map((name) => Number(box.getAttribute(name)))).toEqual([
    60, 120, 90, 150,
  ]);
  // The caption is no longer than the box.
  expect(Number(panel.querySelector('rect[rx]')!.getAttribute('height'))).toBeLessThan(20);
  expect(texts(document, 'figcaption')[0]).toMatch(/^small\.png · 1 object,\s+1 detection$/);
  expect(texts(document, 'header .muted')).toEqual([
    '1 iteration of 1 image, 1 training image, 1 validation image, 1 category',
  ]);
});

test('a run of one category, stopped early, whose pictures have gone', async () => {
  const set = dataset([{}], categories.slice(0, 1));
  const gone = new CocoDataset(
    'set.json',
    path.join(folder, 'gone'),
    images,
    set.categories,
    set.annotations,
    [],
  );
  const result = evaluated(gone, {});
  const stoppedEarly = 'val/AP has not risen';
  const { document } = await report('early', { iteration: 2, train: set, val: gone, result, stoppedEarly });
  expect(texts(document, '.notes li')).toEqual(['Stopped early: val/AP has not risen.']);
  expect(texts(document, '.confusion tbody td')).toEqual(['0', '1', '0', '']);
  expect(document.querySelectorAll('figure')).toHaveLength(0);
  const [missed] = Array.from(document.querySelectorAll('.errors tbody tr')).slice(5);
  expect(Array.from(missed.querySelectorAll('th, td'), (cell) => cell.textContent).slice(0, 3)).toEqual([
    'missed',
    '1',
    '1.000',
  ]);
});

test('a run that was stopped, without a validation set', async () => {
  const set = dataset([{}]);
  const { document } = await report('stopped', {
    iteration: 1,
    train: set,
    val: undefined,
    result: undefined,
    configuration: { ...configuration, optimizer: { ...configuration.optimizer, accumulate: 3 } },
  });
  expect(texts(document, 'h2')).toEqual(['Configuration and environment']);
  expect(texts(document, 'header .muted')[0]).toContain('stopped after 1 of 4 iterations of 2 x 3 images,');
});
