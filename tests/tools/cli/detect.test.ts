import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import files from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import * as tf from '@tensorflow/tfjs-core';
import { drawBoxes } from '../../../datasets/drawing/draw-detections';
import { categoryColor } from '../../../datasets/drawing/palette';
import { decodeImage } from '../../../datasets/images/decode';
import { main } from '../../../tools/cli/main';
import { Progress } from '../../../tools/terminal/progress';
import { Workplace } from './workplace';

interface Result {
  readonly file: string;
  readonly detections: { readonly bbox: number[]; readonly score: number; readonly category_id: number }[];
}

const workplace = new Workplace();
const picture = (number: number): string => path.join(workplace.scenes, 'images', `00000${number}.jpg`);
/** Low enough for a detector that has learned next to nothing. */
const THRESHOLD = '0.06';
let detect: string[];
let numTensors: number;

beforeAll(async () => {
  expect(await workplace.train(workplace.at('run'), '--iterations', '1')).toBe(0);
  detect = ['detect', '--weights', workplace.at('run', 'last'), '--score-threshold', THRESHOLD];
});
beforeEach(() => (numTensors = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(numTensors));

test('a picture is read and decoded once, to detect and to draw', async () => {
  const png = workplace.at('copy.png');
  await sharp(picture(2)).png().toFile(png);
  const [output, json] = [workplace.at('drawn'), workplace.at('found.json')];
  const pictures = [picture(1), png];
  const read = jest.spyOn(files, 'readFile');
  expect(await main([...detect, '--json', json, '--output', output, ...pictures])).toBe(0);
  const counts = pictures.map((name) => read.mock.calls.filter(([file]) => file === name).length);
  expect(counts).toEqual([1, 1]);
  read.mockRestore();

  const results = JSON.parse(readFileSync(json, 'utf8')) as Result[];
  const { categories } = JSON.parse(readFileSync(path.join(workplace.scenes, 'train.json'), 'utf8')) as {
    categories: { id: number; name: string }[];
  };
  expect(readdirSync(output)).toEqual(['000001.jpg', 'copy.png']);
  for (const { file, detections } of results) {
    expect(detections.length).toBeGreaterThan(0);
    const boxes = detections.map(({ bbox: [x, y, width, height], score, category_id }) => ({
      box: [x, y, x + width, y + height] as const,
      label: categories.find(({ id }) => id === category_id)!.name,
      score,
      color: categoryColor(category_id),
    }));
    const format = file.endsWith('.png') ? 'png' : 'jpeg';
    const drawn = await drawBoxes(await decodeImage(file), boxes.reverse(), format);
    expect(readFileSync(path.join(output, path.basename(file)))).toEqual(drawn);
  }
});

describe('a picture that is broken', () => {
  let broken: string;
  beforeAll(() => {
    broken = workplace.at('broken.jpg');
    writeFileSync(broken, readFileSync(picture(2)).subarray(0, 500));
  });

  test('is told and left out where it is one of several, and the status is 2', async () => {
    const [output, json] = [workplace.at('others'), workplace.at('others.json')];
    expect(await main([...detect, '--json', json, '--output', output, picture(1), broken, picture(3)])).toBe(
      2,
    );
    const [first, , last] = workplace.stderr.trimEnd().split('\n');
    expect(first).toMatch(/broken\.jpg: the picture is damaged: /);
    expect(last).toBe('1 of 3 pictures could not be read; the results are those of the others');
    expect(workplace.stdout).toMatch(/000001\.jpg: [^]*000003\.jpg: /);
    expect(readdirSync(output)).toEqual(['000001.jpg', '000003.jpg']);
    const results = JSON.parse(readFileSync(json, 'utf8')) as Result[];
    expect(results.map(({ file }) => file)).toEqual([picture(1), picture(3)]);
  });

  test.each([
    [1, /^\S+broken\.jpg: the picture is damaged: .*\n$/],
    [2, /\nnone of the 2 pictures can be read; nothing was written\n$/],
  ])('leaves nothing behind where there is no other: given %d times', async (times, message) => {
    const [output, json] = [workplace.at('made', 'refused'), workplace.at('refused.json')];
    const pictures = Array.from({ length: times }, () => broken);
    expect(await main([...detect, '--json', json, '--output', output, ...pictures])).toBe(2);
    expect(workplace.stderr).toMatch(message);
    expect(workplace.stdout).toBe('');
    expect([existsSync(workplace.at('made')), existsSync(json)]).toEqual([false, false]);
  });
});

test('what cannot be written leaves nothing of what could', async () => {
  const output = workplace.at('older');
  mkdirSync(path.join(output, '000002.jpg'), { recursive: true });
  writeFileSync(path.join(output, '000001.jpg'), 'an older drawing');
  expect(await main([...detect, '--output', output, picture(1), picture(2)])).toBe(2);
  expect(workplace.stdout).toBe('');
  expect(readdirSync(output)).toEqual(['000001.jpg', '000002.jpg']);
  expect(readFileSync(path.join(output, '000001.jpg'), 'utf8')).toBe('an older drawing');
});

test('drawings of folders in folders keep these', async () => {
  for (const [k, name] of ['a', 'b'].entries()) {
    mkdirSync(workplace.at('days', name), { recursive: true });
    copyFileSync(picture(k + 1), workplace.at('days', name, 'p.jpg'));
  }
  copyFileSync(picture(3), workplace.at('days', 'a', 'p.jpeg'));
  const output = workplace.at('drawn-days');
  expect(await main([...detect, '--recursive', '--output', output, workplace.at('days')])).toBe(0);
  expect(readdirSync(output, { recursive: true })).toEqual(['a', 'b', 'a/p.jpeg', 'a/p.jpg', 'b/p.jpg']);
});

test('a category has a threshold of its own', async () => {
  const json = workplace.at('thresholds.json');
  expect(await main([...detect, '--json', json, picture(1)])).toBe(0);
  const before = (JSON.parse(readFileSync(json, 'utf8')) as Result[])[0].detections;
  const { category_id: id } = before[0];
  const { categories } = JSON.parse(readFileSync(path.join(workplace.scenes, 'train.json'), 'utf8')) as {
    categories: { id: number; name: string }[];
  };
  const { name } = categories.find((category) => category.id === id)!;
  expect(await main([...detect, '--score-threshold', `${name}=1`, '--json', json, picture(1)])).toBe(0);
  const [{ detections }] = JSON.parse(readFileSync(json, 'utf8')) as Result[];
  expect(detections).toEqual(before.filter(({ category_id }) => category_id !== id));
});

test('Ctrl-C leaves nothing, and says so', async () => {
  const output = workplace.at('stopped');
  const seen: string[][] = [];
  jest.spyOn(Progress.prototype, 'update').mockImplementation((done) => {
    seen.push(readdirSync(output));
    if (done === 2) process.emit('SIGINT');
  });
  expect(await main([...detect, '--output', output, picture(1), picture(2), picture(3)])).toBe(130);
  expect(workplace.stderr).toBe('Stopped; nothing was written.\n');
  const temporary = ['1', '2'].map((number) => `.00000${number}.jpg.${process.pid}.tmp`);
  expect(seen).toEqual([temporary.slice(0, 1), temporary]);
  expect(existsSync(output)).toBe(false);
});

test('what a killed process has left of the same drawings goes', async () => {
  const output = workplace.at('killed');
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  mkdirSync(output);
  for (const name of ['000001.jpg', 'other.jpg']) {
    writeFileSync(path.join(output, `.${name}.${dead}.tmp`), '');
  }
  expect(await main([...detect, '--output', output, picture(1)])).toBe(0);
  expect(readdirSync(output)).toEqual([`.other.jpg.${dead}.tmp`, '000001.jpg']);
});

test('results may go to a device', async () => {
  expect(await main([...detect, '--json', '/dev/null', picture(1)])).toBe(0);
  expect(workplace.stdout).toContain('000001.jpg: ');
});
