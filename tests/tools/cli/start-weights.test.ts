import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { main, runCommand } from '../../../tools/cli/main';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import { storedFloat32 } from '../../../weights/formats/stored-tensor';
import { Workplace } from './workplace';

const workplace = new Workplace();

test('files of weights fill what they fit, and a line says what that is', async () => {
  const output = workplace.at('first');
  expect(await workplace.train(output, '--iterations', '1')).toBe(0);
  const { tensors } = readSafetensors(path.join(output, 'last', 'model.safetensors'));
  const bare = workplace.at('bare.safetensors');
  writeSafetensors(bare, tensors);
  const picture = path.join(workplace.scenes, 'images', '000001.jpg');
  await expect(runCommand(['detect', '--weights', bare, picture])).rejects.toMatchObject({
    code: 'model-missing',
    facts: { weights: bare },
  });
  expect(await main(['detect', '--weights', bare, '--model', 'fasterrcnn_tiny_fpn', picture])).toBe(0);
  const other = ['--weights', path.join(output, 'last'), '--model', 'fasterrcnn_resnet18_fpn'];
  await expect(runCommand(['detect', ...other, picture])).rejects.toMatchObject({
    code: 'other-model',
    facts: { wanted: 'fasterrcnn_resnet18_fpn', found: 'fasterrcnn_tiny_fpn' },
  });

  const body = [...tensors].filter(([name]) => name.startsWith('backbone.body.'));
  const classifier = workplace.at('classifier.safetensors');
  const layers = body.map(([name, tensor]) => [name.slice('backbone.body.'.length), tensor] as const);
  writeSafetensors(classifier, new Map([...layers, ['fc.bias', storedFloat32([2], Float32Array.of(0, 0))]]));
  expect(await workplace.train(workplace.at('second'), '--iterations', '1', '--weights', classifier)).toBe(0);
  expect(workplace.stderr).toMatch(
    /classifier\.safetensors: \d+ entries of an image classifier loaded into the backbone/,
  );

  const annotations = workplace.at('three.json');
  const coco = JSON.parse(readFileSync(path.join(workplace.scenes, 'train.json'), 'utf8')) as {
    categories: unknown[];
    annotations: { category_id: number }[];
  };
  const categories = coco.categories.slice(0, 3);
  writeFileSync(
    annotations,
    JSON.stringify({
      ...coco,
      categories,
      annotations: coco.annotations.map((a) => ({ ...a, category_id: 1 + (a.category_id % 3) })),
    }),
  );
  const three = ['--train-annotations', annotations, '--set', 'model.norm=batch', '--weights', bare];
  expect(await workplace.train(workplace.at('third'), '--iterations', '1', ...three)).toBe(0);
  expect(workplace.stderr).toContain('except its predictor, which has 8 classes there');
});
