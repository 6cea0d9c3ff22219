import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { cocoExamples, type Example } from '../../../datasets/examples';
import { TrainingLoader, type TrainingLoaderOptions } from '../../../datasets/loader/training-loader';
import { createDetector } from '../../../detection/modeling/definitions';
import { numberedKeypoints } from '../../../detection/structures/keypoint-layout';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';

expectNoTensorLeaks();

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shapes-'));
  const picture = sharp({ create: { width: 64, height: 48, channels: 3, background: '#2a6' } });
  await picture.toFile(join(folder, 'a.png'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const input = torchvisionInput({ minSize: 64, maxSize: 96 });

/** The losses of a small Mask R-CNN on a picture of four objects, of which some have masks in the file. */
async function lossesWhere(hasMask: readonly boolean[]): Promise<Record<string, number>> {
  const annotations = hasMask.map((has, k) => {
    const [x, y] = [4 + 28 * (k % 2), 4 + 20 * Math.floor(k / 2)];
    const bbox = [x, y, 22 + k, 18];
    const segmentation = has ? [[x, y, x + 22 + k, y, x + 11, y + 18]] : [];
    return { id: k + 1, image_id: 1, category_id: 1, bbox, segmentation };
  });
  const images = [{ id: 1, file_name: 'a.png', width: 64, height: 48 }];
  const file = join(folder, 'a.json');
  writeFileSync(file, JSON.stringify({ images, annotations, categories: [{ id: 1, name: 'part' }] }));
  const dataset = await readCocoDataset(file, folder, { keepSegmentations: true, checkSegmentations: true });
  const model = createDetector('maskrcnn_tiny_fpn', { numClasses: 1, norm: 'batch', seed: 4, input });
  const loader = new TrainingLoader(cocoExamples(dataset, { masks: true }), {
    ...{ input, batchSize: 1, seed: 1, flipProbability: 1, minSizes: [56] },
  });
  try {
    for await (const batch of loader) {
      return tf.tidy(() => {
        const losses = Object.entries(model.losses(batch));
        return Object.fromEntries(losses.map(([name, loss]) => [name, loss.dataSync()[0]]));
      });
    }
    throw new Error('a training loader has no end');
  } finally {
    model.dispose();
  }
}

test('boxes of all objects are learned, and the masks of those that have one', async () => {
  const { loss_mask: whole, ...boxes } = await lossesWhere([true, true, true, true]);
  const { loss_mask: half, ...others } = await lossesWhere([true, false, true, false]);
  const { loss_mask: none, ...rest } = await lossesWhere([false, false, false, false]);
  expect(Object.keys(boxes)).toHaveLength(4);
  expect(others).toEqual(boxes);
  expect(rest).toEqual(boxes);
  expect(whole).toBeGreaterThan(0);
  expect(half).toBeGreaterThan(0);
  expect(half).not.toBeCloseTo(whole, 6);
  expect(none).toBe(0);
});

describe('examples with keypoints', () => {
  const example: Example = {
    imageId: 7,
    file: 'a.png',
    size: { height: 48, width: 64 },
    targets: {
      boxes: Float32Array.of(1, 1, 9, 9),
      labels: Int32Array.of(1),
      keypoints: Float32Array.of(2, 3, 2, 4, 5, 2),
    },
  };
  const layout = { names: numberedKeypoints(2), flipPairs: [[0, 1]] as const, skeleton: [] };
  const load = (options: Partial<TrainingLoaderOptions>) => () =>
    new TrainingLoader([example], { input, batchSize: 1, seed: 1, workers: 1, ...options }).close();

  test('are refused where pictures are mirrored and nobody has said which they are', async () => {
    const unknown = /the examples have keypoints; say which/;
    expect(load({})).toThrow(unknown);
    expect(load({ flipProbability: 0, geometry: { verticalFlip: 0.5 } })).toThrow(unknown);
    await load({ flipProbability: 0 })();
    await load({ keypoints: layout })();
  });

  test('are refused where they are not as many as those of the layout', () => {
    const three = { ...layout, names: numberedKeypoints(3) };
    expect(load({ keypoints: three })).toThrow(
      'image 7 has 6 numbers of keypoints; 1 objects with 3 keypoints each have 9',
    );
  });
});
