import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { CocoDataset } from '../../../../datasets/coco/annotations';
import { readCocoDataset } from '../../../../datasets/coco/read-dataset';
import { DETECTION_ERRORS, judgeDetections } from '../../../../datasets/evaluation/errors/detection-errors';
import { readDetections, type CocoDetection } from '../../../../datasets/evaluation/detections';
import { errorCosts, type ErrorKind } from '../../../../datasets/evaluation/errors/error-kinds';
import { evaluateDetections } from '../../../../datasets/evaluation/evaluate';
import { describeShared, sharedPath } from '../../../shared';
import { anyAnnotations, anyDetections, dataset } from '../small-sets';

type ShortName = 'Cls' | 'Loc' | 'Both' | 'Dupe' | 'Bkg' | 'Miss';

/** Of tidecv, in percent; fixtures/README.md tells how it was made. */
interface Expected {
  readonly ap: number;
  readonly costs: Readonly<Record<ShortName, number>>;
  readonly special: { readonly FalsePos: number; readonly FalseNeg: number };
  readonly counts: Readonly<Record<ShortName, number>>;
}

const golden = JSON.parse(readFileSync(path.join(__dirname, '../fixtures', 'error-kinds.json'), 'utf8')) as {
  readonly cases: Readonly<
    Record<string, { truth: object; detections: readonly CocoDetection[]; expected: Expected }>
  >;
  readonly shared: Readonly<Record<string, Expected>>;
};

const shortNames: Readonly<Record<ErrorKind, ShortName>> = {
  classification: 'Cls',
  localization: 'Loc',
  both: 'Both',
  duplicate: 'Dupe',
  background: 'Bkg',
  missed: 'Miss',
};
const kinds = Object.keys(shortNames) as ErrorKind[];

function expectAsTide(dataset: CocoDataset, detections: readonly CocoDetection[], expected: Expected): void {
  const costs = errorCosts(dataset, detections);
  expect(100 * costs.ap).toBeCloseTo(expected.ap, 10);
  for (const kind of kinds) {
    expect(100 * costs.kinds[kind]).toBeCloseTo(expected.costs[shortNames[kind]], 10);
  }
  expect(100 * costs.falsePositives).toBeCloseTo(expected.special.FalsePos, 10);
  expect(100 * costs.falseNegatives).toBeCloseTo(expected.special.FalseNeg, 10);

  const images = judgeDetections(dataset, detections);
  const judged = images.flatMap((image) => image.detections);
  const counts = [
    ...DETECTION_ERRORS.map((kind) => [
      shortNames[kind],
      judged.filter(({ error }) => error === kind).length,
    ]),
    ['Miss', images.flatMap(({ missed }) => missed).length],
  ];
  expect(Object.fromEntries(counts)).toEqual(expected.counts);
}

describe('error kinds are those of tidecv', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'error-kinds-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(Object.keys(golden.cases))('%s', async (name) => {
    const { truth, detections, expected } = golden.cases[name];
    const file = path.join(folder, `${name}.json`);
    writeFileSync(file, JSON.stringify(truth));
    expectAsTide(await readCocoDataset(file, null), detections, expected);
  });
});

describeShared('error kinds of COCO files are those of tidecv', () => {
  it.each(Object.keys(golden.shared))('%s', async (names) => {
    const [truth, found] = names.split(',').map((name) => sharedPath(`data/evaluator/${name}`));
    const dataset = await readCocoDataset(truth, null);
    expectAsTide(dataset, await readDetections(found, dataset), golden.shared[names]);
  });
});

