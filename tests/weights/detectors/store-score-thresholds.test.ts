import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { Sgd } from '../../../detection/engine/sgd';
import type { Detector } from '../../../detection/modeling/detector';
import {
  readCheckpointState,
  saveCheckpoint,
  verifyCheckpoint,
} from '../../../weights/checkpoints/checkpoint';
import { detectorMetadata } from '../../../weights/detectors/detector-metadata';
import { loadDetector } from '../../../weights/detectors/load-detector';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { storeScoreThresholds } from '../../../weights/detectors/store-score-thresholds';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import { rejectionOf } from '../../thrown';
import { registerModel } from '../../../detection/modeling/definitions';
import { gridDefinition } from '../../tools/cli/grid-detector';

const thresholds = { goal: 'f1', scores: [0.25, null] };
let folder: string;
let detector: Detector;
let numTensors: number;

beforeAll(async () => {
  await loadBackend();
  registerModel(gridDefinition);
  folder = mkdtempSync(path.join(tmpdir(), 'thresholds-'));
  numTensors = tf.memory().numTensors;
  detector = gridDefinition.build({ categories: ['plate', 'car'], norm: 'batch' });
});
afterAll(() => {
  detector.dispose();
  rmSync(folder, { recursive: true });
});

async function storedIn(weights: string): Promise<unknown> {
  const { model, scoreThresholds } = await loadDetector(weights);
  model.dispose();
  return scoreThresholds;
}

test('a safetensors file gets them into its metadata; weights and other metadata stay', async () => {
  const file = path.join(folder, 'mine.safetensors');
  saveDetector(detector, file);
  const { tensors, metadata } = readSafetensors(file);
  writeSafetensors(file, tensors, { ...metadata, note: 'mine' });
  const { size: before } = dataOf(file);
  expect(await storedIn(file)).toBeUndefined();
  await storeScoreThresholds(file, thresholds);
  expect(await storedIn(file)).toEqual(thresholds);
  expect(readSafetensors(file).tensors).toEqual(tensors);
  expect(readSafetensors(file).metadata['note']).toBe('mine');
  expect(dataOf(file).size).toBe(before);
  // Others replace them.
  await storeScoreThresholds(file, { goal: 'precision=0.9', scores: [0.5, 0.5] });
  expect(await storedIn(file)).toEqual({ goal: 'precision=0.9', scores: [0.5, 0.5] });
  await expect(storeScoreThresholds(file, { goal: 'f1', scores: [0.5] })).rejects.toThrow(RangeError);
});

/** The bytes after the header. */
function dataOf(file: string): { size: number } {
  const bytes = readFileSync(file);
  return { size: bytes.length - 8 - Number(bytes.readBigUInt64LE(0)) };
}

test('a checkpoint gets them into its state; all else stays, and it is whole', async () => {
  const checkpoint = path.join(folder, 'checkpoint');
  const metadata = { ...detectorMetadata(detector), configuration: { seed: 3 } };
  const optimizer = new Sgd(detector.namedParameters(), { momentum: 0.9, weightDecay: 0 });
  const contents = { iteration: 4, hooks: { evaluation: 4 }, metrics: { 'val/AP': 0.5 }, metadata };
  saveCheckpoint(checkpoint, { model: detector, optimizer }, contents);
  const model = path.join(checkpoint, 'model.safetensors');
  const before = readFileSync(model);
  // By the name of the model file, too.
  await storeScoreThresholds(model, thresholds);
  expect(await storedIn(checkpoint)).toEqual(thresholds);
  expect(readFileSync(model)).toEqual(before);
  const { sha256: sums, ...state } = verifyCheckpoint(checkpoint);
  expect(state).toEqual({ format: 2, ...contents, metadata: { ...metadata, scoreThresholds: thresholds } });
  expect(Object.keys(sums ?? {})).toContain('state.json');

  // One of before, without sums, stays so.
  const older = { ...readCheckpointState(checkpoint), sha256: undefined };
  writeFileSync(path.join(checkpoint, 'state.json'), JSON.stringify(older));
  await storeScoreThresholds(checkpoint, { ...thresholds, goal: 'precision=1' });
  expect(readCheckpointState(checkpoint).sha256).toBeUndefined();
  expect(await storedIn(checkpoint)).toMatchObject({ goal: 'precision=1' });
  optimizer.dispose();
});

test('what has no place for them is refused and stays as it is', async () => {
  const refused = async (weights: string, reason: string): Promise<void> => {
    const error = await rejectionOf(storeScoreThresholds(weights, thresholds));
    expect(error).toMatchObject({ code: 'no-place-for-thresholds', facts: { weights } });
    expect((error as Error).message).toContain(reason);
  };
  const pth = path.join(folder, 'mine.pth');
  saveDetector(detector, pth);
  await refused(pth, 'only checkpoints and .safetensors files');
  const bare = path.join(folder, 'bare.safetensors');
  writeSafetensors(bare, new Map(), { format: 'pt' });
  await refused(bare, 'does not say which model');
  await refused('COCO_V1', 'published weights');
  const missing = rejectionOf(storeScoreThresholds(path.join(folder, 'none'), thresholds));
  expect(await missing).toMatchObject({ code: 'no-such-path' });
});

test('what may not be written to is refused before anything is', async () => {
  const file = path.join(folder, 'kept', 'mine.safetensors');
  mkdirSync(path.dirname(file));
  saveDetector(detector, file);
  const fs = jest.requireActual<typeof import('node:fs')>('node:fs');
  const denied = jest.spyOn(fs, 'accessSync').mockImplementation(() => {
    throw new Error('EACCES: permission denied');
  });
  try {
    expect(await rejectionOf(storeScoreThresholds(file, thresholds))).toMatchObject({
      code: 'no-place-for-thresholds',
    });
  } finally {
    denied.mockRestore();
  }
  expect(await storedIn(file)).toBeUndefined();
});

afterAll(() => expect(tf.memory().numTensors).toBe(numTensors));
