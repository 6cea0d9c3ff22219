import '../../weights/onnx/one-realm';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { createDetector } from '../../../detection/modeling/definitions';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { fillWithFormula } from '../../../tools/benchmarks/formula-weights';
import { main } from '../../../tools/cli/main';
import { saveDetector } from '../../../weights';
import { readOnnxMetadata } from '../../../weights/onnx/onnx-file';
import { wavyPictures } from '../../weights/onnx/exported';
import { Workplace } from './workplace';

const workplace = new Workplace('tiny');
let categories: { id: number; name: string }[] = [];
let [weights, onnx] = ['', ''];
let pictures: string[] = [];

interface Found {
  readonly file: string;
  readonly detections: {
    bbox: number[];
    score: number;
    category_id: number;
    segmentation: { counts: string };
  }[];
}

beforeAll(async () => {
  [weights, onnx] = [workplace.at('mask.safetensors'), workplace.at('mask.onnx')];
  const scenes = readFileSync(path.join(workplace.scenes, 'val.json'), 'utf8');
  const { categories: all } = JSON.parse(scenes) as { categories: { name: string }[] };
  categories = all.slice(0, 2).map(({ name }, k) => ({ id: 7 + 2 * k, name }));
  const detector = createDetector('maskrcnn_tiny_fpn', {
    numClasses: 2,
    norm: 'frozen',
    input: torchvisionInput({ minSize: 64, maxSize: 100 }),
    settings: { rpn: { postNmsTopN: { test: 40 } }, roi: { detectionsPerImage: 12 } },
  });
  fillWithFormula(detector, 7);
  saveDetector(detector, weights, { categories, scoreThresholds: { goal: 'f1', scores: [0.3, null] } });
  detector.dispose();
  pictures = await Promise.all(
    wavyPictures(2, { height: 50, width: 90 }).map(async ({ pixels, size }, k) => {
      const file = workplace.at(`${k}.png`);
      await sharp(pixels, { raw: { ...size, channels: 3 } }).toFile(file);
      return file;
    }),
  );
  expect(await main(['export', '--weights', weights, onnx])).toBe(0);
  expect(workplace.stdout).toMatch(/mask\.onnx: maskrcnn_tiny_fpn, [\d.]+ MB\n$/);
});

async function detect(file: string, ...options: string[]): Promise<Found[]> {
  const json = workplace.at('found.json');
  expect(await main(['detect', '--weights', file, '--json', json, ...options, ...pictures])).toBe(0);
  return JSON.parse(readFileSync(json, 'utf8')) as Found[];
}

test.each([
  [['--score-threshold', '0.1', '--batch', '2']],
  [['--score-threshold', 'auto', '--flip', '--tile', '48']],
])('rcnn detect %p: an exported detector finds what its weights find', async (options) => {
  const expected = await detect(weights, ...options);
  const found = await detect(onnx, ...options);
  expect(found.map(({ file }) => file)).toEqual(expected.map(({ file }) => file));
  expected.forEach(({ detections }, image) => {
    expect(detections.length).toBeGreaterThan(0);
    expect(found[image].detections).toHaveLength(detections.length);
    let sameMasks = 0;
    for (const { bbox, score, category_id, segmentation } of detections) {
      const same = found[image].detections.find(
        (other) =>
          other.category_id === category_id &&
          Math.abs(other.score - score) < 1e-4 &&
          other.bbox.every((value, i) => Math.abs(value - bbox[i]) < 0.01),
      );
      expect(same).toBeDefined();
      if (same?.segmentation.counts === segmentation.counts) sameMasks++;
    }
    // A pixel may lie on the threshold.
    expect(sameMasks).toBeGreaterThanOrEqual(0.8 * detections.length);
  });
});

test('an exported detector is evaluated as its weights are', async () => {
  const evaluate = async (file: string): Promise<number[]> => {
    const json = workplace.at('evaluation.json');
    const data = [
      '--annotations',
      path.join(workplace.scenes, 'val.json'),
      '--images',
      path.join(workplace.scenes, 'images'),
    ];
    expect(await main(['evaluate', '--weights', file, ...data, '--json', json])).toBe(0);
    return (JSON.parse(readFileSync(json, 'utf8')) as { stats: number[] }).stats;
  };
  const [actual, expected] = [await evaluate(onnx), await evaluate(weights)];
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
});

test('categories, thresholds and masks are in the metadata', () => {
  const metadata = readOnnxMetadata(onnx);
  expect(metadata).toMatchObject({ model: 'maskrcnn_tiny_fpn' });
  expect(JSON.parse(metadata['categories'])).toEqual(categories);
  expect(JSON.parse(metadata['score_thresholds'])).toEqual({ goal: 'f1', scores: [0.3, null] });
  expect(JSON.parse(metadata['masks'])).toEqual({ side: 28, threshold: 0.5, pasting: 'torchvision' });
});

test('what cannot be is refused', async () => {
  const refused = async (message: RegExp, ...args: string[]): Promise<void> => {
    workplace.stderr = '';
    expect(await main(args)).toBe(2);
    expect(workplace.stderr).toMatch(message);
  };
  await refused(/ends in \.onnx/, 'export', '--weights', weights, workplace.at('mask.bin'));
  await refused(/would overwrite an input/, 'export', '--weights', onnx, onnx);
  await refused(/as it was exported/, 'detect', '--weights', onnx, '--min-size', '64', pictures[0]);
  await refused(/resizes pictures itself/, 'detect', '--weights', onnx, '--scales', '1,2', pictures[0]);
  await refused(/no such file/, 'detect', '--weights', workplace.at('none.onnx'), pictures[0]);
  const [text, foreign, cut] = ['text.onnx', 'foreign.onnx', 'cut.onnx'].map((name) => workplace.at(name));
  writeFileSync(text, 'no ONNX at all');
  await refused(/cannot be read as ONNX/, 'detect', '--weights', text, pictures[0]);
  writeFileSync(foreign, Buffer.from([0x08, 0x08]));
  await refused(/not written by rcnn export/, 'detect', '--weights', foreign, pictures[0]);
  // The metadata are whole, the weights are not.
  writeFileSync(cut, Buffer.concat([readFileSync(onnx), Buffer.from([0x3a, 0x05, 0x01])]));
  await refused(/cannot be read as ONNX/, 'detect', '--weights', cut, pictures[0]);
});
