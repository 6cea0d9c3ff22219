import { readdirSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { Interrupted } from '../../../tools/terminal/interruption';
import { completeConfiguration } from '../../../tools/config/complete';
import { loadConfiguration } from '../../../tools/config/load';
import { MEASURED_ITERATIONS, secondsPerIteration } from '../../../tools/run/iteration-time';
import { Workplace } from '../cli/workplace';

const workplace = new Workplace();

async function measure(onProgress: (done: number) => void): Promise<number> {
  const [annotations, images] = [workplace.at('scenes', 'train.json'), workplace.at('scenes', 'images')];
  const set = await readCocoDataset(annotations, images);
  const configuration = loadConfiguration({
    base: {
      model: { name: 'fasterrcnn_tiny_fpn', minSize: 64 },
      data: { trainAnnotations: annotations, trainImages: images },
    },
    assignments: [],
    options: {},
  });
  return secondsPerIteration(completeConfiguration(configuration), set, onProgress);
}

test('the time of a few iterations after the first two, of a detector that leaves nothing behind', async () => {
  const { numTensors } = tf.memory();
  const before = readdirSync(workplace.at());
  let done = 0;
  // The first takes 100 s, each of the others a quarter of one.
  jest.spyOn(performance, 'now').mockImplementation(() => (done === 0 ? 0 : 100_000 + 250 * done));
  expect(await measure((iterations) => (done = iterations))).toBeCloseTo(0.25, 9);
  expect(done).toBe(MEASURED_ITERATIONS);
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(readdirSync(workplace.at())).toEqual(before);
});

test('Ctrl-C stops it', async () => {
  const { numTensors } = tf.memory();
  const measuring = measure((done) => {
    if (done === 3) process.emit('SIGINT');
  });
  await expect(measuring).rejects.toThrow(Interrupted);
  expect(tf.memory().numTensors).toBe(numTensors);
});
