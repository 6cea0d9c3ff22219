import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type * as FasterRcnnFamily from '../../../detection/modeling/definitions/faster-rcnn';
import { main } from '../../../tools/cli/main';
import { readCheckpointState } from '../../../weights/checkpoints/checkpoint';
import { storedFloat32 } from '../../../weights/formats/stored-tensor';
import { writeSafetensors } from '../../../weights/formats/safetensors-file';
import { gridDefinition } from './grid-detector';
import { metricsOf, Workplace } from './workplace';

// A model is added as one is added: its family's file says what there is, and nothing else changes.
jest.mock('../../../detection/modeling/definitions/faster-rcnn', () => {
  const actual = jest.requireActual<typeof FasterRcnnFamily>(
    '../../../detection/modeling/definitions/faster-rcnn',
  );
  const { gridDefinition: added } = jest.requireActual<{ gridDefinition: typeof gridDefinition }>(
    './grid-detector',
  );
  return { ...actual, fasterRcnnModels: [...actual.fasterRcnnModels, added] };
});

const workplace = new Workplace();

test('a model of another family is trained, gone on with, evaluated, used, converted and begun with', async () => {
  const output = workplace.at('grid');
  const [annotations, images] = [
    path.join(workplace.scenes, 'val.json'),
    path.join(workplace.scenes, 'images'),
  ];
  const val = ['--val-annotations', annotations, '--val-images', images];
  const model = ['--model', gridDefinition.name];
  const best = ['--set', 'bestMetric=val/loss_grid', '--set', 'evaluateEvery=1'];
  // The last --model counts.
  expect(await workplace.train(output, ...model, ...val, ...best, '--iterations', '2')).toBe(0);
  expect(await main(['train', '--output', output, '--resume', '--iterations', '3'])).toBe(0);
  const rows = metricsOf(output);
  expect(rows.map(({ loss_grid, total_loss }) => loss_grid === total_loss)).toEqual([true, true, true]);
  expect(rows[2]['val/loss_grid']).toBeGreaterThan(0);
  const last = path.join(output, 'last');
  expect(readCheckpointState(last).metadata).toMatchObject({
    model: 'grid_64',
    options: { norm: 'batch', input: gridDefinition.input },
  });

  const picture = path.join(images, '000001.jpg');
  const found = workplace.at('found.json');
  const detect = async (...argv: string[]): Promise<string> => {
    expect(await main(['detect', ...argv, '--score-threshold', '0', '--json', found, picture])).toBe(0);
    return readFileSync(found, 'utf8');
  };
  const expected = await detect('--weights', last);
  expect(await main(['evaluate', '--weights', last, '--annotations', annotations, '--images', images])).toBe(
    0,
  );
  const pth = workplace.at('grid.pth');
  expect(await main(['convert', last, pth])).toBe(0);
  // The bare file knows no names of categories, but their number.
  const boxes = (json: string): unknown =>
    (JSON.parse(json) as { detections: { bbox: number[] }[] }[])[0].detections.map(({ bbox }) => bbox);
  expect(boxes(await detect(...model, '--weights', pth))).toEqual(boxes(expected));

  const fewer = workplace.at('fewer.json');
  const truth = JSON.parse(readFileSync(annotations, 'utf8')) as {
    categories: { id: number }[];
    annotations: { category_id: number }[];
  };
  const [{ id }] = truth.categories;
  for (const annotation of truth.annotations) annotation.category_id = id;
  writeFileSync(fewer, JSON.stringify({ ...truth, categories: truth.categories.slice(0, 1) }));
  const second = ['--train-annotations', fewer, '--iterations', '1', '--weights', last];
  workplace.stderr = '';
  expect(
    await workplace.train(workplace.at('second'), ...model, ...second, '--set', 'model.norm=batch'),
  ).toBe(0);
  expect(workplace.stderr).toContain('predictor rows taken over by name: "cat"\n');

  const classifier = workplace.at('classifier.safetensors');
  const filters = storedFloat32([8, 3, 8, 8], new Float32Array(8 * 3 * 64).fill(0.5));
  const ofNorm = ['weight', 'bias', 'running_mean', 'running_var'].map(
    (name) => [`1.${name}`, storedFloat32([8], new Float32Array(8).fill(1))] as const,
  );
  writeSafetensors(
    classifier,
    new Map([['0.weight', filters], ...ofNorm, ['fc.weight', storedFloat32([2, 8], new Float32Array(16))]]),
  );
  workplace.stderr = '';
  expect(
    await workplace.train(workplace.at('third'), ...model, '--iterations', '1', '--weights', classifier),
  ).toBe(0);
  expect(workplace.stderr).toContain('5 entries of an image classifier loaded into the backbone');
});

test('pictures of a fixed size: other sizes are refused', async () => {
  const sizes = ['--model', gridDefinition.name, '--set', 'model.minSize=32', '--iterations', '1'];
  expect(await workplace.train(workplace.at('other-size'), ...sizes)).toBe(2);
  expect(workplace.stderr).toContain('grid_64 resizes every picture to 64 x 64 pixels');
});
