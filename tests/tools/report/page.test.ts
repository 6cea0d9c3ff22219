import { parseHTML } from 'linkedom';
import { ConfusionMatrix } from '../../../datasets/evaluation/errors/confusion';
import type {
  Confusion,
  EvaluationData,
  JudgedBox,
  ReportData,
  TaskScores,
} from '../../../tools/report/data';
import { reportPage } from '../../../tools/report/page';

const hostile = '<script>alert("x")</script>\u001b[31m&\'';
const escaped = '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;\ufffd[31m&amp;&#39;';
const curve = (name: string) => ({ name, points: [1, 2, 3].map((x) => ({ x, y: 1 / x })) });
const precision = Array.from({ length: 101 }, (_, k) => (k < 80 ? 1 - k / 200 : 0));

function confusionOf(names: readonly string[], ...entries: readonly [number, number, number][]): Confusion {
  const matrix = new ConfusionMatrix(names.length);
  for (const [truth, detected, count] of entries) {
    for (let i = 0; i < count; i++) matrix.add(truth, detected);
  }
  return { matrix, names, minIou: 0.5 };
}

const boxes: TaskScores = {
  iouType: 'bbox',
  table: {
    columns: ['AP', 'AP50'],
    overall: { name: 'all', numObjects: 12, values: [0.65234, 0.914] },
    categories: [
      { name: 'none', numObjects: 0, values: [-1, -1] },
      { name: hostile, numObjects: 12, values: [0.5, 0.75] },
    ],
  },
  sizes: [{ name: 'small', numObjects: 3, ap: 0.25 }],
  overall: [{ name: '0.50', precision }],
  perCategory: [
    { name: hostile, precision },
    { name: 'none', precision: precision.map(() => -1) },
  ],
};

const evaluation: EvaluationData = {
  tasks: [boxes],
  errors: {
    ap: 0.914,
    kinds: [
      { kind: 'missed', count: 4, cost: 0.05 },
      { kind: 'background', count: 31, cost: 0.0125 },
    ],
    falsePositives: 0.03,
    falseNegatives: -1e-17,
  },
  confusion: confusionOf([hostile, 'none'], [1, 1, 7], [1, 2, 1], [1, 0, 4], [0, 1, 2]),
};

const judged = (verdict: JudgedBox['verdict'], more: Partial<JudgedBox> = {}): JudgedBox => ({
  box: [10, 20, 50, 60],
  name: hostile,
  verdict,
  ...more,
});
const picture = { fileName: `${hostile}.jpg`, width: 100, height: 80 };

const data: ReportData = {
  title: `run of ${hostile}`,
  subtitle: 'today',
  notes: [`left out: ${hostile}`],
  headline: [['AP', '0.652']],
  losses: [
    { ...curve('total loss'), validation: [] },
    { ...curve('loss_a'), validation: [{ x: 3, y: 0.7 }] },
  ],
  learningRate: curve('lr'),
  scores: [curve('AP')],
  evaluation,
  gallery: [
    {
      ...picture,
      jpeg: Buffer.from('picture'),
      truth: [{ box: [10, 20, 50.25, 60], label: hostile, color: '#ff3b5c' }],
      detections: [
        { box: [11, 2, 50, 60], label: hostile, score: 0.987, color: '#ff3b5c' },
        { box: [0, 0, 5, 5], label: 'none', score: 0.6, color: '#00c2ff' },
      ],
    },
  ],
  worst: [
    {
      ...picture,
      jpeg: Buffer.from('a bad one'),
      truth: [judged('right'), judged('missed'), judged('missed'), judged('classification'), judged('crowd')],
      detections: [
        judged('right', { score: 0.9 }),
        judged('classification', { score: 0.8, trueName: 'none' }),
        judged('background', { score: 0.7 }),
        judged('crowd', { score: 0.6 }),
      ],
    },
  ],
  scoreThreshold: 0.5,
  categoryNames: [hostile, 'none'],
  configuration: `model:\n  name: ${hostile}\n`,
  environment: [['Node', '20']],
};

const page = reportPage(data);
const { document }: { document: Document } = parseHTML(page);

/** Texts of the cells of a table's body, row by row. */
function cells(table: Element): string[][] {
  return Array.from(table.querySelectorAll('tbody tr'), (row) =>
    Array.from(row.querySelectorAll('th, td'), (cell) => cell.textContent.trim()),
  );
}

