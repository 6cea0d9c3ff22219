import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cocoCategories } from '../../../datasets/coco/categories/coco-categories';
import { createDetector, modelDefinition } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import type { SettingValues } from '../../../detection/modeling/settings';
import { RandomStream } from '../../../detection/nn/random';
import { batchImages } from '../../../detection/structures/image-batch';
import { detectorMetadata } from '../../../weights/detectors/detector-metadata';
import { fileMetadata } from '../../../weights/detectors/file-metadata';
import { loadWeights } from '../../../weights/detectors/load-weights';
import { saveDetector } from '../../../weights/detectors/save-detector';
import { writeSafetensors } from '../../../weights/formats/safetensors-file';
import { storedFloat32 } from '../../../weights/formats/stored-tensor';
import { saveStateDict } from '../../../weights/state-dict';
import { expectNoTensorLeaks } from '../../detection/tensor-leaks';
import { rejectionOf } from '../../thrown';

const folder = mkdtempSync(path.join(tmpdir(), 'start-categories-'));
const file = path.join(folder, 'theirs.safetensors');
afterAll(() => rmSync(folder, { recursive: true }));

const detectors: Detector[] = [];
afterEach(() => {
  for (const detector of detectors.splice(0)) detector.dispose();
});
expectNoTensorLeaks(); // looks when they have been disposed

/** One of each family, and settings with which an untrained one finds something. */
const families: [name: string, settings: SettingValues][] = [
  ['fasterrcnn_tiny_fpn', { roi: { scoreThreshold: 0 } }],
  ['maskrcnn_tiny_fpn', { roi: { scoreThreshold: 0 } }],
  ['retinanet_tiny_fpn', { dense: { scoreThreshold: 0 } }],
  ['fcos_tiny_fpn', { dense: { scoreThreshold: 0 } }],
  ['ssdlite320_tiny', {}],
];

function detector(
  model: string,
  categories: readonly string[],
  seed: number,
  settings?: SettingValues,
): Detector {
  const { input } = modelDefinition(model);
  const small =
    input.resize.kind === 'fixed'
      ? input
      : { ...input, resize: { ...input.resize, minSize: 64, maxSize: 96 } };
  const made = createDetector(model, { categories, seed, settings, norm: 'batch', input: small });
  detectors.push(made);
  return made;
}

const random = new RandomStream(0, 'pixels');
const noise = {
  pixels: Uint8Array.from({ length: 3 * 64 * 64 }, () => random.uniform() * 256),
  size: { height: 64, width: 64 },
};

/** Rows of each entry on disk, each as its bytes. */
function rowsOf(model: Detector): Map<string, string[]> {
  return new Map(
    [...saveStateDict(model)].map(([name, { bytes, shape }]) => {
      const [numRows] = model.definition.stateDict.isPredictor(name) ? shape : [1];
      const size = bytes.length / numRows;
      const row = (i: number): string =>
        Buffer.from(bytes.subarray(i * size, (i + 1) * size)).toString('base64');
      return [name, Array.from({ length: numRows }, (_, i) => row(i))];
    }),
  );
}

