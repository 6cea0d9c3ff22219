import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { main, runCommand } from '../../../tools/cli/main';
import { Progress } from '../../../tools/terminal/progress';
import { until } from '../../until';
import { Workplace } from './workplace';

const workplace = new Workplace();

const findLr = (...more: string[]): Promise<number> => main(findLrArguments(...more));

function findLrArguments(...more: string[]): string[] {
  const images = path.join(workplace.scenes, 'images');
  const data = ['--train-annotations', path.join(workplace.scenes, 'train.json'), '--train-images', images];
  return ['find-lr', '--model', 'fasterrcnn_tiny_fpn', ...data, '--set', 'model.minSize=64', ...more];
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
  const refused = async (refusal: object, ...options: string[]): Promise<void> => {
    await expect(runCommand(findLrArguments('--output', page, ...options))).rejects.toMatchObject(refusal);
    expect(workplace.stdout).toBe('');
    expect(existsSync(path.dirname(page))).toBe(false);
  };
  const range = { code: 'learning-rate-range', facts: { from: 1, to: 0.5 } };
  await refused(range, '--from', '1', '--to', '0.5');
  await refused({ code: 'commander.invalidArgument' }, '--from', '0');
  const few = (iterations: number) => ({ code: 'too-few-iterations', facts: { iterations, least: 7 } });
  await refused(few(4), '--iterations', '4');
  await refused(few(3), '--set', 'iterations=3');
  // Of four pictures in batches of two.
  await refused(few(6), '--epochs', '3');
  await refused({ code: 'configuration' }, '--set', 'optimizer.lrr=1');
  const file = path.join(workplace.scenes, 'train.json');
  await refused({ code: 'overwrites-input', facts: { option: '--json', file } }, '--json', file);
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
