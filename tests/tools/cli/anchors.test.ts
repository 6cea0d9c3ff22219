import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { main, runCommand } from '../../../tools/cli/main';
import { describeShared, sharedPath } from '../../shared';

let folder: string;
let stdout: string;
let stderr: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'anchors-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  stdout = '';
  stderr = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => jest.restoreAllMocks());

function write(name: string, content: object | string): string {
  const file = path.join(folder, name);
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

/** Of a picture that is as large as the model makes it. */
const images = [{ id: 5, width: 800, height: 800, file_name: 'pictures/a.jpg' }];
const categories = [
  { id: 2, name: 'cell' },
  { id: 7, name: 'odd\n\u001b[2J' },
];
const annotation = { image_id: 5, category_id: 2, iscrowd: 0 };
const set = {
  images,
  categories,
  annotations: [
    // The anchor of size 64 and ratio 1 at (160, 160); on either side of an anchor of size 32; tall and narrow.
    { ...annotation, id: 10, bbox: [128, 128, 64, 64], area: 2000 },
    { ...annotation, id: 11, bbox: [180, 180, 40, 40], area: 1000 },
    { ...annotation, id: 12, bbox: [195, 180, 10, 40], area: 400, category_id: 7 },
    { ...annotation, id: 13, bbox: [0, 0, 800, 800], area: 640000, iscrowd: 1 },
    { ...annotation, id: 14, bbox: [9, 9, 0, 5], area: 0 },
  ],
};
const anchors = (file: string, ...more: string[]): string[] => [
  'anchors',
  '--model',
  'fasterrcnn_resnet50_fpn',
  '--annotations',
  file,
  ...more,
];

/**
 * Worked out by hand. The best anchor of the second box is that of size 32 in it: 32 * 32 / (40 * 40) = 0.64. That of the
 * third has size 32 and ratio 2, 46 high and 22 wide after rounding, around it: 10 * 40 / (22 * 46) = 0.395.
 */
const covered = `fasterrcnn_resnet50_fpn on SET: 1 image, 3 boxes; shorter side 800 pixels, longer at most 1333

mean: mean of the best overlap of each box with an anchor. >= 0.5: share of the boxes whose best overlap is at least 0.5.
coverage: the mean with overlaps capped at 0.7, relative to that value; 100% if every box has such an anchor.

                boxes  coverage   mean  >= 0.3  >= 0.4  >= 0.5  >= 0.7
all boxes           3     82.6%  0.678  100.0%   66.7%   66.7%   33.3%
size, resized
  16 to 32          1     56.5%  0.395  100.0%    0.0%    0.0%    0.0%
  32 to 64          1     91.4%  0.640  100.0%  100.0%  100.0%    0.0%
  64 to 128         1    100.0%  1.000  100.0%  100.0%  100.0%  100.0%
area, stored
  small             2     73.9%  0.518  100.0%   50.0%   50.0%    0.0%
  medium            1    100.0%  1.000  100.0%  100.0%  100.0%  100.0%
height / width
  0.67 to 1.5       2     95.7%  0.820  100.0%  100.0%  100.0%   50.0%
  3 and more        1     56.5%  0.395  100.0%    0.0%    0.0%    0.0%
category
  cell              2     95.7%  0.820  100.0%  100.0%  100.0%   50.0%
  odd  [2J          1     56.5%  0.395  100.0%    0.0%    0.0%    0.0%

least covered:
  0.395  image 5 (pictures/a.jpg), annotation 12: odd  [2J, 10.0 x 40.0 pixels
  0.640  image 5 (pictures/a.jpg), annotation 11: cell, 40.0 x 40.0 pixels
  1.000  image 5 (pictures/a.jpg), annotation 10: cell, 64.0 x 64.0 pixels
`;

interface Coverage {
  readonly boxes: number;
  readonly coverage: number;
  readonly meanOverlap: number;
  readonly shares: Record<string, number>;
}
interface Report {
  readonly coverage: { readonly all: Coverage };
  readonly proposal: { sizes: number[][]; set: string; coverage: { readonly all: Coverage } } | null;
}

test('prints how well boxes are covered and the sizes to train with, and writes the same as JSON', async () => {
  const file = write('set.json', set);
  const json = path.join(folder, 'made', 'anchors.json');
  expect(await main(anchors(file, '--json', json))).toBe(0);
  expect(stdout.replace(file, 'SET').slice(0, covered.length)).toBe(covered);
  const report = JSON.parse(readFileSync(json, 'utf8')) as Report;
  expect(report).toMatchObject({
    model: 'fasterrcnn_resnet50_fpn',
    annotations: file,
    pictures: 'shorter side 800 pixels, longer at most 1333',
    images: 1,
    coverage: {
      all: { boxes: 3, shares: { '0.3': 1, '0.4': 2 / 3, '0.5': 2 / 3, '0.7': 1 / 3 } },
      bySize: [{ from: 16, to: 32, boxes: 1 }, { from: 32 }, { from: 64 }],
      byAspectRatio: [{ to: 1.5 }, { from: 3, to: null }],
      byArea: [{ name: 'small', boxes: 2 }, { name: 'medium' }],
      byCategory: [
        { category_id: 2, name: 'cell' },
        { category_id: 7, name: categories[1].name },
      ],
    },
    worst: [
      { image_id: 5, annotation_id: 12, category: categories[1].name, width: 10, height: 40 },
      { annotation_id: 11 },
      { annotation_id: 10, overlap: 1 },
    ],
    belowStep: null,
    sizes: [[32], [64], [128], [256], [512]],
  });
  const { all } = report.coverage;
  expect(all.meanOverlap).toBeCloseTo((1 + 0.64 + 400 / 1012) / 3, 7);
  expect(all.coverage).toBeCloseTo((0.7 + 0.64 + 400 / 1012) / 3 / 0.7, 7);

  // What is proposed does what is said of it.
  const { sizes, set: assignment, coverage } = report.proposal!;
  expect(coverage.all.coverage).toBeGreaterThan(all.coverage + 0.01);
  expect(assignment).toBe(`model.anchors.sizes=${JSON.stringify(sizes)}`);
  expect(stdout).toContain(
    `\nsizes now:      [[32],[64],[128],[256],[512]]\nsizes proposed: ${JSON.stringify(sizes)}\n`,
  );
  expect(stdout.endsWith(`\n\n--set '${assignment}'\n`)).toBe(true);
  expect(await main(anchors(file, '--set', assignment, '--json', json))).toBe(0);
  expect((JSON.parse(readFileSync(json, 'utf8')) as Report).coverage).toEqual(coverage);
});

test('objects of ignored categories are none, and crowds never are', async () => {
  const file = write('ignored.json', set);
  const json = path.join(folder, 'ignored-report.json');
  const ignored = `data.ignoreCategories=${JSON.stringify([categories[1].name])}`;
  expect(await main(anchors(file, '--set', ignored, '--set', 'data.crowds=ignore', '--json', json))).toBe(0);
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
    coverage: { all: { boxes: 2 }, byCategory: [{ category_id: 2 }] },
  });
  expect(stderr).toContain(`${file}: 2 regions to ignore`);
  const all = `data.ignoreCategories=${JSON.stringify(categories.map(({ name }) => name))}`;
  await expect(runCommand(anchors(file, '--set', all))).rejects.toMatchObject({
    code: 'all-categories-ignored',
  });
});

