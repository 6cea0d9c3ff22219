import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import {
  AnnotationError,
  CocoDataset,
  type CocoAnnotation,
  type CocoCategory,
} from '../../../datasets/coco/annotations';
import { JsonFileError } from '../../../datasets/coco/json/json-file';
import { encodeMask } from '../../../datasets/coco/masks/rle';
import { DetectionsError, readDetections, type CocoDetection } from '../../../datasets/evaluation/detections';
import { evaluateDetections, type CocoEvaluation } from '../../../datasets/evaluation/evaluate';
import { evaluationJson, formatEvaluation } from '../../../datasets/evaluation/format';
import type { StatName } from '../../../datasets/evaluation/parameters';
import { definedStats } from '../../../datasets/evaluation/summarize';
import { rejectionOf, thrownBy } from '../../thrown';

const CATEGORIES: readonly CocoCategory[] = [
  { id: 1, name: 'cat' },
  { id: 5, name: 'dog' },
];

function truth(annotation: Partial<CocoAnnotation> = {}): CocoAnnotation {
  return {
    id: 1,
    imageId: 1,
    categoryId: 1,
    bbox: [10, 10, 40, 40],
    area: 1600,
    isCrowd: false,
    ...annotation,
  };
}

function detection(change: Partial<CocoDetection> = {}): CocoDetection {
  return { image_id: 1, category_id: 1, bbox: [10, 10, 40, 40], score: 0.9, ...change };
}

function dataset(...annotations: readonly CocoAnnotation[]): CocoDataset {
  const images = [1, 2].map((id) => ({ id, fileName: '', width: 200, height: 100 }));
  return new CocoDataset('truth.json', null, images, CATEGORIES, annotations, []);
}

function stat(evaluation: CocoEvaluation, name: StatName): number {
  return evaluation.stats[evaluation.names.indexOf(name)];
}

function evaluate(data: CocoDataset, ...detections: readonly CocoDetection[]): CocoEvaluation {
  return evaluateDetections(data, detections, { iouType: 'bbox' });
}

/** One right detection of one truth: pycocotools gives a hair less than 1. */
const PERFECT = 1 - Number.EPSILON;

