import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CocoDataset } from '../../../datasets/coco/annotations';
import { readCocoDataset } from '../../../datasets/coco/read-dataset';
import { readDetections, type CocoDetection } from '../../../datasets/evaluation/detections';
import { evaluateDetections, type CocoEvaluation } from '../../../datasets/evaluation/evaluate';
import { formatEvaluation } from '../../../datasets/evaluation/format';
import { describeShared, sharedPath } from '../../shared';

const DIGITS = 9; // within 0.5e-9

interface GoldenCase {
  readonly gt: object;
  readonly dt: readonly CocoDetection[];
  readonly stats: Readonly<Record<string, number>>;
  readonly stats_useCats0?: Readonly<Record<string, number>>;
  readonly per_category?: readonly { category_id: number; AP: number; AP50: number }[];
  readonly precision_iou50_cat0_all_100?: readonly number[];
}

function expectStats(evaluation: CocoEvaluation, expected: Readonly<Record<string, number>>): void {
  expect(Object.keys(expected)).toEqual(evaluation.names);
  evaluation.names.forEach((name, index) => {
    expect(evaluation.stats[index]).toBeCloseTo(expected[name], DIGITS);
  });
}

function readJson<T>(relative: string): T {
  return JSON.parse(readFileSync(sharedPath(relative), 'utf8')) as T;
}

describeShared('golden_cocoeval.json', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'golden-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function load(gt: object): Promise<CocoDataset> {
    const file = join(folder, 'gt.json');
    writeFileSync(file, JSON.stringify(gt));
    return readCocoDataset(file, null);
  }

  it.each(['A_detectron2_sample', 'B_synthetic', 'C_synthetic_many_dets', 'D_single_category'])(
    '%s',
    async (name) => {
      const golden = readJson<Record<string, GoldenCase>>('golden/golden_cocoeval.json')[name];
      const dataset = await load(golden.gt);
      const evaluation = evaluateDetections(dataset, golden.dt, { iouType: 'bbox' });
      expectStats(evaluation, golden.stats);
      golden.per_category?.forEach(({ category_id: id, AP, AP50 }, k) => {
        expect(evaluation.perCategory[k].categoryId).toBe(id);
        expect(evaluation.perCategory[k].AP).toBeCloseTo(AP, DIGITS);
        expect(evaluation.perCategory[k].AP50).toBeCloseTo(AP50, DIGITS);
      });
      golden.precision_iou50_cat0_all_100?.forEach((precision, r) => {
        expect(evaluation.curves.precisionAt(0, 0, 0)[r]).toBeCloseTo(precision, DIGITS);
      });
      if (golden.stats_useCats0 !== undefined) {
        const without = evaluateDetections(dataset, golden.dt, { iouType: 'bbox', useCategories: false });
        expectStats(without, golden.stats_useCats0);
        expect(without.perCategory).toEqual([]);
      }
    },
  );

  it('E_empty_gt', async () => {
    const cases = readJson<Record<string, GoldenCase>>('golden/golden_cocoeval.json');
    const dataset = await load({ ...cases.B_synthetic.gt, annotations: [] });
    expectStats(
      evaluateDetections(dataset, cases.B_synthetic.dt, { iouType: 'bbox' }),
      cases.E_empty_gt.stats,
    );
  });
});

describeShared('the evaluator data sets', () => {
  interface Expected {
    readonly metrics: Readonly<Record<string, number>>;
    readonly per_category_AP?: Readonly<Record<string, number>>;
  }
  const files: Readonly<Record<string, readonly [string, string]>> = {
    val2014_100_fakebbox: ['instances_val2014_100.json', 'instances_val2014_fakebbox100_results.json'],
    faster_coco_eval_basic: ['gt_dataset.json', 'dt_dataset.json'],
    coco_train128_perturbed: ['coco_train128_gt_boxes.json', 'coco_train128_perturbed_dt.json'],
  };

  it.each(Object.keys(files))('%s: every case of it', async (name) => {
    const [truth, results] = files[name].map((file) => sharedPath(`data/evaluator/${file}`));
    const { cases } = readJson<{ cases: Record<string, Expected> }>(
      'data/evaluator/expected_pycocotools.json',
    );
    const dataset = await readCocoDataset(truth, null);
    const detections = await readDetections(results, dataset);
    const ofThis = Object.entries(cases).filter(([key]) => key.startsWith(name));
    expect(ofThis.length).toBeGreaterThan(0);
    for (const [key, expected] of ofThis) {
      const evaluation = evaluateDetections(dataset, detections, {
        iouType: 'bbox',
        useCategories: !key.includes('useCats0'),
        ...(key.includes('imgs32') && { imageIds: dataset.images.slice(0, 32).map(({ id }) => id) }),
      });
      expectStats(evaluation, expected.metrics);
      for (const { categoryId, AP } of evaluation.perCategory) {
        if (expected.per_category_AP !== undefined) {
          expect(AP).toBeCloseTo(expected.per_category_AP[String(categoryId)], DIGITS);
        }
      }
    }
  });

  it('prints what pycocotools prints, for boxes and for masks', async () => {
    const printed = readFileSync(sharedPath('data/evaluator/val2014_fake_eval_res.txt'), 'utf8').split('\n');
    const linesOf = (type: string): string[] => {
      const start = printed.indexOf(`type=${type}`);
      // That file is of an older version, which wrote one space less.
      return printed
        .slice(start)
        .filter((line) => line.startsWith(' Average'))
        .slice(0, 12)
        .map((line) => line.replace(/ +(?=\(A)/, (spaces) => `${spaces} `));
    };
    const dataset = await readCocoDataset(
      sharedPath(`data/evaluator/${files.val2014_100_fakebbox[0]}`),
      null,
      {
        keepSegmentations: true,
      },
    );
    for (const iouType of ['bbox', 'segm'] as const) {
      const results = sharedPath(`data/evaluator/instances_val2014_fake${iouType}100_results.json`);
      const evaluation = evaluateDetections(dataset, await readDetections(results, dataset), { iouType });
      expect(formatEvaluation(evaluation).split('\n').slice(0, 12)).toEqual(linesOf(iouType));
    }
  });
});
