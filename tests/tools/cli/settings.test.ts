import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { parse, stringify } from 'yaml';
import { main, runCommand } from '../../../tools/cli/main';
import { DETECTOR_METADATA } from '../../../weights/detectors/file-metadata';
import { readCheckpointState } from '../../../weights/checkpoints/checkpoint';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import { metricsOf, Workplace } from './workplace';

const workplace = new Workplace();

interface Configuration {
  iterations: number;
  epochs: null;
  schedule: { warmupIterations: number; milestones: number[] };
  model: { name: string; anchors?: { sizes: number[][] }; [name: string]: unknown };
}

const configurationOf = (output: string): Configuration =>
  parse(readFileSync(path.join(output, 'config.yaml'), 'utf8')) as Configuration;

/** Half as many anchors a place as the model has, so that weights tell whether a detector was built with them. */
const SIZES = [[8], [16], [32], [64], [128]];
const SETTINGS = {
  anchors: { sizes: SIZES },
  rpn: { nmsThreshold: 0.6 },
  roi: { scoreThreshold: 0.001, detectionsPerImage: 3 },
};
const sets = [
  ...['--set', `model.anchors.sizes=${JSON.stringify(SIZES)}`, '--set', 'model.rpn.nmsThreshold=0.6'],
  ...['--set', 'model.roi.scoreThreshold=0.001', '--set', 'model.roi.detectionsPerImage=3'],
];

/** A run with settings of its own. Tests change copies of it. */
let run: string;
let last: string;
beforeAll(async () => {
  run = workplace.at('run');
  last = path.join(run, 'last');
  expect(await workplace.train(run, '--iterations', '2', ...sets)).toBe(0);
});

/** How many objects a detector finds in each picture. */
async function detected(weights: string): Promise<number[]> {
  const [json, pictures] = [workplace.at('found.json'), path.join(workplace.scenes, 'images')];
  const options = ['--weights', weights, '--score-threshold', '0', '--json', json];
  expect(await main(['detect', ...options, pictures])).toBe(0);
  const found = JSON.parse(readFileSync(json, 'utf8')) as { detections: unknown[] }[];
  return found.map(({ detections }) => detections.length);
}

test('a run states all settings, its checkpoints those that are its own, and whatever loads them builds with them', async () => {
  expect(configurationOf(run).model).toMatchObject(SETTINGS);
  expect(configurationOf(run).model).toMatchObject({ roi: { nmsThreshold: 0.5 }, losses: { rpn: {} } });
  expect(readCheckpointState(last).metadata).toMatchObject({ options: { settings: SETTINGS } });
  expect(readCheckpointState(last).metadata['options']).toEqual({
    ...(readCheckpointState(last).metadata['options'] as object),
    settings: SETTINGS,
  });

  const { numTensors } = tf.memory();
  expect(await detected(last)).toEqual(Array(6).fill(3));
  const file = workplace.at('detector.safetensors');
  expect(await main(['convert', last, file])).toBe(0);
  expect(await detected(file)).toEqual(Array(6).fill(3));
  const annotations = path.join(workplace.scenes, 'val.json');
  const images = path.join(workplace.scenes, 'images');
  const evaluate = ['evaluate', '--annotations', annotations, '--images', images, '--weights'];
  expect(await main([...evaluate, file])).toBe(0);
  expect(tf.memory().numTensors).toBe(numTensors);

  workplace.stderr = '';
  expect(await main(['convert', file, workplace.at('detector.pth')])).toBe(0);
  expect(workplace.stderr).toContain(
    `detector.pth: its settings differ from the model's defaults, and no option sets them: ${JSON.stringify(SETTINGS)}\n`,
  );
});

test('weights with settings that the model does not have are refused', async () => {
  const { tensors, metadata } = readSafetensors(path.join(last, 'model.safetensors'));
  const said = readCheckpointState(last).metadata;
  const options = { ...(said['options'] as object), settings: { rpn: { newer: 1 } } };
  const file = workplace.at('newer.safetensors');
  const json = JSON.stringify({ ...said, options });
  writeSafetensors(file, tensors, { ...metadata, [DETECTOR_METADATA]: json });
  const pictures = path.join(workplace.scenes, 'images');
  await expect(runCommand(['detect', '--weights', file, pictures])).rejects.toMatchObject({
    code: 'detector-settings',
    facts: { file, faults: ['it has no rpn.newer here'] },
  });
});

test('settings are the run’s when it goes on, and a run of before there were any goes on with the model’s', async () => {
  const resume = (output: string, ...more: string[]): string[] => [
    'train',
    '--output',
    output,
    '--resume',
    ...more,
  ];
  await expect(runCommand(resume(run, '--set', 'model.roi.scoreThreshold=0.1'))).rejects.toMatchObject({
    code: 'other-configuration',
    facts: { key: 'model.roi.scoreThreshold', was: '0.001', is: '0.1' },
  });
  await expect(runCommand(resume(run, '--model', 'retinanet_resnet18_fpn'))).rejects.toMatchObject({
    code: 'other-configuration',
    facts: { key: 'model.name' },
  });
  expect(await main(resume(run, '--iterations', '3'))).toBe(0);
  expect(configurationOf(run).model).toMatchObject(SETTINGS);
  expect(metricsOf(run).map(({ iteration }) => iteration)).toEqual([1, 2, 3]);

  const old = workplace.at('old');
  expect(await workplace.train(old, '--iterations', '2')).toBe(0);
  expect(Object.keys(readCheckpointState(path.join(old, 'last')).metadata['options'] as object)).toEqual([
    'norm',
    'epsilon',
    'input',
  ]);
  const { model, ...rest } = configurationOf(old);
  const before = Object.entries(model).filter(
    ([, value]) => typeof value !== 'object' || Array.isArray(value),
  );
  expect(before.length).toBeLessThan(Object.keys(model).length);
  const file = path.join(old, 'config.yaml');
  writeFileSync(file, stringify({ model: Object.fromEntries(before), ...rest, epochs: undefined }));
  expect(await main(resume(old, '--iterations', '3'))).toBe(0);
  expect(configurationOf(old).model).toEqual(model);
});

