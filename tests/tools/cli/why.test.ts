import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { Explanation } from '../../../tools/why/explanation';
import { main, runCommand } from '../../../tools/cli/main';
import type { Ranking } from '../../../tools/why/rank-suspects';
import { Workplace } from './workplace';

const workplace = new Workplace();
let given: string[];

beforeAll(async () => {
  const output = workplace.at('run');
  expect(await workplace.train(output, '--iterations', '1')).toBe(0);
  const [annotations, images] = [
    path.join(workplace.scenes, 'val.json'),
    path.join(workplace.scenes, 'images'),
  ];
  given = ['why', '--weights', path.join(output, 'last'), '--annotations', annotations, '--images', images];
});

function explain(seed: string): Promise<number> {
  const output = ['--output', workplace.at('why.html'), '--json', workplace.at('why.json'), '--seed', seed];
  return main([...given, ...output, pictures()[0].file_name]);
}

function pictures(): { id: number; file_name: string; width: number }[] {
  const val = JSON.parse(readFileSync(path.join(workplace.scenes, 'val.json'), 'utf8')) as {
    images: { id: number; file_name: string; width: number }[];
  };
  return val.images;
}

const read = (): Explanation => JSON.parse(readFileSync(workplace.at('why.json'), 'utf8')) as Explanation;

test('the losses of a picture are told object by object and decision by decision, in pixels of the picture', async () => {
  const { numTensors } = tf.memory();
  expect(await explain('0')).toBe(0);
  expect(tf.memory().numTensors).toBe(numTensors);
  const why = read();
  expect(why).toMatchObject({ file: pictures()[0].file_name, model: 'fasterrcnn_tiny_fpn', seed: 0 });
  expect(why.objects.length).toBeGreaterThan(0);
  for (const [name, loss] of Object.entries(why.losses)) {
    const shares = [...why.objects, why.background].map((each) => each.losses[name]);
    const sum = shares.reduce((total, share) => total + share, 0);
    expect(sum).toBeCloseTo(loss, 5);
    expect(workplace.stdout).toContain(loss.toFixed(4));
  }
  expect(why.tables.map(({ name }) => name)).toEqual([
    'rpn/anchors',
    'roi_head/proposals',
    'roi_head/samples',
  ]);
  const [anchors, proposals, samples] = why.tables;
  expect(anchors.levels).toHaveLength(5);
  // The ground truth is proposed, too, in pixels of the picture.
  for (const [index, { box }] of why.objects.entries()) {
    const itself = proposals.levels[0].candidates.filter(
      (candidate) =>
        candidate.object === index && candidate.box.every((value, i) => Math.abs(value - box![i]) < 0.01),
    );
    expect(itself.length).toBeGreaterThan(0);
  }
  expect(samples.total).toBe(samples.sampledPositive + samples.sampledBackground);
  expect(samples.total).toBe(proposals.sampledPositive + proposals.sampledBackground);
  const page = readFileSync(workplace.at('why.html'), 'utf8');
  for (const { name, about } of why.tables)
    expect([page.includes(name), page.includes(about)]).toEqual([true, true]);
  expect(page).not.toMatch(/(src|href)="https?:/);
});

test('the same seed samples the same candidates, another others', async () => {
  expect(await explain('0')).toBe(0);
  const first = read();
  expect(await explain('0')).toBe(0);
  expect(read()).toEqual(first);
  expect(await explain('1')).toBe(0);
  expect(read().losses).not.toEqual(first.losses);
});

test('a picture may be named by its id; another is refused, and nothing is written', async () => {
  expect(await main([...given, String(pictures()[1].id)])).toBe(0);
  expect(workplace.stdout).toContain(pictures()[1].file_name);
  const output = workplace.at('other.html');
  await expect(runCommand([...given, '--output', output, 'other.jpg'])).rejects.toMatchObject({
    code: 'no-such-picture',
    facts: { picture: 'other.jpg' },
  });
  expect(existsSync(output)).toBe(false);
});

test('check ranks what a set says by the losses that a detector has of it', async () => {
  const { numTensors } = tf.memory();
  const [page, json] = [workplace.at('suspects.html'), workplace.at('suspects.json')];
  const check = ['check', ...given.slice(1), '--output', page, '--json', json];
  expect(await main(check)).toBe(0);
  expect(tf.memory().numTensors).toBe(numTensors);
  const { suspects, images, draws } = JSON.parse(readFileSync(json, 'utf8')) as Ranking & { draws: number };
  const val = JSON.parse(readFileSync(path.join(workplace.scenes, 'val.json'), 'utf8')) as {
    annotations: { id: number }[];
  };
  expect(draws).toBe(2);
  const ids = suspects.flatMap(({ annotation_id: id }) => id ?? []);
  expect(ids.sort((a, b) => a - b)).toEqual(val.annotations.map(({ id }) => id).sort((a, b) => a - b));
  const suspicions = suspects.map(({ suspicion }) => suspicion);
  expect(suspicions).toEqual([...suspicions].sort((a, b) => b - a));
  expect(images.map(({ file_name: file }) => file).sort()).toEqual(
    pictures().map((picture) => picture.file_name),
  );
  expect(workplace.stdout).toContain(`most suspicious of ${suspects.length}:`);
  expect(readFileSync(page, 'utf8')).toContain(
    `annotation ${suspects.find(({ kind }) => kind === 'object')!.annotation_id}`,
  );
});

test('check refuses to rank without a detector', async () => {
  const json = workplace.at('none.json');
  const [annotations, images] = [given.slice(3, 5), given.slice(5)];
  await expect(runCommand(['check', ...annotations, ...images, '--json', json])).rejects.toMatchObject({
    code: 'options-conflict',
  });
  expect(existsSync(json)).toBe(false);
});