/** The part of the page under a heading, up to the next. */
function section(heading: string, of = document): Element[] {
  const elements = Array.from(of.querySelectorAll('main > *'));
  const start = elements.findIndex(
    ({ localName, textContent }) => localName === 'h2' && textContent === heading,
  );
  expect(start).toBeGreaterThan(0);
  const end = elements.findIndex(({ localName }, i) => i > start && localName === 'h2');
  return elements.slice(start, end);
}

const tables = (heading: string, of = document): Element[] =>
  section(heading, of).flatMap((element) => Array.from(element.querySelectorAll('table')));
const readable = hostile.replace('\u001b', '\ufffd');

test('every text is escaped, also in SVG and in attributes', () => {
  expect(page).not.toContain('<script');
  expect(page).not.toContain('\u001b');
  expect(document.title).toBe('run of <script>alert("x")</script>\ufffd[31m&\'');
  // Each kind of place has it: heading, note, table, bars, grid, legends, captions, file name, lists of errors, configuration.
  const places = ['h1', 'title', '.notes li', 'tbody th', '.confusion th span', '.legend li'];
  places.push('svg title', 'figcaption', '.verdicts li', 'pre');
  for (const place of places) {
    const texts = Array.from(document.querySelectorAll(place), ({ textContent }) => textContent);
    expect([place, texts.filter((text) => text?.includes(readable)).length]).not.toEqual([place, 0]);
  }
  for (const panel of Array.from(document.querySelectorAll('figure svg[role]'))) {
    expect(panel.getAttribute('aria-label')).toContain(`${readable}.jpg`);
  }
  expect(page.split(escaped).length - 1).toBeGreaterThanOrEqual(20);
});

test('nothing is loaded from elsewhere', () => {
  const references = [...page.matchAll(/(?:href|src|url)\s*[=(]\s*"?([^"\s>)]*)/g)].map(
    ([, target]) => target,
  );
  expect(references.length).toBeGreaterThan(0);
  for (const target of references) expect(target).toMatch(/^(#|data:image\/jpeg;base64,)/);
  expect(page).not.toMatch(/@import|<link|<iframe/);
});

test('the AP table has each number, and a dash where one is undefined; bars go by them, the best first', () => {
  const [table, sizes, categories] = tables('Average precision');
  expect(cells(table)).toEqual([
    ['all', '12', '0.652', '0.914'],
    ['none', '0', '–', '–'],
    [readable, '12', '0.500', '0.750'],
  ]);
  expect(cells(sizes)).toEqual([['small', '3', '0.250']]);
  expect(cells(categories)).toEqual([
    [readable, '12', '0.500'],
    ['none', '0', '–'],
  ]);
  const widths = Array.from(categories.querySelectorAll('.bar i'), (bar) => bar.getAttribute('style'));
  expect(widths).toEqual(['width:50%', 'width:0%']);
});

test('each task has a table and curves of its own, under headings that say which', () => {
  const masks: TaskScores = {
    ...boxes,
    iouType: 'segm',
    sizes: [{ name: 'small', numObjects: 3, ap: 0.125 }],
  };
  const points: TaskScores = { ...boxes, iouType: 'keypoints', sizes: [] };
  const html = reportPage({ ...data, evaluation: { ...evaluation, tasks: [boxes, masks, points] } });
  const { document: several }: { document: Document } = parseHTML(html);
  const headings = Array.from(several.querySelectorAll('h2'), ({ textContent }) => textContent);
  expect(headings.slice(0, 3)).toEqual(
    ['boxes', 'masks', 'keypoints'].map((task) => `Average precision of ${task}`),
  );
  const [, sizes] = tables('Average precision of masks', several);
  expect(cells(sizes)).toEqual([['small', '3', '0.125']]);
  const [, ofPoints] = section('Average precision of keypoints', several);
  expect(ofPoints.textContent).toMatch(/OKS.*20\s+detections/s);
  const charts = section('Precision and recall', several).flatMap((element) =>
    Array.from(element.querySelectorAll('h3'), ({ textContent }) => textContent),
  );
  expect(charts).toEqual([
    'boxes: mean over categories, by overlap',
    'boxes: by category, at an overlap of 0.50',
    'masks: mean over categories, by overlap',
    'masks: by category, at an overlap of 0.50',
    'keypoints: mean over categories, by OKS',
    'keypoints: by category, at an OKS of 0.50',
  ]);
});