test('pictures may be larger or smaller than the model makes them', async () => {
  const file = write('set.json', set);
  const json = path.join(folder, 'sized.json');
  const stepOf = (): unknown => (JSON.parse(readFileSync(json, 'utf8')) as { belowStep: unknown }).belowStep;
  expect(await main(anchors(file, '--min-size', '200', '--max-size', '300', '--json', json))).toBe(0);
  expect(stdout).toContain('; shorter side 200 pixels, longer at most 300\n');
  expect(stdout).toContain('\n1 box has a side below 4 pixels, the spacing of the finest anchors; larger ');
  expect(stepOf()).toEqual({ boxes: 1, step: 4 });

  // Of what is configured the sizes that training draws from, unless a size is given here.
  const config = write(
    'config.yaml',
    `model: { name: fasterrcnn_tiny_fpn }\ndata: { trainAnnotations: ${file}, trainImages: none, trainMinSizes: [400, 800], scaleJitter: [0.1, 2] }\nepochs: 3\n`,
  );
  stdout = '';
  expect(await main(['anchors', '--config', config])).toBe(0);
  expect(stdout).toContain(': 1 image, 6 boxes; shorter sides 400, 800 pixels, longer at most ');
  expect(stderr).toContain('data.scaleJitter is ignored');
  stdout = '';
  expect(await main(['anchors', '--config', config, '--min-size', '640'])).toBe(0);
  expect(stdout).toContain(': 1 image, 3 boxes; shorter side 640 pixels, longer at most ');
});

test('where no sizes do better, it says so', async () => {
  const square = { ...set, annotations: [set.annotations[0]] };
  expect(await main(anchors(write('set.json', square)))).toBe(0);
  expect(stdout).toMatch(
    /\n\nNo sizes were found that cover these boxes noticeably better than \[\[32\],\[64\],\[128\],\[256\],\[512\]\]\.\n$/,
  );
});

