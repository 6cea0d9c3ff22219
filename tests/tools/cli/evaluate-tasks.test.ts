import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { cocoResults, detectFile } from '../../../datasets/evaluation/detect-images';
import { loadBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { runCommand } from '../../../tools/cli/main';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';
import { rejectionOf } from '../../thrown';
import { Printed } from './printed';

expectNoTensorLeaks();
const printed = new Printed();

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tasks-'));
  const picture = sharp({ create: { width: 48, height: 48, channels: 3, background: '#2a6' } });
  await picture.toFile(at('a.png'));
  await loadBackend();
  const common = {
    categories: ['mouse'],
    norm: 'batch',
    seed: 1,
    input: torchvisionInput({ minSize: 48, maxSize: 48 }),
  } as const;
  const settings = { roi: { scoreThreshold: 0, detectionsPerImage: 3 } };
  const names = ['nose', 'left_ear', 'right_ear'];
  const both = createDetector('mask_keypointrcnn_tiny_fpn', {
    ...common,
    settings,
    keypoints: { names, flipPairs: [[1, 2]], skeleton: [] },
  });
  saveDetector(both, at('both.safetensors'));
  await writeTruth(both);
  both.dispose();
  const boxes = createDetector('fasterrcnn_tiny_fpn', { ...common, settings });
  saveDetector(boxes, at('boxes.safetensors'));
  boxes.dispose();
});
afterAll(() => rmSync(folder, { recursive: true }));

function at(name: string): string {
  return join(folder, name);
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(at(name), 'utf8')) as T;
}

/** A set whose one object is the best that the detector finds: box, mask and keypoints. */
async function writeTruth(model: Detector): Promise<void> {
  const { detections } = await detectFile(model, at('a.png'));
  const [found] = cocoResults(new Map([[1, detections]]), [{ id: 1, name: 'mouse' }]);
  const keypoints = found.keypoints!.map((value, i) => (i % 3 === 2 ? 2 : value));
  const content = {
    images: [{ id: 1, file_name: 'a.png', width: 48, height: 48 }],
    annotations: [{ ...found, keypoints, id: 1, iscrowd: 0 }],
    categories: [{ id: 1, name: 'mouse', keypoints: ['nose', 'left_ear', 'right_ear'] }],
  };
  writeFileSync(at('val.json'), JSON.stringify(content));
}

function evaluate(weights: string, ...options: string[]): Promise<void> {
  const set = ['--annotations', at('val.json'), '--images', folder];
  return runCommand(['evaluate', ...set, '--weights', at(weights), ...options]);
}

interface Scores {
  readonly stats: readonly number[];
  readonly names: readonly string[];
  readonly perCategory: readonly { readonly name: string; readonly AP: number }[];
  readonly tasks?: Readonly<Record<string, Scores>>;
}

test('all that a detector finds is evaluated, each in a table of its own, or what is asked for alone', async () => {
  await evaluate('both.safetensors', '--json', at('scores.json'));
  expect(printed.stdout.match(/^(boxes|masks|keypoints)$/gm)).toEqual(['boxes', 'masks', 'keypoints']);
  expect(printed.stderr).toMatch(/no sigmas are known of the 3 keypoints .*: 0\.05 is taken for all/);
  const { tasks, ...boxes } = read<Scores>('scores.json');
  expect(Object.keys(tasks!)).toEqual(['segm', 'keypoints']);
  for (const { stats, names, perCategory } of [boxes, tasks!.segm, tasks!.keypoints]) {
    expect([names[0], stats[0]]).toEqual(['AP', expect.closeTo(1, 9)]);
    expect(perCategory).toEqual([expect.objectContaining({ name: 'mouse', AP: stats[0] })]);
  }
  expect(tasks!.keypoints.names).toHaveLength(10);

  await evaluate('both.safetensors', '--iou-type', 'segm', '--json', at('segm.json'));
  expect(read<Scores>('segm.json')).toEqual(tasks!.segm);

  // The truth is some pixels off; how much that matters, sigmas say.
  const val = read<{ annotations: { keypoints: number[] }[] }>('val.json');
  val.annotations[0].keypoints = val.annotations[0].keypoints.map((value, i) =>
    i % 3 === 0 ? value + 4 : value,
  );
  writeFileSync(at('val.json'), JSON.stringify(val));
  for (const [sigmas, AP] of [
    ['1,1,1', 1],
    ['0.001,0.001,0.001', 0],
  ] as const) {
    const wanted = ['--iou-type', 'keypoints', '--keypoint-sigmas', sigmas];
    await evaluate('both.safetensors', ...wanted, '--json', at('keypoints.json'));
    expect(read<Scores>('keypoints.json').stats[0]).toBeCloseTo(AP, 9);
  }
});

test.each([
  [['both.safetensors', '--keypoint-sigmas', '0.1,0.1'], 'keypoint-sigmas'],
  [['both.safetensors', '--iou-type', 'bbox', '--keypoint-sigmas', '0.1,0.1,0.1'], 'options-conflict'],
  [['both.safetensors', '--iou-type', 'segm', '--thresholds'], 'options-conflict'],
  [['boxes.safetensors', '--iou-type', 'segm'], 'task-not-found'],
])('%j is refused', async ([weights, ...options], code) => {
  expect(await rejectionOf(evaluate(weights, ...options))).toMatchObject({ code });
});