test('keypoints have their shares by kind, and objects theirs by OKS', () => {
  const keypoints = {
    numObjects: 9,
    similarities: [0, 0, 1, 0, 0, 0, 0, 0, 0, 3],
    keypoints: [
      { name: hostile, good: 2, jitter: 1, inversion: 1, swap: 0, miss: 0 },
      { name: 'nose', good: 0, jitter: 0, inversion: 0, swap: 0, miss: 0 },
    ],
  };
  const { document: posed }: { document: Document } = parseHTML(
    reportPage({ ...data, evaluation: { ...evaluation, keypoints } }),
  );
  const [table, similarities] = tables('Keypoints', posed);
  expect(cells(table)).toEqual([
    [readable, '4', '50.0 %', '25.0 %', '25.0 %', '0.0 %', '0.0 %'],
    ['nose', '0', '0.0 %', '0.0 %', '0.0 %', '0.0 %', '0.0 %'],
  ]);
  expect(cells(similarities).at(-1)).toEqual(['0.9 to 1.0', '3', '0.750']);
  expect(section('Keypoints', posed)[1].textContent).toMatch(/Of 9 objects with keypoints, 4 are found/);
});

test('masks and keypoints are drawn in the gallery and the worst pictures', () => {
  const mask = { size: { height: 80, width: 100 }, counts: Uint32Array.of(800, 40, 7160) };
  const drawn = { mask, keypoints: { points: [5, 6, 2], skeleton: [] } };
  const [image] = data.gallery;
  const [bad] = data.worst;
  const { document: shown }: { document: Document } = parseHTML(
    reportPage({
      ...data,
      gallery: [{ ...image, truth: [{ ...image.truth[0], ...drawn }] }],
      worst: [{ ...bad, truth: [], detections: [judged('background', { score: 0.7, ...drawn })] }],
    }),
  );
  for (const heading of ['Detections and ground truth', 'Worst pictures']) {
    const pictures = section(heading, shown).flatMap((element) =>
      Array.from(element.querySelectorAll('figure')),
    );
    expect(pictures[0].querySelectorAll('path[fill-rule="evenodd"]')).toHaveLength(1);
    expect(pictures[0].querySelectorAll('circle')).toHaveLength(1);
  }
});

test('error kinds have their numbers, in order, with bars in proportion', () => {
  const [table] = tables('Kinds of errors');
  expect(cells(table).map((row) => row.slice(0, 3))).toEqual([
    ['background', '31', '0.013'],
    ['missed', '4', '0.050'],
    ['false positives', '', '0.030'],
    ['false negatives', '', '0.000'],
  ]);
  const widths = Array.from(table.querySelectorAll('.bar i'), (bar) => bar.getAttribute('style'));
  expect(widths).toEqual(['width:25%', 'width:100%', 'width:60%', 'width:0%']);
});

test('a few categories make a grid of confusion, with the background last', () => {
  const [table] = tables('Confusion matrix');
  expect(cells(table)).toEqual([
    [readable, '7', '1', '4'],
    ['none', '0', '0', '0'],
    ['no object', '2', '0', ''],
  ]);
  const strengths = Array.from(table.querySelectorAll('.right, .wrong'), (cell) =>
    cell.getAttribute('style'),
  );
  expect(strengths).toEqual(['35%', '5%', '20%', '60%'].map((strength) => `--strength:${strength}`));
});

test('many categories make lists of the most frequent confusions', () => {
  const names = Array.from({ length: 80 }, (_, k) => (k === 0 ? hostile : `category ${k + 1}`));
  const pairs = names.slice(1).map((_, k): [number, number, number] => [k + 2, 1, 1]);
  const confusion = confusionOf(names, ...pairs, [1, 1, 6], [1, 3, 2], [80, 0, 9], [1, 0, 10], [0, 5, 3]);
  const html = reportPage({ ...data, evaluation: { ...evaluation, confusion } });
  const { document: large }: { document: Document } = parseHTML(html);
  const [confused, missed, invented] = tables('Confusion matrix', large).map(cells);
  expect(confused).toHaveLength(20);
  expect(confused.slice(0, 2)).toEqual([
    [readable, 'category 3', '2', '11.1 %'],
    ['category 2', readable, '1', '100.0 %'],
  ]);
  expect(missed).toEqual([
    [readable, '10', '55.6 %'],
    ['category 80', '9', '90.0 %'],
  ]);
  expect(invented).toEqual([['category 5', '3', '100.0 %']]);
});