test('a training that begins with weights of other settings says so', async () => {
  const output = workplace.at('from-weights');
  const start = ['--weights', last, '--iterations', '1'];
  const anchors = ['--set', `model.anchors.sizes=${JSON.stringify(SIZES)}`];
  expect(await workplace.train(output, ...start, ...anchors, '--set', 'model.roi.detectionsPerImage=3')).toBe(
    0,
  );
  const others = { rpn: { nmsThreshold: 0.6 }, roi: { scoreThreshold: 0.001 } };
  expect(workplace.stderr).toContain(
    `was trained with other settings of the model: ${JSON.stringify(others)}\n`,
  );
  workplace.stderr = '';
  expect(await workplace.train(workplace.at('as-weights'), ...start, ...sets)).toBe(0);
  expect(workplace.stderr).not.toContain('other settings');
});

test('settings that do not go with the data are refused, and leave nothing behind', async () => {
  const output = workplace.at('refused');
  const weights = ['--set', 'model.losses.classWeights=[1]'];
  expect(await workplace.train(output, ...weights)).toBe(2);
  expect(workplace.stderr).toMatch(
    /^model\.losses\.classWeights: has 1 weights, but there are \d+ categories[^\n]*\n$/,
  );
  expect(existsSync(output)).toBe(false);
});

test('epochs are iterations by the training set, in all that follows from them, and more may be asked for', async () => {
  const output = workplace.at('epochs');
  const batches = ['--set', 'data.batchSize=3', '--set', 'optimizer.accumulate=1'];
  // Two rounds of four pictures.
  expect(await workplace.train(output, '--epochs', '2', ...batches)).toBe(0);
  expect(workplace.stderr).toContain('2 epochs: 3 iterations\n');
  expect(configurationOf(output)).toMatchObject({
    iterations: 3,
    epochs: null,
    schedule: { warmupIterations: 0, milestones: [2, 3] },
  });
  expect(metricsOf(output)).toHaveLength(3);
  const resume = ['train', '--output', output, '--resume'];
  expect(await main([...resume, '--epochs', '3'])).toBe(0);
  expect(configurationOf(output)).toMatchObject({ iterations: 4, schedule: { milestones: [2, 3] } });
  expect(metricsOf(output)).toHaveLength(4);
  await expect(runCommand([...resume, '--epochs', '0.5'])).rejects.toMatchObject({
    code: 'too-few-iterations',
    facts: { iterations: 1, least: 4 },
  });

  const twice = workplace.trainArguments(workplace.at('twice'), '--epochs', '1', '--iterations', '2');
  await expect(runCommand(twice)).rejects.toMatchObject({
    code: 'configuration',
    facts: {
      faults: ['--epochs 1: epochs: iterations also sets the length of the training; remove one of them'],
    },
  });
  await expect(runCommand([...resume, '--epochs', '0'])).rejects.toMatchObject({
    code: 'commander.invalidArgument',
  });
});

test('epochs count the images that are trained on: those left out not, those that come more often so', async () => {
  const file = path.join(workplace.scenes, 'train.json');
  const truth = JSON.parse(readFileSync(file, 'utf8')) as {
    images: { id: number }[];
    annotations: { image_id: number; category_id: number; bbox: number[] }[];
  };
  const [first, second] = truth.images;
  // One picture is missing, one has no objects, and of the others one alone has a category of its own.
  const annotations = truth.annotations
    .filter(({ image_id }) => image_id !== second.id)
    .map((annotation, k, { length }) => ({ ...annotation, category_id: k === length - 1 ? 2 : 1 }));
  const images = truth.images.map((image) => (image === first ? { ...image, file_name: 'none.jpg' } : image));
  const categories = [1, 2].map((id) => ({ id, name: `category ${id}` }));
  const changed = workplace.at('changed.json');
  writeFileSync(changed, JSON.stringify({ ...truth, images, annotations, categories }));
  const lengthOf = async (name: string, ...more: string[]): Promise<number> => {
    const set = ['--train-annotations', changed, '--skip-invalid', '--set', 'data.batchSize=1'];
    expect(await workplace.train(workplace.at(name), '--epochs', '1', ...set, ...more)).toBe(0);
    return configurationOf(workplace.at(name)).iterations;
  };
  expect(await lengthOf('three')).toBe(3);
  // Factors 1, sqrt(1 / (2 / 3)) and sqrt(1 / (1 / 3)).
  expect(await lengthOf('repeated', '--set', 'data.repeatThreshold=1')).toBe(
    Math.ceil(1 + Math.sqrt(3 / 2) + Math.sqrt(3)),
  );
});