describe('what pycocotools does, odd or not', () => {
  it('gives a perfect detection 1, and -1 to what has no truth', () => {
    const evaluation = evaluate(dataset(truth()), detection());
    expect(evaluation.stats).toEqual([
      expect.closeTo(PERFECT, 12),
      expect.closeTo(PERFECT, 12),
      expect.closeTo(PERFECT, 12),
      -1,
      expect.closeTo(PERFECT, 12),
      -1,
      1,
      1,
      1,
      -1,
      1,
      -1,
    ]);
    expect(evaluation.perCategory).toMatchObject([
      { categoryId: 1, name: 'cat', numTruths: 1, numDetections: 1, AR1: 1 },
      { categoryId: 5, name: 'dog', numTruths: 0, numDetections: 0, AP: -1 },
    ]);
  });

  it('a truth of id 0 is never found', () => {
    expect(stat(evaluate(dataset(truth({ id: 0 })), detection()), 'AP')).toBe(0);
    expect(stat(evaluate(dataset(truth({ id: -1 })), detection()), 'AP')).toBeCloseTo(1, 12);
  });

  it('detections of unknown categories do not count', () => {
    const evaluation = evaluate(dataset(truth()), detection(), detection({ category_id: 2, score: 1 }));
    expect(stat(evaluation, 'AP')).toBeCloseTo(1, 12);
    expect(evaluation.numOfUnknownCategory).toBe(1);
  });

  it('no detections at all score 0', () => {
    const evaluation = evaluate(dataset(truth()));
    expect([stat(evaluation, 'AP'), stat(evaluation, 'AR100'), stat(evaluation, 'APs')]).toEqual([0, 0, -1]);
  });

  it('detections in a crowd are neither right nor wrong, however many', () => {
    const crowd = truth({ id: 2, bbox: [100, 0, 100, 100], area: 10000, isCrowd: true });
    const inCrowd = [0.95, 0.96, 0.97].map((score) => detection({ bbox: [120, 20, 20, 20], score }));
    const evaluation = evaluate(dataset(truth(), crowd), detection(), ...inCrowd);
    expect(stat(evaluation, 'AP')).toBeCloseTo(1, 12);
    expect(evaluation.perCategory[0].numTruths).toBe(1);
  });

  it('a second detection of one truth is wrong; equal scores keep their order', () => {
    const [right, off] = [detection(), detection({ bbox: [90, 10, 40, 40] })];
    expect(stat(evaluate(dataset(truth()), right, off), 'AP50')).toBeCloseTo(1, 12);
    expect(stat(evaluate(dataset(truth()), off, right), 'AP50')).toBeCloseTo(0.5, 12);
    expect(stat(evaluate(dataset(truth()), right, { ...right, score: 0.95 }), 'AR100')).toBe(1);
  });

  it('only the best 100 of an image and a category count', () => {
    const wrong = Array.from({ length: 100 }, () => detection({ bbox: [90, 10, 40, 40], score: 0.95 }));
    expect(stat(evaluate(dataset(truth()), ...wrong, detection()), 'AR100')).toBe(0);
    expect(stat(evaluate(dataset(truth()), ...wrong.slice(1), detection()), 'AR100')).toBe(1);
    expect(stat(evaluate(dataset(truth()), ...wrong.slice(91), detection()), 'AR10')).toBe(1);
    expect(stat(evaluate(dataset(truth()), ...wrong.slice(90), detection()), 'AR10')).toBe(0);
  });

  it('an area on the border belongs to both ranges', () => {
    const evaluation = evaluate(dataset(truth({ area: 1024 })), detection());
    expect([stat(evaluation, 'ARs'), stat(evaluation, 'ARm'), stat(evaluation, 'ARl')]).toEqual([1, 1, -1]);
  });

  it('masks that come with a box take the area of the box', () => {
    const size = { height: 100, width: 200 };
    const segmentation = encodeMask(
      Uint8Array.from({ length: 20000 }, (_, i) => (i % 200 < 10 ? 1 : 0)),
      size,
    );
    const elsewhere = encodeMask(
      Uint8Array.from({ length: 20000 }, (_, i) => (i % 200 >= 195 ? 1 : 0)),
      size,
    );
    const data = dataset(truth({ area: 1000, segmentation }));
    const wrong = { image_id: 1, category_id: 1, score: 0.99, segmentation: elsewhere };
    const right = { image_id: 1, category_id: 1, score: 0.9, segmentation };
    const options = { iouType: 'segm' } as const;
    // The wrong one is small by its mask, and counts among small objects; by its box it is not, and does not.
    expect(stat(evaluateDetections(data, [wrong, right], options), 'APs')).toBeCloseTo(0.5, 12);
    const withBoxes = [
      { ...wrong, bbox: [0, 0, 150, 90] },
      { ...right, bbox: [0, 0, 10, 100] },
    ];
    expect(stat(evaluateDetections(data, withBoxes, options), 'APs')).toBeCloseTo(1, 12);
  });

  it('the order of images and of detections with different scores does not matter', () => {
    const boxes = fc.tuple(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 0, max: 40 }),
      fc.integer({ min: 5, max: 60 }),
      fc.integer({ min: 5, max: 50 }),
    );
    const places = fc.record({ image: fc.constantFrom(1, 2), category: fc.constantFrom(1, 5), box: boxes });
    fc.assert(
      fc.property(
        fc.array(places, { maxLength: 8 }),
        fc.array(places, { maxLength: 20 }),
        (truths, found) => {
          const data = dataset(
            ...truths.map(({ image, category, box }, i) =>
              truth({ id: i + 1, imageId: image, categoryId: category, bbox: box, area: box[2] * box[3] }),
            ),
          );
          const detections = found.map(({ image, category, box }, i) =>
            detection({ image_id: image, category_id: category, bbox: box, score: ((i * 7) % 23) / 23 }),
          );
          const evaluation = evaluate(data, ...detections);
          expect(evaluate(data, ...detections.toReversed()).stats).toEqual(evaluation.stats);
          for (const value of evaluation.stats) expect(value === -1 || (value >= 0 && value <= 1)).toBe(true);
          // Detecting the truth itself, at the best score, never lowers recall.
          const sure = truths.map(({ image, category, box }) =>
            detection({ image_id: image, category_id: category, bbox: box, score: 2 }),
          );
          expect(stat(evaluate(data, ...sure, ...detections), 'AR100')).toBe(truths.length === 0 ? -1 : 1);
        },
      ),
    );
  });
});

