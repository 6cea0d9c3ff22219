import { parseHTML } from 'linkedom';
import type { ReportData } from '../../../tools/report/data';
import { reportPage } from '../../../tools/report/page';

const hostile = '<script>alert("x")</script>\u001b[31m&\'';
const escaped = '&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;\ufffd[31m&amp;&#39;';
const curve = (name: string) => ({ name, points: [1, 2, 3].map((x) => ({ x, y: 1 / x })) });
const precision = Array.from({ length: 101 }, (_, k) => (k < 80 ? 1 - k / 200 : 0));

const data: ReportData = {
  title: `run of ${hostile}`,
  subtitle: 'today',
  headline: [['AP', '0.652']],
  losses: [curve('total loss')],
  learningRate: curve('lr'),
  scores: [curve('AP')],
  evaluation: {
    table: {
      columns: ['AP', 'AP50'],
      overall: { name: 'all', values: [0.65234, 0.914] },
      categories: [
        { name: hostile, values: [0.5, 0.75] },
        { name: 'none', values: [-1, -1] },
      ],
    },
    overall: [{ name: '0.50', precision }],
    perCategory: [
      { name: hostile, precision },
      { name: 'none', precision: precision.map(() => -1) },
    ],
  },
  gallery: [
    {
      fileName: `${hostile}.jpg`,
      width: 100,
      height: 80,
      jpeg: Buffer.from('picture'),
      truth: { boxes: Float32Array.of(10, 20, 50.25, 60), labels: Int32Array.of(1) },
      detections: {
        boxes: Float32Array.of(11, 2, 50, 60, 0, 0, 5, 5),
        labels: Int32Array.of(1, 2),
        scores: Float32Array.of(0.987, 0.6),
      },
    },
  ],
  scoreThreshold: 0.5,
  categoryNames: [hostile, 'none'],
  configuration: `model:\n  name: ${hostile}\n`,
  environment: [['Node', '20']],
};

const page = reportPage(data);
const { document }: { document: Document } = parseHTML(page);

test('every text is escaped, also in SVG and in attributes', () => {
  expect(page).not.toContain('<script');
  expect(page).not.toContain('\u001b');
  expect(document.title).toBe('run of <script>alert("x")</script>\ufffd[31m&\'');
  // Heading, title, table, legends of gallery and chart, captions of boxes, file name, configuration.
  expect(page.split(escaped).length - 1).toBeGreaterThanOrEqual(8);
});

test('nothing is loaded from elsewhere', () => {
  const references = [...page.matchAll(/(?:href|src|url)\s*[=(]\s*"?([^"\s>)]*)/g)].map(
    ([, target]) => target,
  );
  expect(references.length).toBeGreaterThan(0);
  for (const target of references) expect(target).toMatch(/^(#|data:image\/jpeg;base64,)/);
  expect(page).not.toMatch(/@import|<link|<iframe/);
});

test('the AP table has each number, and a dash where one is undefined', () => {
  const rows = Array.from(document.querySelectorAll('tbody'))[0].querySelectorAll('tr');
  const texts = Array.from(rows, (row) =>
    Array.from(row.querySelectorAll('td'))
      .slice(1)
      .map((cell) => cell.textContent),
  );
  expect(texts).toEqual([
    ['0.652', '0.914'],
    ['0.500', '0.750'],
    ['–', '–'],
  ]);
});

test('the gallery embeds each picture once and draws the boxes of truth and detections', () => {
  expect(page.split(Buffer.from('picture').toString('base64')).length - 1).toBe(1);
  const panels = Array.from(document.querySelectorAll('figure .pair > div > svg'));
  expect(panels.map((panel) => panel.querySelectorAll('rect[fill="none"]').length)).toEqual([1, 2]);
  const box = panels[0].querySelector('rect[fill="none"]')!;
  expect(['x', 'y', 'width', 'height'].map((name) => Number(box.getAttribute(name)))).toEqual([
    10, 20, 40.25, 40,
  ]);
  expect(panels[1].textContent).toContain('0.99');
});

test('charts are SVG with a line for each series', () => {
  const charts = Array.from(document.querySelectorAll('.charts svg'));
  // Two of precision, two losses, the scores.
  expect(charts).toHaveLength(5);
  for (const chart of charts) expect(chart.querySelectorAll('path[d^="M"]').length).toBeGreaterThan(0);
});

test('parts that a run does not have are left out', () => {
  const bare = reportPage({ ...data, evaluation: undefined, gallery: [], scores: [], losses: [] });
  expect(bare).not.toContain('Average precision');
  expect(bare).not.toContain('<figure');
  expect(bare).toContain('Configuration and environment');
});
