import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import type { TrainingState } from '../../../detection/engine/hooks';
import { Sgd } from '../../../detection/engine/sgd';
import { EventStorage } from '../../../detection/events/event-storage';
import { createDetector } from '../../../detection/modeling/definitions';
import { defineModel } from '../../../detection/modeling/definitions/define-model';
import { fasterRcnnModel } from '../../../detection/modeling/definitions/faster-rcnn';
import type { Detector } from '../../../detection/modeling/detector';
import { Module } from '../../../detection/nn/module';
import { overwriteEpsilon } from '../../../detection/nn/normalization';
import { batchImages } from '../../../detection/structures/image-batch';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import type { Detections } from '../../../detection/structures/instances';
import { loadDetector } from '../../../weights/detectors/load-detector';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { CheckpointHook } from '../../../weights/checkpoints/checkpoint-hook';
import { readWeights } from '../../../weights/formats/read-weights';
import type { StoredTensor } from '../../../weights/formats/stored-tensor';
import { saveStateDict } from '../../../weights/state-dict';
import { rejectionOf, thrownBy } from '../../thrown';

let folder: string;
let detector: Detector;
let numTensors: number;

beforeAll(async () => {
  await loadBackend();
  folder = mkdtempSync(path.join(tmpdir(), 'save-detector-'));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => {
  numTensors = tf.memory().numTensors;
  detector = createDetector('fasterrcnn_tiny_fpn', {
    categories: ['plate', 'car'],
    norm: 'batch',
    seed: 4,
    input: torchvisionInput({ minSize: 64, maxSize: 96 }),
    settings: { roi: { scoreThreshold: 0.01, detectionsPerImage: 7 } },
  });
});
afterEach(() => {
  detector.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

function detect(model: Detector): Detections {
  const pixels = Uint8Array.from({ length: 48 * 64 * 3 }, (_, i) => (7919 * i) & 255);
  const images = batchImages([{ pixels, size: { height: 48, width: 64 } }], model.input);
  const [found] = model.detect(images);
  images.tensor.dispose();
  return found;
}

test('what is saved as safetensors is the same detector when it is loaded, and nothing has to be said', async () => {
  const file = path.join(folder, 'mine.safetensors');
  if (detector instanceof Module) overwriteEpsilon(detector, 0.01);
  saveDetector(detector, file);
  const { model, categories } = await loadDetector(file);
  expect(categories).toEqual([
    { id: 1, name: 'plate' },
    { id: 2, name: 'car' },
  ]);
  const { definition, input, settings } = model;
  expect({ definition, input, settings }).toEqual({
    definition: detector.definition,
    input: detector.input,
    settings: detector.settings,
  });
  const found = detect(model);
  expect(found.scores).toHaveLength(7);
  expect(found).toEqual(detect(detector));
  model.dispose();
});

test('a model of one’s own is to be registered, or given', async () => {
  const file = path.join(folder, 'own.safetensors');
  const definition = defineModel(fasterRcnnModel('fasterrcnn_tiny_fpn'), { name: 'own', headFeatures: 8 });
  const own = definition.build({ categories: ['plate'], norm: 'batch' });
  saveDetector(own, file);
  expect(await rejectionOf(loadDetector(file))).toMatchObject({
    code: 'unregistered-model',
    facts: { file, model: 'own' },
  });
  const { model } = await loadDetector(file, { model: definition });
  expect(detect(model)).toEqual(detect(own));
  model.dispose();
  own.dispose();
});

test('ids of categories go along', async () => {
  const file = path.join(folder, 'ids.safetensors');
  const categories = [
    { id: 90, name: 'plate' },
    { id: 3, name: 'car' },
  ];
  saveDetector(detector, file, { categories });
  const loaded = await loadDetector(file);
  expect(loaded.categories).toEqual(categories);
  loaded.model.dispose();
});

test('PyTorch gets the state dict', () => {
  const file = path.join(folder, 'mine.PTH');
  saveDetector(detector, file);
  expect(contents(readWeights(file).tensors)).toEqual(contents(saveStateDict(detector)));
});

function contents(tensors: ReadonlyMap<string, StoredTensor>): unknown {
  return [...tensors].map(([name, { type, shape, bytes }]) => {
    return { name, type, shape, sha256: createHash('sha256').update(bytes).digest('hex') };
  });
}

test('a checkpoint of a detector is loaded without being told anything', async () => {
  const optimizer = new Sgd(detector.namedParameters(), { momentum: 0, weightDecay: 0 });
  const hook = new CheckpointHook(path.join(folder, 'run'), { model: detector, optimizer, every: 1 });
  const state: TrainingState = {
    ...{ iteration: 0, iterations: 1, shouldStop: false, outcome: 'running' },
    ...{ optimizer, hooks: [], storage: new EventStorage() },
  };
  hook.beforeTrain(state);
  state.iteration = 1;
  hook.afterStep(state);
  const { model } = await loadDetector(path.join(folder, 'run/last'));
  expect(model.categories).toEqual(['plate', 'car']);
  expect(detect(model)).toEqual(detect(detector));
  model.dispose();
  optimizer.dispose();
});

test('nothing is written of another format, or of weights that are not finite', () => {
  const before = readdirSync(folder);
  expect(thrownBy(() => saveDetector(detector, path.join(folder, 'mine.onnx')))).toMatchObject({
    code: 'weights-extension',
    facts: { file: path.join(folder, 'mine.onnx') },
  });
  const [[name, { variable }]] = detector.namedParameters();
  tf.tidy(() => variable.assign(tf.fill(variable.shape, NaN)));
  for (const extension of ['pth', 'safetensors']) {
    const file = path.join(folder, `nan.${extension}`);
    expect(thrownBy(() => saveDetector(detector, file))).toMatchObject({
      code: 'weights-not-finite',
      entry: name,
    });
    expect(existsSync(file)).toBe(false);
  }
  expect(readdirSync(folder)).toEqual(before);
});
