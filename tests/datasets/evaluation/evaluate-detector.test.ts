import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { CocoDataset } from '../../../datasets/coco/annotations';
import type { CocoCategory } from '../../../datasets/coco/categories/category-map';
import { PolygonMask } from '../../../datasets/coco/masks/polygon-mask';
import { cocoExamples } from '../../../datasets/examples';
import { modelDefinition } from '../../../detection/modeling/definitions';
import { emptyMask, type Mask } from '../../../detection/structures/mask';
import type { Detector } from '../../../detection/modeling/detector';
import type { Detections } from '../../../detection/structures/instances';
import { evaluateDetections } from '../../../datasets/evaluation/evaluate';
import { evaluateDetector } from '../../../datasets/evaluation/evaluate-detector';
import { federatedOf } from '../../../datasets/evaluation/matching/federated';
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

/** A detector that finds both objects, each with a box of which a quarter is missing, and each time something where nothing is. */
function detector(): Detector {
  const definition = modelDefinition('fasterrcnn_tiny_fpn');
  const model = definition.build({
    categories: categories.map(({ name }) => name),
    input: { ...definition.input, resize: { kind: 'shorter-side', minSize: 64, maxSize: 96 } },
  });
  jest.spyOn(model, 'detect').mockImplementation(({ originalSizes }) =>
    originalSizes.map(({ width }) => ({
      boxes: Float32Array.of(width - 60, 4, width - 45, 34, 40, 5, 60, 20),
      labels: Int32Array.of(width === 66 ? 2 : 1, 1),
      scores: Float32Array.of(0.9, 0.8),
    })),
  );
  return model;
}

test('a data set and its examples get the same numbers, also where pictures are in memory', async () => {
  const dataset = await makeSet();
  const model = detector();
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

test('masks and keypoints of examples are evaluated; objects without them are ignored there', async () => {
  const size = { width: 60, height: 48 };
  const picture = sharp({ create: { ...size, channels: 3, background: 'green' } });
  const layout = { names: ['left', 'right'], flipPairs: [[0, 1]] as const, skeleton: [], sigmas: [0.1, 0.1] };
  const rectangle = (x1: number, y1: number, x2: number, y2: number): PolygonMask =>
    new PolygonMask([[x1, y1, x2, y1, x2, y2, x1, y2]], size);
  const targets = {
    boxes: Float32Array.of(2, 4, 22, 34, 30, 4, 50, 34),
    labels: Int32Array.of(1, 1),
    masks: [rectangle(2, 4, 22, 34), emptyMask(size)],
    hasMask: Uint8Array.of(1, 0),
    keypoints: Float32Array.of(5, 6, 2, 15, 16, 1, 0, 0, 0, 0, 0, 0),
  };
  const example = { imageId: 1, file: await picture.png().toBuffer(), size, targets };
  const model = modelDefinition('mask_keypointrcnn_tiny_fpn').build({
    categories: ['part'],
    keypoints: layout,
  });
  const boxesOnly = { iouTypes: ['bbox'] } as const;
  const evaluated = async (masks: Mask[], keypoints: number[]) => {
    const { boxes, labels } = targets;
    const scores = Float32Array.of(0.9, 0.8);
    const found = { boxes, labels, scores, masks, keypoints: Float32Array.from(keypoints) };
    jest.spyOn(model, 'detect').mockReturnValue([found]);
    const log = (line: string): void => expect(line).toMatch(/^examples: objects without a mask: 1\./);
    const { evaluation, tasks, results } = await evaluateDetector(model, [example], { log });
    expect(results[0]).toHaveProperty('segmentation.size', [size.height, size.width]);
    const ofBoxes = await evaluateDetector(model, [example], { log, ...boxesOnly });
    expect(ofBoxes.tasks).toEqual({});
    expect(ofBoxes.results[0]).not.toHaveProperty('segmentation');
    return [evaluation, tasks.segm, tasks.keypoints].map((each) => each?.stats[0]);
  };
  const exact = [5, 6, 1, 15, 16, 1, 1, 1, 1, 2, 2, 1];
  const whole = [...targets.masks.slice(0, 1), rectangle(30, 4, 50, 34)];
  expect(await evaluated(whole, exact)).toEqual([1, 1, 1].map((value) => expect.closeTo(value, 9) as number));
  // Three fifths of the mask: found at 0.5, 0.55 and 0.6; and keypoints where the others are.
  const part = [rectangle(2, 4, 22, 22), whole[1]];
  const far = [15, 36, 1, 55, 16, 1, 1, 1, 1, 2, 2, 1];
  expect(await evaluated(part, far)).toEqual([1, 0.3, 0].map((value) => expect.closeTo(value, 9) as number));
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

test("where images say what they have been searched for, the evaluation is LVIS's", async () => {
  const coco = await makeSet();
  const dataset = coco.with({
    images: coco.images.map((image) => ({ ...image, absentCategories: image.id === 7 ? [3] : [] })),
    categories: coco.categories.map((category) => ({
      ...category,
      frequency: category.id === 3 ? 'r' : 'f',
    })),
  });
  const model = detector();
  const lines: string[] = [];
  const { evaluation, results } = await evaluateDetector(model, dataset, { log: (line) => lines.push(line) });
  expect(evaluation.names).toHaveLength(13);
  const federated = federatedOf(dataset);
  expect(evaluation.stats).toEqual(
    evaluateDetections(dataset, results, { iouType: 'bbox', federated }).stats,
  );
  const ofCoco = evaluateDetections(dataset, results, { iouType: 'bbox' });
  // What is found of category 3 in an image that has not been searched for it is not wrong; it has the lower score, too.
  expect(evaluation.perCategory.map(({ numDetections }) => numDetections)).toEqual([4, 1]);
  expect(ofCoco.perCategory.map(({ numDetections }) => numDetections)).toEqual([5, 1]);
  expect(evaluation.stats[evaluation.names.indexOf('APf')]).toBeCloseTo(0.6, 12);
  expect(lines).toEqual([
    expect.stringMatching(/^val\.json: .*evaluated as LVIS does, with at most 300 detections/),
    expect.stringContaining('detectionsPerImage leaves 100 detections of an image; LVIS counts up to 300'),
    expect.stringContaining('no detection has a score below 0.800'),
  ]);
  model.dispose();
});