test('anchors that go by something else than sizes are looked at, and the size is the model’s own', async () => {
  const json = path.join(folder, 'ssd.json');
  const file = write('set.json', set);
  const model = ['--model', 'ssdlite320_mobilenet_v3_large'];
  expect(await main(['anchors', ...model, '--annotations', file, '--json', json])).toBe(0);
  expect(stdout).toContain(': 1 image, 3 boxes; pictures of 320 x 320 pixels\n');
  expect(stdout).not.toContain('sizes');
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({ sizes: null, proposal: null });
});

test('what cannot be is refused, and nothing is written', async () => {
  const file = write('set.json', set);
  const made = path.join(folder, 'refused');
  const before = readdirSync(folder);
  const refused = async (refusal: object, ...argv: string[]): Promise<void> => {
    await expect(runCommand([...argv, '--json', path.join(made, 'x.json')])).rejects.toMatchObject(refusal);
    expect(stdout).toBe('');
    expect(existsSync(made)).toBe(false);
  };
  await refused(
    {
      code: 'no-anchors',
      facts: { model: 'fcos_resnet50_fpn' },
      message: 'fcos_resnet50_fpn has no anchors that could be fitted to boxes',
    },
    ...['anchors', '--model', 'fcos_resnet50_fpn', '--annotations', file],
  );
  await refused(
    { code: 'option-missing', facts: { option: '--annotations' } },
    'anchors',
    '--model',
    'fasterrcnn_tiny_fpn',
  );
  await refused(
    { code: 'fixed-size', facts: { key: 'model.minSize', model: 'ssdlite320_mobilenet_v3_large' } },
    ...['anchors', '--model', 'ssdlite320_mobilenet_v3_large', '--annotations', file, '--min-size', '64'],
  );
  await refused({ code: 'configuration' }, 'anchors', '--annotations', file);
  await refused({ code: 'configuration' }, ...anchors(file, '--set', 'model.minSise=3'));
  await refused({ code: 'configuration' }, ...anchors(file, '--set', 'model.anchors.sizes=[[32],[64]]'));
  await refused({ code: 'commander.invalidArgument' }, ...anchors(file, '--min-size', '0'));
  await refused({ code: 'json-missing' }, ...anchors(path.join(folder, 'none.json')));
  expect(readdirSync(folder)).toEqual(before);
  await expect(runCommand(anchors(file, '--json', file))).rejects.toMatchObject({ code: 'overwrites-input' });
});

test.each([
  ['no annotations', { ...set, annotations: [] }],
  ['crowds and boxes without a size only', { ...set, annotations: set.annotations.slice(3) }],
])('a set with %s is refused', async (_, content) => {
  await expect(runCommand(anchors(write('set.json', content)))).rejects.toMatchObject({
    code: 'annotations-invalid',
    problems: [{ kind: 'structure', reason: 'no image has an object' }],
  });
});

test('what is invalid is refused, or left out', async () => {
  const second = { ...set.images[0], id: 99 };
  const invalid = { ...annotation, id: 20, image_id: second.id, bbox: [5, 5, -1, 9], area: 1 };
  const changed = { images: [...set.images, second], annotations: [...set.annotations, invalid] };
  const file = write('set.json', { ...set, ...changed });
  await expect(runCommand(anchors(file))).rejects.toMatchObject({ code: 'annotations-invalid' });
  expect(await main(anchors(file, '--skip-invalid'))).toBe(0);
  expect(stderr).toContain('left out as invalid: 1 image, 1 annotation\n');
  expect(stdout).toContain(': 1 image, 3 boxes;');
});

describeShared('of real data', () => {
  test('BCCD’s platelets are hardly covered at 240 pixels, and are with what is proposed', async () => {
    const json = path.join(folder, 'bccd.json');
    const sides = ['--min-size', '240', '--max-size', '320'];
    expect(await main(anchors(sharedPath('data/bccd/train.json'), ...sides, '--json', json))).toBe(0);
    const shareOf = ({ byCategory }: { byCategory: (Coverage & { name: string })[] }): number =>
      byCategory.find(({ name }) => name === 'Platelets')!.shares['0.5'];
    const { coverage, proposal } = JSON.parse(readFileSync(json, 'utf8')) as {
      coverage: Parameters<typeof shareOf>[0];
      proposal: { coverage: Parameters<typeof shareOf>[0] };
    };
    expect(shareOf(coverage)).toBeCloseTo(0.179, 3);
    expect(shareOf(proposal.coverage)).toBeGreaterThan(0.9);
  });
});
