import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { main, runCommand } from '../../../tools/cli/main';

let folder: string;
let stdout: string;
let stderr: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cli-'));
  stdout = '';
  stderr = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function inFolder(name: string, content: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

test.each([
  [['--help'], 'demo'],
  [['help', 'train'], '--train-annotations'],
  [['train', '--help'], 'optimizer.lr'],
  [['evaluate', '--help'], '--iou-type'],
  [['check', '--help'], '--skip-invalid'],
  [['config', '--help'], '--config'],
  [['anchors', '--help'], '--min-size'],
  [['detect', '--help'], '--score-threshold'],
  [['synthesize', '--help'], '--num-train'],
  [['demo', '--help'], 'report'],
])('%j explains itself with an example', async (argv, word) => {
  expect(await main(argv)).toBe(0);
  expect(stdout).toContain(word);
  expect(stdout).toContain('$ rcnn ');
  expect(stderr).toBe('');
});

test.each([
  [['tran'], 'unknown command'],
  [['detect', 'x'], '--weights FILE is missing'],
])('%j is the user’s fault: status 2, a message, no trace', async (argv, message) => {
  expect(await main(argv)).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).not.toMatch(/^ {4}at /m);
  expect(stdout).toBe('');
});

const names = [
  'check',
  'config',
  'anchors',
  'find-lr',
  'train',
  'evaluate',
  'detect',
  'convert',
  'page',
  'synthesize',
  'demo',
];

test.each(names)('the list of commands has the usage that %s says of itself', async (name) => {
  await main([name, '--help']);
  const usage = /^Usage: rcnn (.*)\n/.exec(stdout)![1];
  stdout = '';
  await main(['--help']);
  expect(stdout).toContain(`\n  ${usage} `);
});

const files = [...names, 'benchmark/benchmark'].map((name) => `../../../tools/cli/${name}`);

test.each([
  [['--help'], []],
  [['tran'], []],
  [['check', '--help'], ['check']],
  [['help', 'check'], ['check']],
  [['--', 'synthesize', 'more'], ['synthesize']],
])('%j loads of all commands %j', async (argv, expected) => {
  const loaded: string[] = [];
  await jest.isolateModulesAsync(async () => {
    for (const file of files) {
      jest.doMock(file, () => (loaded.push(path.basename(file)), jest.requireActual<object>(file)));
    }
    await jest.requireActual<{ main: typeof main }>('../../../tools/cli/main').main(argv);
  });
  for (const file of files) jest.dontMock(file);
  expect(loaded).toEqual(expected);
});

test('no command at all explains the program, with status 2', async () => {
  expect(await main([])).toBe(2);
  expect(stderr).toContain('Usage: rcnn');
});

test('names never reach the terminal with raw escape sequences', async () => {
  const hostile = path.join(folder, 'a\u001b[31mred\u0007.json');
  expect(await main(['evaluate', '--annotations', hostile, '--detections', 'd'])).toBe(2);
  expect(stderr).toContain('\\x1b[31mred\\x07');

  expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
});

test('detections are scored against whatever pycocotools evaluates, and what is odd is told', async () => {
  const annotations = inFolder(
    'odd-truth.json',
    JSON.stringify({
      images: [{ id: 'a', width: 0 }],
      categories: [{ id: 3 }],
      annotations: [
        { id: 1, image_id: 'a', category_id: 3, bbox: [900, 10, 50, 50], area: 2500, iscrowd: 0 },
      ],
    }),
  );
  const found = { image_id: 'a', category_id: 3, bbox: [900, 10, 50, 50], score: 0.5 };
  const detections = inFolder('odd-found.json', JSON.stringify([found, { ...found, bbox: [9, 9, -1, 1] }]));
  expect(await main(['evaluate', '--annotations', annotations, '--detections', detections])).toBe(0);
  expect(stdout).toContain('maxDets=100 ] = 1.000');
  expect(stdout).toContain('category 3');
  expect(stderr).toContain('odd-truth.json: Ids of "images" are text.');
  expect(stderr).toContain('odd-truth.json: Images without a width or height from 1 up: 1.');
  expect(stderr).toContain(
    'odd-found.json: Detections with a negative width or height: 1 ([1]). They overlap nothing',
  );
  for (const file of [annotations, detections]) rmSync(file);
});

test('detections are scored, and the JSON has what its readers rely on', async () => {
  const name = 'odd \u001b[2J <name>';
  const annotations = inFolder(
    'truth.json',
    JSON.stringify({
      images: [{ id: 7, file_name: 'a.jpg', width: 100, height: 100 }],
      categories: [{ id: 3, name }],
      annotations: [{ id: 1, image_id: 7, category_id: 3, bbox: [10, 10, 50, 50], area: 2500, iscrowd: 0 }],
    }),
  );
  const detections = inFolder(
    'found.json',
    JSON.stringify([{ image_id: 7, category_id: 3, bbox: [10, 10, 50, 50], score: 0.5 }]),
  );
  const json = path.join(folder, 'scores.json');
  expect(
    await main(['evaluate', '--annotations', annotations, '--detections', detections, '--json', json]),
  ).toBe(0);
  expect(stdout).toContain('Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000');
  expect(stdout).not.toContain('\u001b');
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  const written = require(json) as {
    stats: number[];
    names: string[];
    perCategory: Record<string, unknown>[];
  };
  expect(written.stats).toHaveLength(12);
  expect(written.stats[0]).toBeCloseTo(1);
  expect(written.stats[3]).toBe(-1);
  expect(written.names[0]).toBe('AP');
  expect(written.perCategory[0]).toMatchObject({ category_id: 3, name });
  expect(readdirSync(folder).sort()).toEqual(['found.json', 'scores.json', 'truth.json']);

  const scored = ['evaluate', '--annotations', annotations, '--detections', detections];
  await expect(runCommand([...scored, '--json', annotations])).rejects.toMatchObject({
    code: 'overwrites-input',
    facts: { option: '--json', file: annotations },
  });
  await expect(runCommand([...scored, '--json', path.join(detections, 'x.json')])).rejects.toMatchObject({
    code: 'output-below-file',
    facts: { option: '--json', file: detections },
  });
  const masks = inFolder(
    'masks.json',
    JSON.stringify([{ image_id: 7, category_id: 3, score: 1, segmentation: 3 }]),
  );
  const ofMasks = ['evaluate', '--annotations', annotations, '--detections', masks];
  await expect(runCommand(ofMasks)).rejects.toMatchObject({
    name: 'DetectionsError',
    problems: [{ place: '[0].segmentation' }],
  });
});
