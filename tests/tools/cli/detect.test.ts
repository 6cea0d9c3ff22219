import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import files from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import * as tf from '@tensorflow/tfjs-core';
import { drawBoxes } from '../../../datasets/drawing/draw-detections';
import { categoryColor } from '../../../datasets/drawing/overlay-svg';
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

test('where the last picture is refused, nothing is left of those before it', async () => {
  const broken = workplace.at('broken.jpg');
  writeFileSync(broken, readFileSync(picture(2)).subarray(0, 500));
  const [output, json] = [workplace.at('made', 'refused'), workplace.at('refused.json')];
  const argv = [...detect, '--json', json, '--output', output, picture(1), picture(2), broken];
  expect(await main(argv)).toBe(2);
  expect(workplace.stderr).toContain('broken.jpg: ');
  expect(workplace.stdout).toBe('');
  expect([existsSync(workplace.at('made')), existsSync(json)]).toEqual([false, false]);

  mkdirSync(output, { recursive: true });
  writeFileSync(path.join(output, '000001.jpg'), 'an older drawing');
  expect(await main(argv)).toBe(2);
  expect(readdirSync(output)).toEqual(['000001.jpg']);
  expect(readFileSync(path.join(output, '000001.jpg'), 'utf8')).toBe('an older drawing');
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
