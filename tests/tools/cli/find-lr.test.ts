import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { main } from '../../../tools/cli/main';
import { Progress } from '../../../tools/terminal/progress';
import { until } from '../../until';
import { Workplace } from './workplace';

const workplace = new Workplace();

function findLr(...more: string[]): Promise<number> {
  const images = path.join(workplace.scenes, 'images');
  const data = ['--train-annotations', path.join(workplace.scenes, 'train.json'), '--train-images', images];
  return main(['find-lr', '--model', 'fasterrcnn_tiny_fpn', ...data, '--set', 'model.minSize=64', ...more]);
}

interface Result {
  readonly suggestion: number | null;
  readonly points: { learningRate: number; loss: number; smoothedLoss: number }[];
}

test('suggests a rate, draws the chart, and leaves nothing else behind', async () => {
  const { numTensors } = tf.memory();
  const output = workplace.at('found');
  const json = path.join(output, 'points.json');
  mkdirSync(output);
  const range = ['--from', '1e-5', '--to', '1e3', '--iterations', '12'];
  expect(await findLr(...range, '--output', output, '--json', json)).toBe(0);
  expect(readdirSync(output).sort()).toEqual(['learning-rate.html', 'points.json']);
  const { suggestion, points } = JSON.parse(readFileSync(json, 'utf8')) as Result;
  // A rate of a thousand is never survived.
  expect(points.length).toBeLessThan(12);
  expect(points[0].learningRate).toBe(1e-5);
  expect(suggestion).not.toBeNull();
  expect(workplace.stdout).toBe(`--set optimizer.lr=${Number(suggestion!.toPrecision(2))}\n`);
  const page = readFileSync(path.join(output, 'learning-rate.html'), 'utf8');
  expect(page).toContain(`<dd>${Number(suggestion!.toPrecision(2))}</dd>`);
  expect(page.match(/<path /g)!.length).toBeGreaterThanOrEqual(2);
  expect(page).not.toMatch(/(?:src|href)="(?!#)/);

  // The same again: what was found follows from the seed. And --set is as good as the option, unlike a file.
  rmSync(json);
  const file = workplace.at('c.yaml');
  writeFileSync(file, 'iterations: 5\n');
  const again = [...range.slice(0, 4), '--config', file, '--set', 'iterations=12'];
  expect(await findLr(...again, '--json', json)).toBe(0);
  expect((JSON.parse(readFileSync(json, 'utf8')) as Result).points).toEqual(points);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('refuses what cannot be, before and after the first step, and writes nothing', async () => {
  const page = workplace.at('refused', 'page.html');
  const refused = async (message: string | RegExp, ...options: string[]): Promise<void> => {
    workplace.stderr = '';
    expect(await findLr('--output', page, ...options)).toBe(2);
    expect(workplace.stderr).toMatch(message);
    expect(workplace.stdout).toBe('');
    expect(existsSync(path.dirname(page))).toBe(false);
  };
  await refused('--from 1 has to be less than --to 0.5', '--from', '1', '--to', '0.5');
  await refused('It has to be a number above 0', '--from', '0');
  await refused('4 iterations are too few to see the loss fall: at least 7 are needed', '--iterations', '4');
  await refused('3 iterations are too few', '--set', 'iterations=3');
  await refused('there is no key optimizer.lrr', '--set', 'optimizer.lrr=1');
  await refused(
    'train.json: would overwrite what is read',
    '--json',
    path.join(workplace.scenes, 'train.json'),
  );
});

test('Ctrl-C stops it with status 130, and nothing is written', async () => {
  const page = workplace.at('stopped', 'page.html');
  const update = jest.spyOn(Progress.prototype, 'update');
  const running = findLr('--output', page, '--iterations', '100000');
  await until(() => update.mock.calls.length > 1);
  process.emit('SIGINT');
  expect(await running).toBe(130);
  expect(workplace.stderr).toMatch(/Stopped; nothing was written\.\n$/);
  expect(existsSync(path.dirname(page))).toBe(false);
});
