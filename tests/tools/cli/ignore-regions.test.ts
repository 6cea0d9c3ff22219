import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { main, runCommand } from '../../../tools/cli/main';
import type { CocoFile } from '../../../datasets/coco/coco-file';
import { readCheckpointState } from '../../../weights/checkpoints/checkpoint';
import { Workplace } from './workplace';

const workplace = new Workplace();

test('a category and crowds are ignored in training and evaluation, and the detector has no label for it', async () => {
  const read = (name: string): CocoFile =>
    JSON.parse(readFileSync(path.join(workplace.scenes, name), 'utf8')) as CocoFile;
  const [train, val] = [read('train.json'), read('val.json')];
  const [{ category_id }] = train.annotations;
  const { name } = train.categories.find(({ id }) => id === category_id)!;
  const count = train.annotations.filter((annotation) => annotation.category_id === category_id).length;
  const crowds = train.annotations.find((annotation) => annotation.category_id !== category_id)!;
  const annotations = workplace.at('train.json');
  const withCrowd = train.annotations.map((each) => (each === crowds ? { ...each, iscrowd: 1 } : each));
  writeFileSync(annotations, JSON.stringify({ ...train, annotations: withCrowd }));
  const images = path.join(workplace.scenes, 'images');
  const valFile = path.join(workplace.scenes, 'val.json');

  const output = workplace.at('run');
  const ignoring = ['--set', 'data.crowds=ignore', '--set', `data.ignoreCategories=[${name}]`];
  const sets = ['--val-annotations', valFile, '--val-images', images, '--train-annotations', annotations];
  expect(await workplace.train(output, '--iterations', '1', ...sets, ...ignoring)).toBe(0);
  expect(workplace.stderr).toContain(`${annotations}: ${count + 1} regions to ignore`);
  const { metadata, metrics } = readCheckpointState(path.join(output, 'last'));
  expect(metadata['categories']).toHaveLength(train.categories.length - 1);
  expect(metadata['categories']).not.toContainEqual(expect.objectContaining({ name }));
  expect(Object.keys(metrics).some((metric) => metric.endsWith(` ${name}`))).toBe(false);

  const json = workplace.at('scores.json');
  const evaluate = [
    'evaluate',
    '--weights',
    path.join(output, 'last'),
    '--annotations',
    valFile,
    '--images',
    images,
  ];
  expect(await main([...evaluate, '--ignore-category', name, '--json', json])).toBe(0);
  const { stats, perCategory } = JSON.parse(readFileSync(json, 'utf8')) as {
    stats: number[];
    perCategory: object[];
  };
  expect(stats[0]).toBe(metrics['val/AP']);
  expect(perCategory).toHaveLength(val.categories.length - 1);
  await expect(runCommand([...evaluate, '--ignore-category', 'bird'])).rejects.toMatchObject({
    code: 'ignored-category-missing',
    facts: { file: valFile, name: 'bird' },
  });
  const all = val.categories.flatMap((category) => ['--ignore-category', category.name]);
  await expect(runCommand([...evaluate, ...all])).rejects.toMatchObject({ code: 'all-categories-ignored' });
});
