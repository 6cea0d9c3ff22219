import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import type { Example } from '../../../datasets/examples';
import { TrainingLoader, type TrainingLoaderOptions } from '../../../datasets/loader/training-loader';
import { loadBackend } from '../../../detection/backend/node';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { rejectionOf } from '../../thrown';

const SIDE = 32;
/** Neither resized, nor normalized, nor mirrored: pixels of a batch are bytes / 255. */
const input = { ...torchvisionInput({ minSize: SIDE, maxSize: SIDE }), mean: [0, 0, 0], std: [1, 1, 1] };
const options: TrainingLoaderOptions = { input, batchSize: 2, seed: 7, flipProbability: 0 };

/** Each picture of one color that is drawn for it. */
const ONE_COLOR = `export default function (pixels, { random }) {
  const color = random.integer(256);
  pixels.fill(color);
}`;

let folder: string;
let examples: Example[];
let numTensors: number;

beforeAll(async () => {
  await loadBackend();
  folder = mkdtempSync(path.join(tmpdir(), 'own-augmentation-'));
  const picture = sharp({ create: { width: SIDE, height: SIDE, channels: 3, background: '#102030' } });
  const file = new Uint8Array(await picture.png().toBuffer());
  examples = [1, 2, 3].map((imageId) => ({
    imageId,
    file,
    size: { width: SIDE, height: SIDE },
    targets: { boxes: Float32Array.of(2, 2, 20, 20), labels: Int32Array.of(1) },
  }));
});
afterAll(() => rmSync(folder, { recursive: true }));
beforeEach(() => (numTensors = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(numTensors));

function written(name: string, source: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, source);
  return file;
}

/** The first byte of each picture that comes, and of some the last. */
async function take(count: number, more: Partial<TrainingLoaderOptions>): Promise<number[][]> {
  const seen: number[][] = [];
  for await (const { images } of new TrainingLoader(examples, { ...options, ...more })) {
    const values = images.tensor.dataSync<'float32'>();
    const length = SIDE * SIDE * 3;
    for (let k = 0; k < images.sizes.length; k++) {
      const bytes = values.subarray(k * length, (k + 1) * length).map((value) => Math.round(255 * value));
      seen.push([...bytes.subarray(0, 3), ...bytes.subarray(-3)]);
    }
    if (seen.length >= count) break;
  }
  return seen;
}

test('pictures are those that the seed and their place say, with any number of workers and after a resume', async () => {
  const augmentation = written('one-color.mjs', ONE_COLOR);
  const all = await take(12, { augmentation });
  for (const bytes of all) expect(new Set(bytes).size).toBe(1);
  expect(new Set(all.map(([color]) => color)).size).toBeGreaterThan(8);
  expect(await take(6, { augmentation, workers: 3, startIteration: 3 })).toEqual(all.slice(6));
  expect(await take(12, { augmentation, seed: 8 })).not.toEqual(all);
});

test('the plan of a batch draws what it draws without an augmentation', async () => {
  const augmentation = written(
    'nothing.cjs',
    'module.exports = (pixels, { random }) => { random.uniform(); };',
  );
  const drawn = { photometricDistortion: 0.5, flipProbability: 0.5, minSizes: [SIDE] };
  expect(await take(8, { ...drawn, augmentation })).toEqual(await take(8, drawn));
});

test.each<[string, string]>([
  ['other pixels', 'module.exports = (pixels) => pixels.map((byte) => 255 - byte);'],
  [
    'a promise of them',
    'module.exports = async (pixels) => Uint8ClampedArray.from(pixels, (byte) => 255 - byte);',
  ],
])('%s, from a module that is given by its URL', async (name, source) => {
  const augmentation = pathToFileURL(written(`${name.length}.cjs`, source));
  expect(await take(2, { augmentation })).toEqual(
    Array(2).fill([0x10, 0x20, 0x30, 0x10, 0x20, 0x30].map((byte) => 255 - byte)),
  );
});

test.each<[string, string, object]>([
  ['missing', '', { code: 'augmentation-module' }],
  ['no function', 'module.exports = { red: 1 };', { code: 'augmentation-module' }],
  [
    'thrown',
    'module.exports = (pixels, { imageId }) => { if (imageId === 2) throw new Error("no"); };',
    { code: 'augmentation-failed', facts: { imageId: 2 }, cause: { message: 'no' } },
  ],
  ['no error thrown', 'module.exports = () => { throw () => 1; };', { code: 'augmentation-failed' }],
  ['too short', 'module.exports = (pixels) => pixels.slice(3);', { code: 'augmentation-pixels' }],
  ['no bytes', 'module.exports = (pixels) => Float32Array.from(pixels);', { code: 'augmentation-pixels' }],
])('a module that does not work ends the iteration with its error: %s', async (name, source, expected) => {
  const file = `fault ${name}.cjs`;
  const augmentation = source === '' ? path.join(folder, file) : written(file, source);
  expect(await rejectionOf(take(12, { augmentation, workers: 2 }))).toMatchObject({
    name: 'AugmentationError',
    module: augmentation,
    ...expected,
  });
});
