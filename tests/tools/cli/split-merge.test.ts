import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { main } from '../../../tools/cli/main';
import { fileOf } from '../../datasets/sets/small-files';
import { Printed } from './printed';

const printed = new Printed();
let folder = '';
beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'split-'))));
afterAll(() => rmSync(folder, { recursive: true }));

const whole = fileOf(
  ['car', 'dog', 'one\u001b'],
  Array.from({ length: 20 }, (_, image) => (image === 7 ? [2] : image < 15 ? [image % 2] : [])),
);

function at(...names: string[]): string {
  return path.join(folder, ...names);
}

function write(name: string, file: object): string {
  writeFileSync(at(name), JSON.stringify(file));
  return at(name);
}

function read(...names: string[]): CocoFile {
  return JSON.parse(readFileSync(at(...names), 'utf8')) as CocoFile;
}

test('split writes the parts, prints the shares of the categories, and says what is missing', async () => {
  const set = write('all.json', whole);
  expect(await main(['split', '--annotations', set, '--output', at('parts')])).toBe(0);
  const lines = printed.stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.trimEnd())).toEqual([
    '                 train: images  boxes  val: images  boxes',
    expect.stringMatching(/^car {2,}6 +6 +2 +2$/),
    expect.stringMatching(/^dog {2,}5 +5 +1 +1$/),
    expect.stringMatching(/^one {3,}1 +1 +0 +0$/),
    'without objects              4                   1',
    'all                         16     12            4      3',
    at('parts', 'train.json'),
    at('parts', 'val.json'),
  ]);
  expect(printed.stderr).toBe(`${set}: no object of "one\\u001b" in val: it is in 1 image only\n`);
  expect(readdirSync(at('parts')).sort()).toEqual(['train.json', 'val.json']);
  const [train, val] = [read('parts', 'train.json'), read('parts', 'val.json')];
  expect(train.images.length + val.images.length).toBe(20);
  expect(val).toMatchObject({ info: whole.info, videos: whole.videos, categories: whole.categories });

  printed.clear();
  const again = ['split', '--annotations', set, '--output', at('again'), '--shares', 'train=0.8,val=0.2'];
  expect(await main(again)).toBe(0);
  expect(readFileSync(at('again', 'val.json'))).toEqual(readFileSync(at('parts', 'val.json')));
});

test('frames of a video stay together with --group-by', async () => {
  const set = write('all.json', whole);
  const options = ['--shares', 'a=.6,b=.4', '--group-by', '/^clip\\d/', '--seed', '3'];
  expect(await main(['split', '--annotations', set, '--output', at('groups'), ...options])).toBe(0);
  expect(printed.stderr).toMatch(/20 images are in 5 groups by \/\^clip\\d\/\n/);
  const clips = ['a', 'b'].map((part) =>
    read('groups', `${part}.json`).images.map((image) => image.video_id),
  );
  expect(clips[0].filter((clip) => clips[1].includes(clip))).toEqual([]);
});

test.each([
  ['shares that are none', ['--shares', 'train:0.8'], /"train:0.8" is not a part and its share/],
  ['a part with a path', ['--shares', '../a=0.5,b=0.5'], /"..\/a" cannot be the name of a file/],
  ['a part twice', ['--shares', 'a=0.5,a=0.5'], /"a" occurs twice/],
  ['shares that do not add up', ['--shares', 'a=0.5,b=0.4'], /they add up to 0.9, not to 1/],
  ['a key that no image has', ['--group-by', 'scene'], /No image has the key scene/],
])('%s: one message, nothing written', async (_, options, message) => {
  const set = write('all.json', whole);
  expect(await main(['split', '--annotations', set, '--output', at('refused'), ...options])).toBe(2);
  expect(printed.stderr).toMatch(message);
  expect(existsSync(at('refused'))).toBe(false);
});

test('split writes into no folder that holds something', async () => {
  mkdirSync(at('used'));
  writeFileSync(at('used', 'mine'), '');
  expect(await main(['split', '--annotations', write('all.json', whole), '--output', at('used')])).toBe(2);
  expect(printed.stderr).toMatch(/--output .*used: is not empty/);
  expect(readdirSync(at('used'))).toEqual(['mine']);
});

test('merge gives the set back, and puts prefixes before names', async () => {
  const set = write('all.json', whole);
  expect(await main(['split', '--annotations', set, '--output', at('halves')])).toBe(0);
  printed.clear();
  const parts = [at('halves', 'train.json'), at('halves', 'val.json')];
  const output = ['--output', at('new', 'merged.json')];
  expect(await main(['merge', ...parts, ...output, '--prefix', 'x', '--prefix', ''])).toBe(0);
  expect(printed.stdout).toBe(`${at('new', 'merged.json')}: 20 images, 15 boxes, 3 categories\n`);
  const names = read('new', 'merged.json').images.map(({ file_name: name }) => name);
  expect(names.filter((name) => name.startsWith('x/'))).toHaveLength(16);
});

test.each([
  ['the same pictures', [], /20 pictures are in several .* See --prefix and --join-pictures\n$/],
  ['too few prefixes', ['--prefix', 'a'], /--prefix is given 1 times for 2 files; give one for each/],
  ['an input as the output', ['--output', 'all.json'], /would overwrite an input/],
])('merge refuses %s', async (_, options, message) => {
  const set = write('all.json', whole);
  const given = options.map((word) => (word === 'all.json' ? set : word));
  expect(await main(['merge', set, set, '--output', at('none.json'), ...given])).toBe(2);
  expect(printed.stderr).toMatch(message);
  expect(existsSync(at('none.json'))).toBe(false);
  expect(read('all.json')).toEqual(whole);
});