describe('what is refused', () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    ['an unknown image', { image_id: 9 }, '[1].image_id', 'unknown image'],
    ['no image', { image_id: undefined }, '[1].image_id', 'id'],
    ['a list as category', { category_id: [1] }, '[1].category_id', 'id'],
    ['NaN', { score: NaN }, '[1].score', 'score'],
    ['a text score', { score: '0.5' }, '[1].score', 'score'],
    ['no score', { score: undefined }, '[1].score', 'score'],
    ['no box', { bbox: undefined }, '[1].bbox', 'box'],
    ['three numbers', { bbox: [1, 2, 3] }, '[1].bbox', 'box'],
    ['an infinite box', { bbox: [1, 2, 3, Infinity] }, '[1].bbox', 'box'],
  ])('%s', (_, change, place, kind) => {
    const detections = [detection(), { ...detection(), ...change }];
    const call = (): unknown => evaluateDetections(dataset(truth()), detections, { iouType: 'bbox' });
    const error = thrownBy(call);
    expect(error).toBeInstanceOf(DetectionsError);
    expect(error).toMatchObject({ code: 'detections-invalid', problems: [{ kind, place }] });
  });

  it('an image id that the data set lacks', () => {
    const options = { iouType: 'bbox', imageIds: [3] } as const;
    expect(() => evaluateDetections(dataset(truth()), [], options)).toThrow(RangeError);
  });

  it('masks that are missing or malformed, naming each', () => {
    const options = { iouType: 'segm' } as const;
    const missing = thrownBy(() => evaluateDetections(dataset(truth()), [detection()], options));
    expect(missing).toBeInstanceOf(AnnotationError);
    expect(missing).toMatchObject({
      code: 'annotations-invalid',
      problems: [{ kind: 'segmentation', code: 'segmentation-missing', imageId: 1, annotationId: 1 }],
    });
    const good = { size: [100, 200], counts: [20000] };
    const bad = { image_id: 1, category_id: 1, score: 1, segmentation: { size: [100, 200], counts: 'x' } };
    const call = (): unknown =>
      evaluateDetections(dataset(truth({ segmentation: good })), [bad], { ...options, source: 'dt.json' });
    const malformed = thrownBy(call);
    expect(malformed).toBeInstanceOf(DetectionsError);
    expect(malformed).toMatchObject({
      source: 'dt.json',
      problems: [{ code: 'rle-counts-text', place: '[0].segmentation', imageId: 1 }],
    });
    const far = { image_id: 1, category_id: 1, score: 1, bbox: [0, 0, 5e8, 5e8] };
    const farOut = (): unknown =>
      evaluateDetections(dataset(truth({ segmentation: good })), [far], { ...options, source: 'dt.json' });
    expect(thrownBy(farOut)).toMatchObject({
      source: 'dt.json',
      problems: [{ code: 'polygon-far-outside', place: '[0].bbox', imageId: 1 }],
    });
  });

  describe('in files', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'detections-'));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each<[string, string, object]>([
      ['an object', '{"annotations": []}', { kind: 'structure', place: 'the file' }],
      ['no objects', '[3]', { kind: 'structure', place: '[0]' }],
      [
        'neither box nor mask',
        '[{"image_id": 1, "category_id": 1, "score": 1}]',
        { kind: 'segmentation', place: '[0]' },
      ],
    ])('%s', async (_, content, problem) => {
      const file = join(folder, 'results.json');
      writeFileSync(file, content);
      const error = await rejectionOf(readDetections(file, dataset()));
      expect(error).toBeInstanceOf(DetectionsError);
      expect(error).toMatchObject({ code: 'detections-invalid', source: file, problems: [problem] });
    });

    it('NaN, at its place', async () => {
      const file = join(folder, 'results.json');
      writeFileSync(file, '[{"image_id": 1, "category_id": 1, "bbox": [1, 2, 3, 4], "score": NaN}]');
      const error = await rejectionOf(readDetections(file, dataset()));
      expect(error).toBeInstanceOf(JsonFileError);
      expect(error).toMatchObject({
        code: 'json-syntax',
        place: { line: 1, column: 67 },
        facts: { path: '[0].score' },
      });
    });
  });
});

describe('output', () => {
  it('has a row for each category, aligned, on one line whatever its name', () => {
    const data = new CocoDataset(
      'truth.json',
      null,
      dataset().images,
      [
        { id: 1, name: 'a\nb' },
        { id: 5, name: 'zebra crossing' },
      ],
      [truth()],
      [],
    );
    const lines = formatEvaluation(evaluate(data, detection())).split('\n');
    expect(lines[0]).toBe(' Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000');
    expect(lines.slice(13)).toEqual([
      'category        objects     AP   AP50   AP75  APs    APm  APl  AR100',
      'a b                   1  1.000  1.000  1.000    -  1.000    -  1.000',
      'zebra crossing        0      -      -      -    -      -    -      -',
    ]);
  });

  it('is the JSON that the command line promises', () => {
    const json = evaluationJson(evaluate(dataset(truth()), detection()));
    expect(json).toMatchObject({
      stats: { length: 12 },
      names: ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl'],
      perCategory: [
        { category_id: 1, name: 'cat', APs: -1 },
        { category_id: 5, name: 'dog', AP: -1 },
      ],
    });
    expect(Object.keys(json)).toEqual(['stats', 'names', 'perCategory']);
    const { names, perCategory } = json as { names: string[]; perCategory: object[] };
    const order = ['category_id', 'name', ...names, 'numTruths', 'numDetections'];
    for (const row of perCategory) expect(Object.keys(row)).toEqual(order);
  });
});

test('which numbers are defined can be told without an evaluation', () => {
  const annotation = fc.record({
    area: fc.constantFrom(0, 1, 1024, 1025, 9216, 9217, 1e10, 2e10),
    isCrowd: fc.boolean(),
    categoryId: fc.constantFrom(1, 5),
  });
  fc.assert(
    fc.property(fc.array(annotation, { maxLength: 5 }), (annotations) => {
      const data = dataset(...annotations.map((change, k) => truth({ ...change, id: k + 1 })));
      const { names, stats } = evaluate(data);
      expect(definedStats(data.annotations)).toEqual(names.filter((_, k) => stats[k] >= 0));
    }),
  );
});