describe.each(families)('a training of %s from a detector of other categories', (model, settings) => {
  test('takes the rows of categories with the same name, and the background’s', async () => {
    const [theirs, ours] = [detector(model, ['a', 'b', 'c'], 1), detector(model, ['x', 'c'], 2)];
    saveDetector(theirs, file);
    const [given, before] = [rowsOf(theirs), rowsOf(ours)];
    const { filled, match } = await loadWeights(ours, file);
    expect([filled, match?.onlyOfDataset.map(({ name }) => name)]).toEqual(['common-categories', ['x']]);
    const { stateDict } = ours.definition;
    let drawn = 0;
    for (const [name, rows] of rowsOf(ours)) {
      if (!stateDict.isPredictor(name)) {
        expect(rows[0] === given.get(name)![0]).toBe(true);
        continue;
      }
      const [own, other] = [before.get(name)!, given.get(name)!];
      const at = (values: string[], label: number, numClasses: number): string[] =>
        stateDict
          .rowsOfClass(name, label, { numRows: values.length, numClasses })
          .flatMap(({ start, end }) => values.slice(start, end));
      expect(at(rows, 0, 2)).toEqual(at(other, 0, 3));
      expect(at(rows, 1, 2)).toEqual(at(own, 1, 2));
      expect(at(rows, 2, 2)).toEqual(at(other, 3, 3));
      drawn += at(rows, 1, 2).length;
    }
    expect(drawn).toBeGreaterThan(0);
  });

  test('finds the same as that one where only the order is another', async () => {
    const theirs = detector(model, ['a', 'b', 'c'], 1, settings);
    const ours = detector(model, ['c', 'a', 'b'], 2, settings);
    saveDetector(theirs, file);
    expect((await loadWeights(ours, file)).filled).toBe('detector');
    const named = (model: Detector): { key: string; score: number }[] => {
      const images = batchImages([noise], model.input);
      const [{ boxes, labels, scores }] = model.detect(images);
      images.tensor.dispose();
      const found = [...labels].map((label, k) => ({
        key: `${model.categories[label - 1]} ${boxes.subarray(4 * k, 4 * k + 4).join(' ')}`,
        score: scores[k],
      }));
      expect(new Set(labels).size).toBeGreaterThan(1);
      return found.sort((a, b) => (a.key < b.key ? -1 : 1));
    };
    const [expected, found] = [named(theirs), named(ours)];
    expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
    // Softmax adds up in another order.
    found.forEach(({ score }, k) => expect(score).toBeCloseTo(expected[k].score, 5));
  });
});

const tiny = (categories: readonly string[], seed: number): Detector =>
  detector('fasterrcnn_tiny_fpn', categories, seed);
const loaded = async (theirs: readonly string[], ours: readonly string[]) => {
  saveDetector(tiny(theirs, 1), file);
  return loadWeights(tiny(ours, 2), file);
};

test('without a name in common, the predictor stays as it is', async () => {
  const [theirs, ours] = [tiny(['A'], 1), tiny(['a'], 2)];
  saveDetector(theirs, file);
  const before = rowsOf(ours);
  expect(await loadWeights(ours, file)).toMatchObject({ filled: 'all-but-predictor', numClasses: 1 });
  for (const [name, rows] of rowsOf(ours)) {
    if (ours.definition.stateDict.isPredictor(name)) expect(rows).toEqual(before.get(name));
  }
});

test('COCO’s labels go to categories of their names, and those that it gave up to none but their like', async () => {
  const coco = cocoCategories().map(({ name }) => name);
  const { filled, match } = await loaded(coco, ['dog', 'N/A', 'person']);
  expect(filled).toBe('common-categories');
  expect([match?.meant[0]?.id, match?.meant[17]?.id]).toEqual([3, 1]);
  expect(match?.onlyOfDataset.map(({ name }) => name)).toEqual(['N/A']);
  expect(match?.onlyOfDetector).toHaveLength(78);
  expect((await loaded(coco, coco)).filled).toBe('detector');
});

test('numbered categories are taken for others where there are as many', async () => {
  const numbered = ['category 1', 'category 2'];
  expect((await loaded(numbered, ['a', 'b'])).filled).toBe('detector');
  expect((await loaded(['a', 'b'], numbered)).filled).toBe('detector');
  expect((await loaded(numbered, ['a'])).filled).toBe('all-but-predictor');
});

test('a predictor that differs in more than its classes is refused, and nothing changes', async () => {
  const ours = tiny(['a', 'b'], 2);
  const before = rowsOf(ours);
  const tensors = new Map(saveStateDict(tiny(['b'], 1)));
  tensors.set('roi_heads.box_predictor.cls_score.weight', storedFloat32([2, 3], new Float32Array(6)));
  writeSafetensors(file, tensors, fileMetadata(detectorMetadata(tiny(['b'], 1))));
  expect(await rejectionOf(loadWeights(ours, file))).toMatchObject({
    code: 'weights-misfit',
    facts: { misshaped: [{ entry: 'roi_heads.box_predictor.cls_score.weight' }] },
  });
  expect([...rowsOf(ours)].filter(([name, rows]) => rows.join() !== before.get(name)?.join())).toEqual([]);
});