test('the worst pictures say what is wrong in each', () => {
  const [figure] = section('Worst pictures').flatMap((element) =>
    Array.from(element.querySelectorAll('figure')),
  );
  const lines = Array.from(figure.querySelectorAll('.verdicts li'), ({ textContent }) => textContent);
  expect(lines).toEqual([
    `1 classification: ${readable} 0.80 (is none)`,
    `1 background: ${readable} 0.70`,
    `2 missed: 2 × ${readable}`,
  ]);
  expect(figure.querySelector('figcaption')!.textContent).toContain('4 errors');
  const colors = Array.from(figure.querySelectorAll('.pair > div > svg'), (panel) =>
    Array.from(panel.querySelectorAll('rect[fill="none"]'), (box) => box.getAttribute('stroke')),
  );
  // The wrong ones on top; an object in the color of the error that it belongs to.
  expect(colors).toEqual([
    ['#9498a0', '#00d084', '#ff8a00', '#3f6bff', '#3f6bff'],
    ['#9498a0', '#00d084', '#ff3b5c', '#ff8a00'],
  ]);
  const captions = Array.from(figure.querySelectorAll('svg title'), ({ textContent }) => textContent);
  expect(captions.filter((caption) => caption !== '')).toHaveLength(5);
  expect(captions).toContain(`${readable}: background 0.70`);
});

test('the gallery embeds each picture once and draws the boxes of truth and detections', () => {
  expect(page.split(Buffer.from('picture').toString('base64')).length - 1).toBe(1);
  const panels = section('Detections and ground truth').flatMap((element) =>
    Array.from(element.querySelectorAll('figure .pair > div > svg')),
  );
  expect(panels.map((panel) => panel.querySelectorAll('rect[fill="none"]').length)).toEqual([1, 2]);
  const box = panels[0].querySelector('rect[fill="none"]')!;
  expect(['x', 'y', 'width', 'height'].map((name) => Number(box.getAttribute(name)))).toEqual([
    10, 20, 40.25, 40,
  ]);
  expect(panels[1].textContent).toContain('0.99');
});

test('a long name without spaces does not make the page wider than a narrow screen', () => {
  for (const place of ['.legend li', 'h1', '.notes', 'figcaption']) {
    const [, rule] = page.split(`\n${place} {`);
    expect([place, rule.split('\n')[0]]).toEqual([place, expect.stringContaining('overflow-wrap: anywhere')]);
  }
});

test('the smooth line of a loss is the median, of two points their mean', () => {
  const points = [1, 5].map((y, k) => ({ x: k, y }));
  const { document: drawn }: { document: Document } = parseHTML(
    reportPage({ ...data, losses: [{ name: 'loss_a', points, validation: [] }] }),
  );
  const chart = drawn.querySelector('.charts svg[aria-label*="loss_a"]')!;
  const [pale, smooth] = Array.from(chart.querySelectorAll('path[d^="M"]'), (line) =>
    // M x,y L x,y
    (line.getAttribute('d') ?? '').split(/[ML,]/).map(Number),
  ).slice(-2);
  expect(smooth[2]).toBe(pale[2]);
  expect(smooth[4]).toBeCloseTo((pale[2] + pale[4]) / 2, 2);
});

test('charts are SVG with a line for each series', () => {
  const charts = Array.from(document.querySelectorAll('.charts svg'));
  // Two of precision, two losses, the learning rate, the scores.
  expect(charts).toHaveLength(6);
  for (const chart of charts) {
    expect(chart.querySelectorAll('path[d^="M"]').length).toBeGreaterThan(0);
    expect(chart.getAttribute('aria-label')).not.toBe('');
  }
  // Only one has a validation, of one point.
  expect(charts.map((chart) => chart.querySelectorAll('circle').length)).toEqual([0, 0, 0, 1, 3, 3]);
});

test('parts that a run does not have are left out', () => {
  const bare = reportPage({
    ...data,
    evaluation: undefined,
    gallery: [],
    worst: [],
    scores: [],
    losses: [],
    notes: [],
  });
  for (const absent of ['Confusion matrix', 'Worst pictures', 'Kinds of errors', 'class="notes"']) {
    expect(bare).not.toContain(absent);
  }
  expect(bare).not.toContain('Average precision');
  expect(bare).not.toContain('<figure');
  expect(bare).toContain('Configuration and environment');
});
