import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { main } from '../../../tools/cli/main';
import { describeShared, sharedPath } from '../../shared';
import { readSet } from '../../../tools/run/training-data';
import { rejectionOf } from '../../thrown';

let folder: string;
let stdout = '';
let stderr = '';
const at = (...names: string[]): string => path.join(folder, ...names);

const size = { width: 40, height: 30 };
const set = {
  images: [
    { id: 1, file_name: 'a.png', ...size },
    { id: 2, file_name: 'b.png', ...size },
  ],
  annotations: [
    { id: 1, image_id: 1, category_id: 1, bbox: [5, 5, 10, 10], area: 100, iscrowd: 0, note: 'kept' },
    { id: 2, image_id: 2, category_id: 1, bbox: [6, 5, 10, 10], area: 100, iscrowd: 0 },
  ],
  categories: [{ id: 1, name: 'thing' }],
  licenses: [{ id: 3 }],
};

beforeEach(() => {
  [stdout, stderr] = ['', ''];
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'repair-'));
  const png = await sharp({ create: { ...size, channels: 3, background: '#a53' } })
    .png()
    .toBuffer();
  mkdirSync(at('pictures', 'below'), { recursive: true });
  for (const name of ['a.png', 'b.png', 'below/c.png']) writeFileSync(at('pictures', name), png);
});

function write(content: object, name = 'set.json'): string {
  writeFileSync(at(name), JSON.stringify(content));
  return at(name);
}

function check(annotations: string, ...more: string[]): Promise<number> {
  const sets = ['--annotations', annotations, '--images', at('pictures')];
  return main(['check', ...sets, ...more]);
}

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

test('a repaired file is written with all of its fields; each repair is listed; check finds nothing more', async () => {
  const [first, second] = set.annotations;
  const messy = write({
    ...set,
    images: [{ ...set.images[0], file_name: 'data\\A.png' }, set.images[1]],
    annotations: [
      { ...first, area: null },
      { ...second, id: 1, image_id: '2' },
    ],
  });
  const clean = at('new', 'clean.json');
  expect(await check(messy, '--repair', clean)).toBe(0);
  expect(stdout).toBe(
    [
      'put right: number as text: 1, file name: 1, null: 1, annotation id: 1',
      '  annotations[1].image_id (image 2, annotation 1): "2" becomes 2',
      '  images[0].file_name (image 1): "data\\\\A.png" becomes "a.png", which differs in folder, separators and letter case',
      '  annotations[0].area (image 1, annotation 1): null becomes 100, width * height of the box',
      '  annotations[1].id (image 2, annotation 1): 1 becomes 2',
      'images:     2',
      'boxes:      2',
      'categories: 1',
      `written:    ${clean}`,
      '',
    ].join('\n'),
  );
  expect(read(clean)).toEqual(set);
  stdout = '';
  expect(await check(clean)).toBe(0);
  expect(stdout).toBe('images:     2\nboxes:      2\ncategories: 1\n');
});

test('ids that are words become numbers; training would take the file then', async () => {
  const words = { 1: 'img_0001', 2: 'img_0002' };
  const wordOf = (id: number): string => words[id as 1 | 2];
  const messy = write({
    ...set,
    images: set.images.map((image) => ({ ...image, id: wordOf(image.id) })),
    annotations: set.annotations.map((each) => ({
      ...each,
      image_id: wordOf(each.image_id),
      category_id: 'thing',
    })),
    categories: [{ id: 'thing', name: 'thing' }],
  });
  expect(await check(messy)).toBe(2);
  expect(stderr).toMatch(/can put right: image id: 2, category id: 1\.\n$/);
  const clean = at('numbered.json');
  expect(await check(messy, '--repair', clean)).toBe(0);
  expect(stdout).toContain('images[0].id (image 1): "img_0001" becomes 1, in its annotations too (1)\n');
  expect(read(clean)).toEqual(set);
});

test('where there is nothing to repair the bytes are the same', async () => {
  const text = JSON.stringify(set, null, 1).replace('"id": 3', '"id": 12345678901234567890');
  writeFileSync(at('good.json'), text);
  expect(await check(at('good.json'), '--repair', at('same.json'))).toBe(0);
  expect(stdout).toMatch(/^put right: nothing\n/);
  expect(readFileSync(at('same.json'), 'utf8')).toBe(text);
});

test('numbers that JavaScript rounds are told', async () => {
  const text = JSON.stringify(set)
    .replace('"note":"kept"', '"note":[12345678901234567890,0.1]')
    .replace('"area":100', '"area":null');
  writeFileSync(at('rounded.json'), text);
  expect(await check(at('rounded.json'), '--repair', at('out.json'))).toBe(0);
  expect(stdout).toContain(
    'note: 1 whole number is beyond 2^53 - 1: JavaScript rounds them, and so they are written\n',
  );
});

