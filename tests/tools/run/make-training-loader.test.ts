import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { CocoDataset } from '../../../datasets/coco/annotations';
import { loadBackend } from '../../../detection/backend/node';
import { parseAssignment } from '../../../tools/config/assignments';
import { completeConfiguration } from '../../../tools/config/complete';
import { loadConfiguration } from '../../../tools/config/load';
import { modelDefinition } from '../../../detection/modeling/definitions';
import { detectorInput } from '../../../detection/structures/image-sides';
import { makeTrainingLoader } from '../../../tools/run/make-training-loader';

let folder: string;
beforeAll(async () => {
  await loadBackend();
  folder = mkdtempSync(path.join(tmpdir(), 'loader-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Two wide pictures and a high one with a category of its own, all of one color. */
async function makeSet(): Promise<CocoDataset> {
  const images = [
    { id: 1, fileName: '1.png', width: 90, height: 60 },
    { id: 2, fileName: '2.png', width: 90, height: 60 },
    { id: 3, fileName: '3.png', width: 60, height: 90 },
  ];
  for (const { fileName, width, height } of images) {
    await sharp({ create: { width, height, channels: 3, background: '#c08040' } }).toFile(
      path.join(folder, fileName),
    );
  }
  const annotations = images.map(({ id }) => {
    const bbox = [10, 10, 30, 30] as const;
    return { id, imageId: id, categoryId: id === 3 ? 2 : 1, bbox, area: 900, isCrowd: false };
  });
  const categories = [
    { id: 1, name: 'frequent' },
    { id: 2, name: 'rare' },
  ];
  return new CocoDataset('train.json', folder, images, categories, annotations, []);
}

test('batches are as the configuration says', async () => {
  const assignments = [
    'model.name=fasterrcnn_tiny_fpn',
    'model.minSize=60',
    'model.maxSize=80',
    'data.trainAnnotations=a.json',
    'data.trainImages=images',
    'data.scaleJitter=[1,1]',
    'data.photometricDistortion=1',
    'data.repeatThreshold=1',
  ].map(parseAssignment);
  const configuration = completeConfiguration(loadConfiguration({ assignments, options: {} }));
  const definition = modelDefinition(configuration.model.name);
  const input = detectorInput(definition, configuration.model);
  const loader = makeTrainingLoader(await makeSet(), { definition, input }, configuration, {
    batchesSeen: 0,
  });
  const colors = new Set<string>();
  const ids: number[] = [];
  for await (const { images, imageIds } of loader) {
    // sqrt(60 * 80) is nearest to 2 * 32.
    expect(images.tensor.shape).toEqual([2, 64, 64, 3]);
    expect(new Set(imageIds.map((id) => id === 3)).size).toBe(1);
    colors.add(String(images.tensor.dataSync().slice(0, 3)));
    if (ids.push(...imageIds) >= 60) break;
  }
  expect(colors.size).toBeGreaterThan(15);
  // Factors sqrt(3 / 2), twice, and sqrt(3): 24.9 of 60 rather than 20, and up to two may wait or have been rounded.
  const numRare = ids.filter((id) => id === 3).length;
  expect(Math.abs(numRare - 24.9)).toBeLessThan(2.5);
});

test('augmentations of geometry are as the configuration says, and off by default', async () => {
  const set = await makeSet();
  const firstTargets = async (...more: string[]) => {
    const assignments = [
      'model.name=fasterrcnn_tiny_fpn',
      'model.minSize=60',
      'data.trainAnnotations=a.json',
      'data.trainImages=images',
      ...more,
    ].map(parseAssignment);
    const configuration = completeConfiguration(loadConfiguration({ assignments, options: {} }));
    const definition = modelDefinition(configuration.model.name);
    const input = detectorInput(definition, configuration.model);
    for await (const { targets } of makeTrainingLoader(set, { definition, input }, configuration, {
      batchesSeen: 0,
    })) {
      return targets.map(({ boxes, labels }) => ({ boxes, labels }));
    }
    return [];
  };
  const plain = await firstTargets();
  expect(plain.map(({ labels }) => labels.length)).toEqual([1, 1]);
  const keys = ['rotation=90', 'verticalFlip=1', 'zoomOut=1', 'mosaic=1'];
  for (const key of keys) expect(await firstTargets(`data.${key}`)).not.toEqual(plain);
  expect(await firstTargets('data.iouCrop=0', 'data.copyPaste=1')).toEqual(plain);
});
