import { readFileSync } from 'node:fs';
import path from 'node:path';
import { modelDefinition, modelDefinitions } from '../../../detection/modeling/definitions';
import { identifyPublished, sha256Prefix, weightsNames } from '../../../weights/published/zoo';
import { temporaryFolder } from '../formats/weight-files';

const folder = temporaryFolder();
const entries = modelDefinitions.flatMap(({ name: model, published: files }) =>
  Object.entries(files).map(([name, published]) => ({ model, name, published })),
);

test('every file is named by digits of its SHA-256, and no two are of one name', () => {
  const files = new Map(entries.map(({ published }) => [published.file, published]));
  expect([...files.keys()].every((file) => /^[\w]+-[0-9a-f]{8}\.pth$/.test(file))).toBe(true);
  expect(sha256Prefix({ file: 'resnet18-f37072fd.pth' })).toBe('f37072fd');
  for (const { published } of entries) expect(files.get(published.file)).toBe(published);
  expect(files.size).toBe(20);
});

test('COCO’s weights are of detectors, ImageNet’s of classifiers; torchvision sets eps 0 for some alone', () => {
  for (const { name, published } of entries) {
    expect(published.trainedOn).toBe(name.startsWith('COCO') ? 'COCO' : 'ImageNet');
    expect(published.of).toBe(name.startsWith('COCO') ? 'detector' : 'classifier');
  }
  expect(
    entries.filter(({ published }) => published.epsilon === 0).map(({ published }) => published.name),
  ).toEqual([
    'FasterRCNN_ResNet50_FPN_Weights.COCO_V1',
    'MaskRCNN_ResNet50_FPN_Weights.COCO_V1',
    'KeypointRCNN_ResNet50_FPN_Weights.COCO_V1',
    'RetinaNet_ResNet50_FPN_Weights.COCO_V1',
  ]);
});

test('docs/weights.md tells the table', () => {
  const lines = readFileSync(path.join(__dirname, '..', '..', '..', 'docs', 'weights.md'), 'utf8').split(
    '\n',
  );
  for (const { model, name, published } of entries) {
    const row = lines.find((line) => line.includes(`\`${published.file}\``));
    // Of a classifier the row is about the file, which several models begin with.
    const models = published.of === 'detector' ? [model] : [];
    for (const part of [...models, name, published.mebibytes.toFixed(1), published.accuracy.toFixed(1)]) {
      expect(row).toContain(part);
    }
  }
});

test('the names of weights are those that some model has', () => {
  for (const name of weightsNames) expect(entries.some((entry) => entry.name === name)).toBe(true);
});

test('a file is known by its content, not by its name', async () => {
  const { published: files } = modelDefinition('fasterrcnn_resnet18_fpn');
  const published = files['IMAGENET1K_V1'];
  folder.write(published.file, Buffer.alloc(1000));
  expect(await identifyPublished(folder.in(published.file))).toBeUndefined();
  expect(await identifyPublished(folder.in('missing'))).toBeUndefined();
  expect(await identifyPublished(folder.in(''))).toBeUndefined();
  // SHA-256 of a hundred zeros begins with these digits.
  const zeros = { ...published, file: 'zeros-cd00e292.pth', mebibytes: 100 / 2 ** 20 };
  const definition = modelDefinition('fasterrcnn_resnet18_fpn');
  jest.replaceProperty(definition, 'published', { IMAGENET1K_V1: zeros });
  expect(await identifyPublished(folder.write('any', Buffer.alloc(100)))).toEqual({
    weights: zeros,
    definition,
  });
  expect(await identifyPublished(folder.write('any', Buffer.alloc(100, 1)))).toBeUndefined();
  jest.restoreAllMocks();
});