describe('judgeDetections', () => {
  it('tells each kind of error, and what would find an object', () => {
    const truths = dataset([
      { imageId: 7, categoryId: 1, bbox: [0, 0, 20, 20] },
      { imageId: 7, categoryId: 5, bbox: [50, 50, 20, 20] },
      { imageId: 7, categoryId: 1, bbox: [0, 70, 20, 20] },
      { imageId: 7, categoryId: 1, bbox: [70, 0, 30, 30], isCrowd: true },
      { imageId: 9, categoryId: 5, bbox: [0, 0, 10, 10] },
    ]);
    const found: CocoDetection[] = [
      { image_id: 7, category_id: 1, bbox: [0, 0, 20, 20], score: 0.5 },
      { image_id: 7, category_id: 1, bbox: [0, 0, 20, 18], score: 0.9 }, // first, so right
      { image_id: 7, category_id: 1, bbox: [50, 50, 20, 20], score: 0.8 },
      { image_id: 7, category_id: 1, bbox: [50, 50, 20, 19], score: 0.7 }, // the same once more
      { image_id: 7, category_id: 5, bbox: [50, 60, 20, 20], score: 0.6 }, // a third, but the object is meant already
      { image_id: 7, category_id: 5, bbox: [0, 10, 20, 20], score: 0.4 }, // a third of a cat
      { image_id: 7, category_id: 5, bbox: [30, 0, 5, 5], score: 0.3 },
      { image_id: 7, category_id: 1, bbox: [72, 2, 20, 20], score: 0.2 },
      { image_id: 7, category_id: 5, bbox: [72, 2, 20, 20], score: 0.1 }, // crowds hide their own category only
      { image_id: 7, category_id: 4, bbox: [0, 0, 20, 20], score: 1 }, // no category of the set
    ];
    const [image, other] = judgeDetections(truths, found);
    expect(
      image.detections.map(({ detection, error, truth, inCrowd, findsTruth }) => [
        detection,
        error,
        truth,
        inCrowd,
        findsTruth,
      ]),
    ).toEqual([
      [1, 'none', 0, false, false],
      [2, 'classification', 1, false, true],
      [3, 'classification', 1, false, false],
      [4, 'localization', 1, false, false],
      [0, 'duplicate', -1, false, false],
      [5, 'both', -1, false, false],
      [6, 'background', -1, false, false],
      [7, 'background', -1, true, false],
      [8, 'background', -1, false, false],
    ]);
    expect(image).toMatchObject({ imageId: 7, notFound: [1, 2], missed: [2] });
    expect(other).toEqual({ imageId: 9, detections: [], objects: [4], notFound: [4], missed: [4] });
  });
});

describe('errorCosts', () => {
  it("starts from COCO's average precision where each category has objects, and never helps by harm", () => {
    fc.assert(
      fc.property(anyAnnotations(), anyDetections(), (annotations, detections) => {
        // Crowds need more than an overlap of 0.5 here, and just 0.5 there.
        const truths = dataset(annotations.map((annotation) => ({ ...annotation, isCrowd: false })));
        const costs = errorCosts(truths, detections);
        const withObjects = new Set(annotations.map(({ categoryId }) => categoryId));
        const counted = detections.filter(({ category_id }) => withObjects.has(category_id));
        const { stats, names } = evaluateDetections(truths, counted, { iouType: 'bbox' });
        if (annotations.length > 0) {
          expect(errorCosts(truths, counted).ap).toBeCloseTo(stats[names.indexOf('AP50')], 9);
        }
        for (const kind of kinds) {
          expect(costs.kinds[kind]).toBeGreaterThanOrEqual(0);
          expect(costs.ap + costs.kinds[kind]).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
    );
  });

  it('is all of it where nothing is found', () => {
    const truths = dataset([{ imageId: 7, categoryId: 1, bbox: [0, 0, 20, 20] }]);
    const { ap, kinds: costs, falsePositives, falseNegatives } = errorCosts(truths, []);
    expect({ ap, costs, falsePositives, falseNegatives }).toEqual({
      ap: 0,
      costs: { classification: 0, localization: 0, both: 0, duplicate: 0, background: 0, missed: 1 },
      falsePositives: 0,
      falseNegatives: 1,
    });
  });
});
