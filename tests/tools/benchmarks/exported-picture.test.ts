import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadNativeBackend } from '../../../detection/backend/node';
import { readExportedPicture } from '../../../tools/benchmarks/exported-picture';

let folder: string;
beforeAll(async () => {
  await loadNativeBackend();
  folder = mkdtempSync(path.join(tmpdir(), 'exported-picture-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A file as numpy.save writes it. */
function saved(type: string, shape: readonly number[], values: readonly number[]): string {
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': (${shape.join(', ')}), }`;
  const header = Buffer.from(`${text.padEnd(117)}\n`, 'latin1');
  const start = Buffer.concat([Buffer.from('\x93NUMPY\x01\x00', 'latin1'), Buffer.from([header.length, 0])]);
  const file = path.join(folder, 'picture.npy');
  writeFileSync(file, Buffer.concat([start, header, Buffer.from(Float32Array.from(values).buffer)]));
  return file;
}

test('channels come last', () => {
  const before = tf.memory().numTensors;
  const picture = readExportedPicture(saved('<f4', [3, 1, 2], [1, 2, 3, 4, 5, 6]));
  expect(picture.arraySync()).toEqual([
    [
      [1, 3, 5],
      [2, 4, 6],
    ],
  ]);
  picture.dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test.each([
  ['<f8', [3, 1, 1]],
  ['<f4', [1, 1, 3]],
])('%s %j is no picture', (type, shape) => {
  expect(() => readExportedPicture(saved(type, shape, [1, 2, 3]))).toThrow('is not numpy');
});
