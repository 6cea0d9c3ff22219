import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { main, runCommand } from '../../../tools/cli/main';
import { readCheckpointState } from '../../../weights/checkpoints/checkpoint';
import { Workplace } from './workplace';

const workplace = new Workplace();

function val(): { annotations: string; images: string } {
  return {
    annotations: path.join(workplace.scenes, 'val.json'),
    images: path.join(workplace.scenes, 'images'),
  };
}

test('two runs: numbers of their best checkpoints, intervals, curves and what was configured otherwise', async () => {
  const { numTensors } = tf.memory();
  const { annotations, images } = val();
  const runs = [workplace.at('first'), workplace.at('second')];
  // The same set in another file.
  const copy = workplace.at('copy.json');
  writeFileSync(copy, readFileSync(annotations));
  for (const [k, run] of runs.entries()) {
    const more = ['--val-annotations', [annotations, copy][k], '--val-images', images, '--set', `seed=${k}`];
    expect(await workplace.train(run, '--iterations', '2', ...more)).toBe(0);
  }
  const [page, json] = [workplace.at('comparison.html'), workplace.at('comparison.json')];
  workplace.stdout = '';
  expect(await main(['compare', ...runs, '--output', page, '--json', json])).toBe(0);
  expect(workplace.stdout).toContain(`A: ${runs[0]}\nB: ${runs[1]}\n`);
  expect(workplace.stdout).toMatch(/\nseed +0 +1\n/);
  const result = JSON.parse(readFileSync(json, 'utf8')) as {
    AP: { a: number; b: number; difference: number; low: number };
    numResamples: number;
    categories: { name: string }[];
  };
  const aps = runs.map((run) => readCheckpointState(path.join(run, 'best')).metrics['val/AP']);
  expect(result.AP.a).toBeCloseTo(aps[0], 12);
  expect(result.AP.b).toBeCloseTo(aps[1], 12);
  expect(result.numResamples).toBe(1000);
  const text = readFileSync(page, 'utf8');
  expect(text).toContain('loss_objectness');
  expect(text).toContain('<td>+0.000</td>');
  expect(text).not.toMatch(/NaN|undefined|<(script|link|img)/);
  expect(text.match(/<svg/g)!.length).toBeGreaterThan(6);

  // Without an object less it is another set.
  const other = JSON.parse(readFileSync(copy, 'utf8')) as CocoFile;
  writeFileSync(copy, JSON.stringify({ ...other, annotations: other.annotations.slice(1) }));
  await expect(runCommand(['compare', ...runs])).rejects.toMatchObject({
    code: 'other-validation-set',
    facts: { a: annotations, b: copy },
  });
  expect(await main(['compare', ...runs, '--annotations', annotations, '--images', images])).toBe(0);
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('two files of detections', async () => {
  const { annotations } = val();
  const truth = JSON.parse(readFileSync(annotations, 'utf8')) as CocoFile;
  const found = truth.annotations.map(({ image_id, category_id, bbox }) => ({
    image_id,
    category_id,
    bbox,
    score: 0.5,
  }));
  const files = [workplace.at('none.json'), workplace.at('all.json')];
  files.forEach((file, k) => writeFileSync(file, JSON.stringify(k === 0 ? [] : found)));
  const compare = ['compare', '--annotations', annotations, '--detections', ...files];
  expect(await main(compare)).toBe(0);
  expect(workplace.stdout).toMatch(/\nAP +0.000 +1.000 +\+1.000 +\+1.000 to \+1.000 +100.0 % +\*\n/);
  expect(workplace.stdout).toContain(`${files[1]} is better than ${files[0]} by +1.000 AP`);
});

test('what is found in objects of an ignored category counts neither way', async () => {
  const { annotations } = val();
  const truth = JSON.parse(readFileSync(annotations, 'utf8')) as CocoFile;
  const [{ name, id: ignored }] = truth.categories.filter(({ id }) =>
    truth.annotations.some(({ category_id }) => category_id === id),
  );
  const other = truth.categories.find(({ id }) => id !== ignored)!.id;
  const found = truth.annotations
    .filter(({ category_id }) => category_id !== ignored)
    .map(({ image_id, category_id, bbox }) => ({ image_id, category_id, bbox, score: 0.5 }));
  // Surer than the others, and of another category.
  const wrong = truth.annotations
    .filter(({ category_id }) => category_id === ignored)
    .map(({ image_id, bbox }) => ({ image_id, category_id: other, bbox, score: 0.9 }));
  const files = [workplace.at('right.json'), workplace.at('with wrong.json')];
  writeFileSync(files[0], JSON.stringify(found));
  writeFileSync(files[1], JSON.stringify([...wrong, ...found]));
  const compare = ['compare', '--annotations', annotations, '--detections', ...files];
  expect(await main([...compare, '--ignore-category', name])).toBe(0);
  expect(workplace.stdout).toMatch(/\nAP +1.000 +1.000 /);
  expect(workplace.stderr).toMatch(/regions? to ignore/);
  await expect(runCommand(['compare', 'a', 'b', '--ignore-category', name])).rejects.toMatchObject({
    code: 'options-conflict',
  });
});

test('what cannot be compared is refused', async () => {
  const { annotations } = val();
  const refused = async (code: string, ...options: string[]): Promise<void> => {
    await expect(runCommand(['compare', ...options])).rejects.toMatchObject({ code });
  };
  await refused('not-two', workplace.at('first'));
  await refused('not-two', '--annotations', annotations, '--detections', annotations);
  await refused('not-a-run', workplace.scenes, workplace.scenes);
  await refused('option-missing', '--detections', annotations, annotations);
  await refused('options-conflict', workplace.at('first'), '--detections', annotations, annotations);
  const run = workplace.at('without');
  expect(await workplace.train(run, '--iterations', '1')).toBe(0);
  await refused('no-best-checkpoint', run, run);
});
