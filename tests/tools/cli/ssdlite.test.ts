import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { ssdLiteModels } from '../../../detection/modeling/definitions/ssdlite';
import { main, runCommand } from '../../../tools/cli/main';
import { readCheckpointState } from '../../../weights/checkpoints/checkpoint';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import { storedFloat32, toFloat32, type StoredTensor } from '../../../weights/formats/stored-tensor';
import { saveStateDict } from '../../../weights/state-dict';
import { metricsOf, Workplace } from './workplace';

// A family whose pictures have a fixed size, whose pretrained norm is trained, and whose body is not an image classifier's.
const workplace = new Workplace();
const [REDUCED, FULL] = ssdLiteModels.map(({ name }) => name);

function train(output: string, model: string, ...more: string[]): string[] {
  const [annotations, images] = [
    path.join(workplace.scenes, 'train.json'),
    path.join(workplace.scenes, 'images'),
  ];
  const data = ['--train-annotations', annotations, '--train-images', images];
  return ['train', '--model', model, '--output', output, ...data, '--iterations', '1', ...more];
}

function picture(): string {
  return path.join(workplace.scenes, 'images', '000001.jpg');
}

/** Boxes and scores of what is found in a picture of 64 x 64 pixels. */
async function found(...argv: string[]): Promise<{ bbox: number[]; score: number }[]> {
  const json = workplace.at('found.json');
  expect(await main(['detect', ...argv, '--score-threshold', '0', '--json', json, picture()])).toBe(0);
  const [{ detections }] = JSON.parse(readFileSync(json, 'utf8')) as {
    detections: { bbox: number[]; score: number }[];
  }[];
  return detections.map(({ bbox, score }) => ({ bbox, score }));
}

test('is trained, gone on with, evaluated, used, and converted to PyTorch and back', async () => {
  const output = workplace.at('run');
  const val = path.join(workplace.scenes, 'val.json');
  const validation = ['--val-annotations', val, '--val-images', path.join(workplace.scenes, 'images')];
  expect(await main(train(output, REDUCED, ...validation))).toBe(0);
  expect(await main(['train', '--output', output, '--resume', '--iterations', '2'])).toBe(0);
  const rows = metricsOf(output);
  expect(rows.map(({ classification, bbox_regression: regression }) => classification + regression)).toEqual(
    rows.map(({ total_loss }) => expect.closeTo(total_loss, 4) as number),
  );
  expect(readFileSync(path.join(output, 'config.yaml'), 'utf8')).toMatch(
    /trainableLayers: 6\n[^]* norm: batch\n/,
  );
  const last = path.join(output, 'last');
  expect(readCheckpointState(last).metadata).toMatchObject({
    model: REDUCED,
    options: {
      norm: 'batch',
      input: { resize: { kind: 'fixed', height: 320, width: 320 }, mean: [0.5, 0.5, 0.5] },
    },
  });

  const expected = await found('--weights', last);
  expect(expected.length).toBeGreaterThan(0);
  for (const { bbox } of expected) {
    const [x, y, width, height] = bbox;
    expect(Math.max(x + width, y + height)).toBeLessThanOrEqual(64.001);
  }
  const pth = workplace.at('ssdlite.pth');
  expect(await main(['convert', last, pth])).toBe(0);
  expect(await found('--model', REDUCED, '--weights', pth)).toEqual(expected);
  const back = workplace.at('back.safetensors');
  expect(await main(['convert', pth, back])).toBe(0);
  const ofRun = readSafetensors(path.join(last, 'model.safetensors')).tensors;
  const ofBack = readSafetensors(back).tensors;
  expect([...ofBack.keys()]).toEqual([...ofRun.keys()]);
  for (const [name, { bytes }] of ofRun) {
    expect([name, Buffer.compare(ofBack.get(name)!.bytes, bytes)]).toEqual([name, 0]);
  }

  // The other tail is another model.
  workplace.stderr = '';
  expect(await main(['detect', '--model', FULL, '--weights', pth, picture()])).toBe(2);
  expect(workplace.stderr).toContain(
    `ssdlite.pth: does not fit ${FULL}, but ${REDUCED}: take that model (--model)\n`,
  );
});

/** What torchvision's mobilenet_v3_large has: the entries of a whole body, called as a classifier calls them. */
function classifier(): Map<string, StoredTensor> {
  const [, full] = ssdLiteModels;
  const model = full.build({ numClasses: 1, seed: 9 });
  const entries = [...saveStateDict(model)].flatMap(([name, tensor]) => {
    const match = /^backbone\.features\.(\d)\.(\d+)\.(.*)$/.exec(name);
    if (!match) return [];
    const [, part, layer, rest] = match;
    const expansion = part === '0' && layer === '13';
    if (expansion) return [[`features.13.block.0.${rest}`, tensor] as const];
    const isRestOfC4 = part === '1' && layer === '0';
    const index = part === '0' ? Number(layer) : 13 + Number(layer);
    return [[`features.${index}.${isRestOfC4 ? 'block.' : ''}${rest}`, tensor] as const];
  });
  model.dispose();
  return new Map([...entries, ['classifier.3.bias', storedFloat32([2], Float32Array.of(0, 0))]]);
}

test('an image classifier begins the model with the full tail, and the other says which', async () => {
  const file = workplace.at('classifier.safetensors');
  const entries = classifier();
  expect([...entries.keys()].filter((name) => name.startsWith('features.13.'))).toHaveLength(22);
  writeSafetensors(file, entries);
  const before = tf.memory().numTensors;
  await expect(runCommand(train(workplace.at('refused'), REDUCED, '--weights', file))).rejects.toMatchObject({
    code: 'other-model',
    facts: { wanted: REDUCED, found: FULL },
  });
  expect(tf.memory().numTensors).toBe(before);
  workplace.stderr = '';
  const output = workplace.at('full');
  expect(await main(train(output, FULL, '--weights', file, '--set', 'optimizer.lr=1e-9'))).toBe(0);
  expect(workplace.stderr).toContain(
    `${entries.size - 1} entries of an image classifier loaded into the backbone`,
  );
  const { tensors } = readSafetensors(path.join(output, 'last', 'model.safetensors'));
  for (const [theirs, ours] of [
    ['features.0.0.weight', 'backbone.features.0.0.0.weight'],
    ['features.13.block.0.0.weight', 'backbone.features.0.13.0.weight'],
    ['features.13.block.2.fc1.bias', 'backbone.features.1.0.2.fc1.bias'],
    ['features.16.0.weight', 'backbone.features.1.3.0.weight'],
  ]) {
    const [start, now] = [entries.get(theirs)!, tensors.get(ours)!].map(toFloat32);
    expect(now.length).toBe(start.length);
    // Trained with next to no learning rate.
    expect(start.every((value, i) => Math.abs(value - now[i]) < 1e-6)).toBe(true);
  }
});
