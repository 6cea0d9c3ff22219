import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { CocoDataset } from '../../../datasets/coco/annotations';
import type { CocoCategory } from '../../../datasets/coco/category-map';
import { cocoExamples } from '../../../datasets/examples';
import { modelDefinition } from '../../../detection/modeling/definitions';
import type { Detections } from '../../../detection/structures/instances';
import { evaluateDetector } from '../../../datasets/evaluation/evaluate-detector';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';

expectNoTensorLeaks();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'evaluate-'));
});
afterAll(() => rm(folder, { recursive: true }));

const categories = [
  { id: 3, name: 'three' },
  { id: 8, name: 'eight' },
];

async function makeSet(): Promise<CocoDataset> {
  const images = [5, 6, 7].map((id) => ({ id, fileName: `${id}.png`, width: 60 + id, height: 48 }));
  for (const { fileName, width, height } of images) {
    const picture = sharp({ create: { width, height, channels: 3, background: 'green' } });
    await picture.toFile(path.join(folder, fileName));
  }
  const annotations = images.map(({ id }) => {
    const bbox = [id, 4, 20, 30] as const;
    return { id, imageId: id, categoryId: id === 6 ? 8 : 3, bbox, area: 600, isCrowd: id === 7 };
  });
  return new CocoDataset('val.json', folder, images, categories, annotations, []);
}

test('a data set and its examples get the same numbers, also where pictures are in memory', async () => {
  const dataset = await makeSet();
  const definition = modelDefinition('fasterrcnn_tiny_fpn');
  const model = definition.build({
    categories: categories.map(({ name }) => name),
    input: { ...definition.input, resize: { kind: 'shorter-side', minSize: 64, maxSize: 96 } },
  });
  // Both objects, each with a box of which a quarter is missing, and each time something where nothing is.
  jest.spyOn(model, 'detect').mockImplementation(({ originalSizes }) =>
    originalSizes.map(({ width }) => ({
      boxes: Float32Array.of(width - 60, 4, width - 45, 34, 40, 5, 60, 20),
      labels: Int32Array.of(width === 66 ? 2 : 1, 1),
      scores: Float32Array.of(0.9, 0.8),
    })),
  );
  const examples = cocoExamples(dataset);
  const inMemory = await Promise.all(
    examples.map(async (example, k) => {
      const file = await sharp(path.join(folder, dataset.images[k].fileName)).png().toBuffer();
      return { ...example, file };
    }),
  );
  const expected = await evaluateDetector(model, dataset);
  expect(expected.evaluation.stats[0]).toBeCloseTo(0.6, 12);
  for (const data of [examples, inMemory]) {
    const { evaluation, detections } = await evaluateDetector(model, data);
    expect(evaluation.stats).toEqual(expected.evaluation.stats);
    expect(evaluation.perCategory.map(({ categoryId }) => categoryId)).toEqual([1, 2]);
    expect(detections).toEqual(expected.detections);
  }
  model.dispose();
});

test('labels mean the categories of the same names, in whatever order; names may be given', async () => {
  const dataset = await makeSet();
  const definition = modelDefinition('fasterrcnn_tiny_fpn');
  const found = (labels: number[]): Detections[] => [
    {
      boxes: Float32Array.of(5, 4, 25, 34, 5, 4, 25, 34),
      labels: Int32Array.from(labels),
      scores: Float32Array.of(1, 1),
    },
  ];
  const said: string[] = [];
  const evaluated = async (names: readonly string[], labels: number[], given?: CocoCategory[]) => {
    const model = definition.build({ categories: names, input: definition.input });
    jest.spyOn(model, 'detect').mockImplementation(() => found(labels));
    try {
      const log = (line: string): void => void said.push(line);
      const { results, evaluation } = await evaluateDetector(model, dataset, { log, categories: given });
      const { perCategory, numOfUnknownCategory } = evaluation;
      const ids = results.slice(0, 2).map(({ category_id }) => category_id);
      return {
        ids,
        found: perCategory.map(({ numDetections }) => numDetections),
        unknown: numOfUnknownCategory,
      };
    } finally {
      model.dispose();
    }
  };
  expect(await evaluated(['eight', 'three'], [1, 2])).toEqual({ ids: [8, 3], found: [3, 3], unknown: 0 });
  expect(said).toEqual([]);
  // What the set lacks does not count, and is told.
  expect(await evaluated(['nine', 'three'], [1, 2])).toEqual({ ids: [1, 3], found: [3, 0], unknown: 3 });
  expect(said).toEqual([
    expect.stringMatching(/lacks 1 of the detector's 2 categories.*"nine"$/),
    expect.stringMatching(/cannot find 1 of its 2 categories: "eight"$/),
  ]);
  expect(await evaluated(['a', 'b'], [1, 2], categories)).toEqual({ ids: [3, 8], found: [3, 3], unknown: 0 });
  await expect(evaluated(['a', 'b'], [1, 2])).rejects.toMatchObject({
    code: 'no-common-category',
    facts: { ofDetector: ['a', 'b'], ofDataset: ['three', 'eight'] },
  });
});
