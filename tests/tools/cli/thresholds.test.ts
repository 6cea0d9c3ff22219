import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { main, runCommand } from '../../../tools/cli/main';
import { Workplace } from './workplace';

interface Found {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly detections: { bbox: number[]; score: number; category_id: number }[];
}

const workplace = new Workplace();
let weights: string;
let val: string;
let images: string;
/** Of the first picture, above 0. */
let all: Found;

/** A detector, and a set of one picture of which the truth is the best of what it finds there. */
beforeAll(async () => {
  images = path.join(workplace.scenes, 'images');
  const output = workplace.at('run');
  expect(await workplace.train(output, '--iterations', '1')).toBe(0);
  weights = path.join(output, 'last');
  [all] = await detect(weights, '0');
  const [best] = all.detections;
  const { categories } = JSON.parse(readFileSync(path.join(workplace.scenes, 'val.json'), 'utf8')) as {
    categories: object[];
  };
  val = workplace.at('val.json');
  const image = { id: 1, file_name: path.basename(all.file), width: all.width, height: all.height };
  const annotation = { id: 1, image_id: 1, category_id: best.category_id, bbox: best.bbox };
  writeFileSync(val, JSON.stringify({ images: [image], annotations: [annotation], categories }));
});

async function detect(from: string, threshold: string): Promise<Found[]> {
  const json = workplace.at('found.json');
  const picture = path.join(images, '000001.jpg');
  const options = ['--weights', from, '--score-threshold', threshold, '--json', json];
  expect(await main(['detect', ...options, picture])).toBe(0);
  return JSON.parse(readFileSync(json, 'utf8')) as Found[];
}

function evaluate(...options: string[]): string[] {
  return ['evaluate', '--annotations', val, '--images', images, ...options];
}

test('thresholds are found, stored with the weights, and used', async () => {
  const { numTensors } = tf.memory();
  await expect(
    runCommand(['detect', '--weights', weights, '--score-threshold', 'auto', all.file]),
  ).rejects.toMatchObject({ code: 'no-thresholds' });
  const json = workplace.at('scores.json');
  const model = readFileSync(path.join(weights, 'model.safetensors'));
  expect(await main(evaluate('--weights', weights, '--json', json, '--thresholds'))).toBe(0);
  expect(workplace.stdout).toContain('score thresholds for f1');
  expect(workplace.stderr).toContain(`score thresholds are stored in ${weights}`);
  expect(readFileSync(path.join(weights, 'model.safetensors'))).toEqual(model);

  const { thresholds } = JSON.parse(readFileSync(json, 'utf8')) as {
    thresholds: { category_id: number; threshold: number | null; reason?: string }[];
  };
  const [best] = all.detections;
  for (const { category_id, threshold, reason } of thresholds) {
    if (category_id === best.category_id) expect(threshold).toBe(best.score);
    else expect([threshold, reason]).toEqual([null, 'no objects']);
  }
  // What has no threshold of its own gets the usual one, 0.5, and a line says so.
  const kept = all.detections.filter(
    ({ score, category_id }) => score >= (category_id === best.category_id ? best.score : 0.5),
  );
  expect(await detect(weights, 'auto')).toEqual([{ ...all, detections: kept }]);
  expect(workplace.stderr).toContain('no score threshold is stored for ');
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('options that show pictures in another way go with the thresholds', async () => {
  const shown = ['--min-size', '48', '--max-size', '96', '--flip', '--batch', '2'];
  expect(await main(evaluate('--weights', weights, '--thresholds', ...shown))).toBe(0);
  expect(workplace.stderr).toContain(
    `score thresholds are stored in ${weights}; rcnn detect --score-threshold auto uses them\n` +
      'they hold for pictures shown like this: rcnn detect needs --min-size 48 --max-size 96 --flip, too\n',
  );
  // A new file has the sizes.
  const output = workplace.at('sized.safetensors');
  const more = ['--output', output, '--min-size', '48', '--tile', '64', '--scales', '1,2'];
  workplace.stderr = '';
  expect(await main(evaluate('--weights', weights, '--thresholds', ...more))).toBe(0);
  expect(workplace.stderr).toContain('rcnn detect needs --tile 64 --scales 1,2, too\n');
});

test('weights without a place for them go to a new file with them', async () => {
  const pth = workplace.at('mine.pth');
  expect(await main(['convert', weights, pth])).toBe(0);
  const bare = ['--model', 'fasterrcnn_tiny_fpn', '--weights', pth, '--thresholds', 'precision=0.5'];
  await expect(runCommand(evaluate(...bare))).rejects.toMatchObject({ code: 'no-place-for-thresholds' });
  const output = workplace.at('mine.safetensors');
  const wrong = workplace.at('other.pth');
  await expect(runCommand(evaluate(...bare, '--output', wrong))).rejects.toMatchObject({
    code: 'output-extension',
  });
  expect(await main(evaluate(...bare, '--output', output))).toBe(0);
  expect(workplace.stdout).toContain('score thresholds for precision=0.5');
  expect(await detect(output, 'auto')).toHaveLength(1);
  expect(existsSync(wrong)).toBe(false);
});

test('of a file of detections they are only printed; what contradicts itself is refused', async () => {
  const detections = workplace.at('detections.json');
  writeFileSync(detections, JSON.stringify(all.detections.map((found) => ({ ...found, image_id: 1 }))));
  const ofFile = ['evaluate', '--annotations', val, '--detections', detections];
  expect(await main([...ofFile, '--thresholds', 'precision=1'])).toBe(0);
  expect(workplace.stdout).toContain(all.detections[0].score.toFixed(3));
  expect(workplace.stderr).not.toContain('stored');
  const refused = async (code: string, ...options: string[]): Promise<void> => {
    await expect(runCommand([...ofFile, ...options])).rejects.toMatchObject({ code });
  };
  await refused('options-conflict', '--output', 'x.safetensors');
  await refused('options-conflict', '--thresholds', '--output', 'x.safetensors');
  await refused('options-conflict', '--thresholds', '--iou-type', 'segm');
  for (const goal of ['recall=1', 'precision=0', 'precision=x', 'precision=90']) {
    await refused('commander.invalidArgument', '--thresholds', goal);
  }
});
