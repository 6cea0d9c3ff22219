import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { main, runCommand } from '../../../tools/cli/main';
import { metricsOf, Workplace } from './workplace';

const workplace = new Workplace();

test('train, evaluate and detect, with nothing left in memory', async () => {
  const { numTensors } = tf.memory();
  const output = workplace.at('run');
  const [annotations, images] = [
    path.join(workplace.scenes, 'val.json'),
    path.join(workplace.scenes, 'images'),
  ];
  const val = ['--val-annotations', annotations, '--val-images', images, '--set', 'evaluateEvery=2'];
  expect(await workplace.train(output, '--iterations', '4', ...val)).toBe(0);
  expect(readdirSync(output).sort()).toEqual([
    'best',
    'checkpoints',
    'config.yaml',
    expect.stringMatching(/^events\.out\.tfevents\./),
    'last',
    'metrics.jsonl',
    'report.html',
  ]);
  expect(path.basename(realpathSync(path.join(output, 'last')))).toBe('0000004');
  expect(workplace.stdout).toContain('Average Precision');
  expect(metricsOf(output).map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4]);

  const json = workplace.at('scores.json');
  const evaluate = ['evaluate', '--annotations', annotations, '--images', images, '--json', json];
  expect(await main([...evaluate, '--weights', path.join(output, 'last')])).toBe(0);
  const { stats } = JSON.parse(readFileSync(json, 'utf8')) as { stats: number[] };
  const state = readFileSync(path.join(output, 'last', 'state.json'), 'utf8');
  // The very weights that training evaluated at its end.
  expect(stats[0]).toBe((JSON.parse(state) as { metrics: Record<string, number> }).metrics['val/AP']);

  const pictures = [path.join(images, '000005.jpg'), images];
  const names = readdirSync(images);
  mkdirSync(path.join(images, 'no picture.png'));
  const found = workplace.at('found.json');
  const detect = ['detect', '--weights', path.join(output, 'best'), '--score-threshold', '0.06'];
  expect(await main([...detect, '--json', found, '--output', workplace.at('drawn'), ...pictures])).toBe(0);
  const results = JSON.parse(readFileSync(found, 'utf8')) as {
    file: string;
    width: number;
    detections: { bbox: number[]; score: number; category_id: number }[];
  }[];
  expect(results.map(({ file }) => file)).toEqual([
    pictures[0],
    ...names.map((name) => path.join(images, name)),
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
  expect(readdirSync(workplace.at('drawn'))).toHaveLength(7);

  // The model file is known by the folder that it lies in, however that is spelled; a run's folder is no checkpoint.
  const spelled = [output, '.', 'last', 'model.safetensors'].join('/');
  expect(await main(['detect', '--weights', spelled, pictures[0]])).toBe(0);
  await expect(runCommand(['detect', '--weights', output, pictures[0]])).rejects.toMatchObject({
    code: 'no-checkpoint',
    facts: { folder: output },
  });

  // The second drawing cannot be written: its name is taken by a folder.
  const half = workplace.at('half');
  mkdirSync(path.join(half, '000006.jpg'), { recursive: true });
  const two = [pictures[0], path.join(images, '000006.jpg')];
  const halfJson = workplace.at('half.json');
  expect(await main([...detect, '--json', halfJson, '--output', half, ...two])).toBe(2);
  expect(workplace.stderr).toContain('000006.jpg: cannot be written');
  expect(readdirSync(half)).toEqual(['000006.jpg']);
  expect(existsSync(halfJson)).toBe(false);
  await expect(runCommand([...detect, '--json', pictures[0], pictures[0]])).rejects.toMatchObject({
    code: 'overwrites-input',
    facts: { option: '--json', file: pictures[0] },
  });
  const none = path.join(pictures[0], 'x');
  await expect(runCommand([...detect, none])).rejects.toMatchObject({
    code: 'no-such-path',
    facts: { path: none },
  });
  expect(tf.memory().numTensors).toBe(numTensors);
});