describe('what has no one meaning', () => {
  const images = [...set.images, { id: 3, file_name: 'gone.png', ...size }];
  const annotations = [
    { ...set.annotations[0], iscrowd: null },
    { ...set.annotations[1], bbox: [1, 2, -3, 4] },
  ];

  it('is said, and nothing is written', async () => {
    const output = at('not written.json');
    expect(await check(write({ ...set, images, annotations }), '--repair', output)).toBe(2);
    expect(stdout).toMatch(/^put right: null: 1\n {2}annotations\[0\]\.iscrowd .*\n$/);
    expect(stderr).toMatch(
      /set\.json: 2 problems:\n[^]*gone\.png: there is no such file\n[^]*negative width/,
    );
    expect(stderr).toMatch(/\nThis is left after the repair .*; nothing has been written\. --skip-invalid /);
    expect(stderr).not.toContain('can put right');
    expect(existsSync(output)).toBe(false);
  });

  it('is left out with --skip-invalid, with the images that lose something', async () => {
    const output = at('left.json');
    expect(await check(write({ ...set, images, annotations }), '--repair', output, '--skip-invalid')).toBe(0);
    expect(stdout).toContain('left out: 2 images, 1 annotation\n');
    expect(read(output)).toEqual({ ...set, images: [set.images[0]], annotations: [set.annotations[0]] });
    expect(await check(output)).toBe(0);
  });
});

test('the input is never overwritten', async () => {
  const file = write({ ...set, annotations: [{ ...set.annotations[0], area: null }] });
  const before = readFileSync(file, 'utf8');
  expect(await check(file, '--repair', file)).toBe(2);
  expect(stderr).toMatch(/^--repair .*set\.json: would overwrite an input; choose another name\n$/);
  expect(readFileSync(file, 'utf8')).toBe(before);
});

const remedy = '`rcnn check --repair clean.json` can put right: file name: 2, annotation id: 1';

test('check and training name what is near and the remedy where they refuse', async () => {
  const [first, second] = set.annotations;
  const file = write({
    ...set,
    images: [
      { ...set.images[0], file_name: 'A.png' },
      { ...set.images[1], file_name: '/data/b.png' },
    ],
    annotations: [first, { ...second, id: 1 }],
  });
  expect(await check(file)).toBe(2);
  const lines = [
    'A.png: there is no such file; there is "a.png", which differs in letter case\n',
    '"/data/b.png" leads out of the folder of the images; there is "b.png", which differs in folder\n',
    `\n${remedy}.\n`,
  ];
  for (const line of lines) expect(stderr).toContain(line);
  // What training and evaluation read their sets with.
  const { message } = (await rejectionOf(readSet(file, at('pictures')))) as Error;
  for (const line of lines) expect(`${message}\n`).toContain(line);
});

test('check names the remedy where nothing is refused, too', async () => {
  const [first, second] = set.annotations;
  const twice = write({ ...set, annotations: [first, { ...second, id: 1 }] });
  expect(await check(twice, '--skip-invalid')).toBe(0);
  expect(stdout).toContain('left out: 1 image, 1 annotation\n');
  expect(stdout).toMatch(/\n`rcnn check --repair clean\.json` can put right: annotation id: 1\n$/);
  const shared = write({ ...set, images: [set.images[0], { ...set.images[1], file_name: 'a.png' }] });
  expect(await check(shared)).toBe(0);
  expect(stdout).toMatch(
    /note: 1 picture stands under several image ids \("a\.png": 1, 2\).*\n`rcnn check .*: 1\n$/,
  );
});

test('the folder that is meant is named where all pictures are in it', async () => {
  const file = write(set);
  const sets = ['--annotations', file, '--images', at('pictures', 'below')];
  expect(await main(['check', ...sets])).toBe(2);
  const folder = JSON.stringify(at('pictures'));
  expect(stderr).toContain(`\nAll of these pictures are in ${folder}: give that as the folder.\n`);
});

describeShared('files of annotation tools', () => {
  it.each<[string, string, number]>([
    ['03-labelstudio-backslash', 'ann', 4],
    ['03-labelstudio-backslash', 'ann-up', 4],
    ['04-string-and-null-fields', 'ann', 4],
    ['04-string-and-null-fields', 'ann-null-area', 4],
    ['04-string-and-null-fields', 'ann-null-iscrowd', 4],
    ['11-annotation-ids-restart', 'ann', 4],
    ['13-same-file-two-ids', 'ann', 3],
  ])('%s/%s.json keeps its 12 boxes', async (name, file, numImages) => {
    const images = sharedPath(`field/${name}/images`);
    const repaired = at(`${name}-${file}.json`);
    const sets = ['--annotations', sharedPath(`field/${name}/${file}.json`), '--images', images];
    expect(await main(['check', ...sets, '--repair', repaired])).toBe(0);
    stdout = '';
    expect(await main(['check', '--annotations', repaired, '--images', images])).toBe(0);
    expect(stdout).toBe(`images:     ${numImages}\nboxes:      12\ncategories: 2\n`);
  });
});
