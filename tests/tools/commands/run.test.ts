import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { main } from '../../../tools/cli';
import { readSafetensors } from '../../../weights/safetensors';

let folder: string;
let scenes: string;
let stderr: string;
let stdout: string;

beforeAll(async () => {
  await loadBackend();
  folder = mkdtempSync(path.join(tmpdir(), 'run-'));
  scenes = path.join(folder, 'scenes');
  silence();
  expect(
    await main(['synthesize', '--output', scenes, '--num-train', '4', '--num-val', '2', '--size', '64']),
  ).toBe(0);
});
beforeEach(silence);
afterEach(() => jest.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true }));

function silence(): void {
  stdout = '';
  stderr = '';
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((stdout += String(text)), true));
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((stderr += String(text)), true));
}

const at = (...names: string[]): string => path.join(folder, ...names);

function train(output: string, ...more: string[]): Promise<number> {
  const settings = ['model.minSize=64', 'checkpointEvery=2'];
  const data = [
    '--train-annotations',
    path.join(scenes, 'train.json'),
    '--train-images',
    path.join(scenes, 'images'),
  ];
  return main([
    'train',
    ...['--model', 'fasterrcnn_tiny_fpn', '--output', output, ...data],
    ...settings.flatMap((setting) => ['--set', setting]),
    ...more,
  ]);
}

interface Row {
  iteration: number;
  total_loss: number;
}

function rows(output: string): Row[] {
  const lines = readFileSync(path.join(output, 'metrics.jsonl'), 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Row);
}

test('train, evaluate and detect, with nothing left in memory', async () => {
  const { numTensors } = tf.memory();
  const output = at('run');
  const [annotations, images] = [path.join(scenes, 'val.json'), path.join(scenes, 'images')];
  const val = ['--val-annotations', annotations, '--val-images', images, '--set', 'evaluateEvery=2'];
  expect(await train(output, '--iterations', '4', ...val)).toBe(0);
  expect(readdirSync(output).sort()).toEqual(
    ['best', 'checkpoints', 'config.yaml', 'last', 'metrics.jsonl', 'report.html'].sort(),
  );
  expect(path.basename(realpathSync(path.join(output, 'last')))).toBe('0000004');
  expect(stdout).toContain('Average Precision');
  expect(rows(output).map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4]);

  const json = at('scores.json');
  const evaluate = ['evaluate', '--annotations', annotations, '--images', images, '--json', json];
  expect(await main([...evaluate, '--weights', path.join(output, 'last')])).toBe(0);
  const { stats } = JSON.parse(readFileSync(json, 'utf8')) as { stats: number[] };
  const state = readFileSync(path.join(output, 'last', 'state.json'), 'utf8');
  // The very weights that training evaluated at its end.
  expect(stats[0]).toBe((JSON.parse(state) as { metrics: Record<string, number> }).metrics['val/AP']);

  const pictures = [path.join(images, '000005.jpg'), images];
  const found = at('found.json');
  const detect = ['detect', '--weights', path.join(output, 'best'), '--score-threshold', '0.06'];
  expect(await main([...detect, '--json', found, '--output', at('drawn'), ...pictures])).toBe(0);
  const results = JSON.parse(readFileSync(found, 'utf8')) as {
    file: string;
    width: number;
    detections: { bbox: number[]; score: number; category_id: number }[];
  }[];
  expect(results.map(({ file }) => file)).toEqual([
    pictures[0],
    ...readdirSync(images).map((name) => path.join(images, name)),
  ]);
  expect(results[0].width).toBe(64);
  for (const { detections } of results) {
    const scores = detections.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const { bbox, category_id } of detections) {
      expect(bbox).toHaveLength(4);
      expect(category_id).toBeGreaterThanOrEqual(1);
    }
  }
  expect(readdirSync(at('drawn'))).toHaveLength(7);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('a resumed run has the losses of one that was never stopped', async () => {
  const [whole, resumed] = [at('whole'), at('resumed')];
  const steady = ['--set', 'schedule.milestones=[2]', '--set', 'schedule.warmupIterations=1'];
  expect(await train(whole, '--iterations', '3', ...steady)).toBe(0);
  expect(await train(resumed, '--iterations', '2', ...steady)).toBe(0);
  expect(await main(['train', '--output', resumed, '--resume', '--iterations', '3'])).toBe(0);
  const losses = (output: string): number[] => rows(output).map(({ total_loss }) => total_loss);
  expect(losses(resumed)).toEqual(losses(whole));
  const [a, b] = [whole, resumed].map(
    (run) => readSafetensors(path.join(run, 'last', 'model.safetensors')).tensors,
  );
  for (const [name, { bytes }] of a) expect(Buffer.compare(bytes, b.get(name)!.bytes)).toBe(0);
  expect(await main(['train', '--output', resumed, '--resume', '--set', 'seed=9'])).toBe(2);
  expect(stderr).toContain('this run has seed 0, not 9');
});

test('Ctrl-C saves, says how to go on, and ends with status 130', async () => {
  const output = at('stopped');
  const running = train(output, '--iterations', '1000');
  while (!existsSync(path.join(output, 'checkpoints', '0000002')))
    await new Promise((r) => setTimeout(r, 20));
  process.emit('SIGINT');
  expect(await running).toBe(130);
  expect(stderr).toMatch(/Stopped after iteration \d+; saved in .*--resume\n$/);
  const last = Number(path.basename(realpathSync(path.join(output, 'last'))));
  expect(rows(output).at(-1)!.iteration).toBe(last);
  expect(existsSync(path.join(output, 'report.html'))).toBe(false);
});

test('a run folder in use is refused, and so is a run that cannot be', async () => {
  const output = at('refused');
  const broken = at('broken');
  await cp(scenes, broken, { recursive: true });
  const picture = path.join(broken, 'images', '000002.jpg');
  writeFileSync(picture, readFileSync(picture).subarray(0, 1000));
  expect(await train(output, '--train-images', path.join(broken, 'images'))).toBe(2);
  expect(stderr).toContain('000002.jpg: the picture is damaged');
  expect(await train(output, '--set', 'optimizer.lr=1e12')).toBe(2);
  expect(stderr).toMatch(/training diverged in iteration \d: loss_objectness .*image ids/);
  expect(await train(output, '--weights', path.join(scenes, 'train.json'))).toBe(2);
  expect(existsSync(output)).toBe(false);

  writeFileSync(at('occupied'), '');
  expect(await train(at('occupied'))).toBe(2);
  expect(stderr).toContain('is a file; a folder is expected');
});
