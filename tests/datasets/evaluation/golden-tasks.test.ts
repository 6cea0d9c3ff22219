import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import {
  evaluateDetections,
  type CocoEvaluation,
  type EvaluationOptions,
} from '../../../datasets/evaluation/evaluate';
import { regionsOf } from '../../../datasets/evaluation/matching/task-regions';
import { keypointSigmas } from '../../../datasets/evaluation/keypoint-sigmas';
import { sortByScore } from '../../../datasets/evaluation/matching/grouping';
import type { IouType } from '../../../datasets/evaluation/parameters';
import { readFound } from '../../../datasets/evaluation/truth/read-found';
import { readTruth } from '../../../datasets/evaluation/truth/read-truth';
import { describeShared, sharedPath } from '../../shared';

interface Overlaps {
  readonly image_id: number;
  readonly category_id: number;
  /** [D, G], best detection first. */
  readonly values: readonly (readonly number[])[];
}

interface GoldenCase {
  readonly gt?: { readonly annotations: readonly Record<string, unknown>[] };
  readonly dt?: readonly CocoDetection[];
  readonly stats?: Readonly<Record<string, number>>;
  readonly options?: { readonly sigmas?: readonly number[]; readonly max_dets?: readonly number[] };
  readonly per_category?: readonly { category_id: number; AP: number; AP50: number; AR: number }[];
  readonly precision_first_iou_first_category?: readonly number[];
  readonly no_categories?: Readonly<Record<string, number>>;
  readonly bbox_stats?: Readonly<Record<string, number>>;
  readonly with_area_of_the_mask?: Readonly<Record<string, number>>;
  readonly AP_by_maxDets?: readonly number[];
  readonly AR_by_maxDets?: readonly number[];
  readonly ious?: readonly Overlaps[];
  readonly oks?: readonly Overlaps[];
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'golden-tasks-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function goldens(name: string): Record<string, GoldenCase> {
  return JSON.parse(readFileSync(sharedPath(`golden/${name}`), 'utf8')) as Record<string, GoldenCase>;
}

async function read(gt: object, dt: readonly CocoDetection[], iouType: IouType) {
  const [truthFile, foundFile] = ['gt.json', 'dt.json'].map((name) => path.join(folder, name));
  writeFileSync(truthFile, JSON.stringify(gt));
  writeFileSync(foundFile, JSON.stringify(dt));
  const truth = await readTruth(truthFile, iouType);
  const found = await readFound(foundFile, truth, iouType);
  return { dataset: truth.dataset, federated: truth.federated, ...found };
}

async function evaluate(
  { gt, dt, options }: GoldenCase,
  iouType: IouType,
  more: Partial<EvaluationOptions> = {},
): Promise<CocoEvaluation> {
  const { dataset, detections } = await read(gt!, dt!, iouType);
  const { sigmas, max_dets: maxDetections } = options ?? {};
  return evaluateDetections(dataset, detections, { iouType, sigmas, maxDetections, ...more });
}

function expectNumbers(found: ArrayLike<number>, expected: readonly number[], tolerance = 1e-9): void {
  expect(found).toHaveLength(expected.length);
  expected.forEach((value, i) => {
    if (!(Math.abs(found[i] - value) <= tolerance)) expect([i, found[i]]).toEqual([i, value]);
  });
}

function expectStats({ names, stats }: CocoEvaluation, expected: Readonly<Record<string, number>>): void {
  expect(names).toEqual(Object.keys(expected));
  expectNumbers(stats, Object.values(expected));
}

async function expectCase(golden: GoldenCase, iouType: IouType): Promise<void> {
  const evaluation = await evaluate(golden, iouType);
  if (golden.options?.max_dets === undefined) expectStats(evaluation, golden.stats!);
  golden.per_category?.forEach(({ category_id: id, AP, AP50, AR }, k) => {
    const scores = evaluation.perCategory[k];
    expect(scores.categoryId).toBe(id);
    expectNumbers([scores.AP, scores.AP50, scores.AR100 ?? scores.AR!], [AP, AP50, AR]);
  });
  const precision = golden.precision_first_iou_first_category;
  if (precision) expectNumbers(evaluation.curves.precisionAt(0, 0, 0), precision);
  const overlaps = golden.ious ?? golden.oks;
  if (overlaps) await expectOverlaps(golden, overlaps, iouType);
}

async function expectOverlaps(
  { gt, dt, options }: GoldenCase,
  expected: readonly Overlaps[],
  iouType: IouType,
): Promise<void> {
  const { dataset, detections } = await read(gt!, dt!, iouType);
  const { annotations } = dataset;
  const sigmas = options?.sigmas ?? keypointSigmas(dataset).sigmas;
  const regions = regionsOf(dataset, annotations, detections, { iouType, sigmas, source: 'dt.json' });
  const scores = Float64Array.from(detections, ({ score }) => score);
  const most = iouType === 'keypoints' ? 20 : 100;
  for (const { image_id: imageId, category_id: categoryId, values } of expected) {
    const found = Int32Array.from(detections.keys()).filter(
      (d) => detections[d].image_id === imageId && detections[d].category_id === categoryId,
    );
    const truths = Int32Array.from(annotations.keys()).filter(
      (g) => annotations[g].imageId === imageId && annotations[g].categoryId === categoryId,
    );
    expectNumbers(regions.overlaps(sortByScore(found, scores).subarray(0, most), truths), values.flat());
  }
}

describeShared('golden_cocoeval_segm.json', () => {
  const cases = () => goldens('golden_cocoeval_segm.json');

  it.each([
    'A_synthetic',
    'B_detections_with_boxes',
    'C_one_category',
    'E_area_zero',
    'F_no_detections',
    'G_no_ground_truth',
    'H_only_crowds',
    'J_empty_full_one_pixel',
    'K_annotation_id_0',
  ])('%s', (name) => expectCase(cases()[name], 'segm'));

  it('A_synthetic without categories, and by the boxes of its masks', async () => {
    const golden = cases().A_synthetic;
    expectStats(await evaluate(golden, 'segm', { useCategories: false }), golden.no_categories!);
    expectStats(await evaluate(golden, 'bbox'), golden.bbox_stats!);
  });

  it('D_missing_area: the area of the mask is taken, and that is told', async () => {
    const { C_one_category: golden, D_missing_area: expected } = cases();
    const annotations = golden.gt!.annotations.map((annotation) => ({ ...annotation, area: undefined }));
    const gt = { ...golden.gt, annotations };
    expectStats(await evaluate({ ...golden, gt }, 'segm'), expected.with_area_of_the_mask!);
    const { dataset } = await read(gt, golden.dt!, 'segm');
    expect(dataset.notes).toEqual([
      expect.stringMatching(/^Annotations without "area": .* That of the mask is used\.$/),
    ]);
  });

  it('I_max_dets: AP is with the last of them', async () => {
    const golden = cases().I_max_dets;
    const { names, stats } = await evaluate(golden, 'segm');
    expect(names.slice(6, 9)).toEqual(['AR1', 'AR2', 'AR3']);
    // pycocotools looks for 100 in its first line, and has -1.
    expectNumbers(stats.slice(1), Object.values(golden.stats!).slice(1));
    expectNumbers([stats[0], ...stats.slice(6, 9)], [golden.AP_by_maxDets![2], ...golden.AR_by_maxDets!]);
  });
});

describeShared('golden_cocoeval_keypoints.json', () => {
  const cases = () => goldens('golden_cocoeval_keypoints.json');

  it.each([
    'A_synthetic',
    'B_detections_with_boxes',
    'C_five_points_own_sigmas',
    'F_no_detections',
    'G_no_ground_truth',
    'H_nothing_labelled',
    'J_area_zero',
    'K_more_than_20',
  ])('%s', (name) => expectCase(cases()[name], 'keypoints'));

  it('D_missing_area, E_missing_num_keypoints: filled in, and told', async () => {
    const golden = cases().A_synthetic;
    const without = (key: string): object => ({
      ...golden.gt,
      annotations: golden.gt!.annotations.map((annotation) => ({ ...annotation, [key]: undefined })),
    });
    const { dataset } = await read(without('area'), golden.dt!, 'keypoints');
    expect(dataset.notes).toEqual([
      expect.stringMatching(
        /^Annotations without "area": .* width \* height of the box is used, about twice/,
      ),
    ]);
    const counted = await read(without('num_keypoints'), golden.dt!, 'keypoints');
    expect(counted.dataset.notes).toEqual([
      expect.stringMatching(/^Annotations without "num_keypoints": .* visibility is above 0 are counted\.$/),
    ]);
    const evaluation = evaluateDetections(counted.dataset, counted.detections, { iouType: 'keypoints' });
    expectStats(evaluation, golden.stats!);
  });

  it('I_max_dets', async () => {
    const golden = cases().I_max_dets;
    const { names, stats } = await evaluate(golden, 'keypoints');
    expectNumbers(
      [stats[0], stats[names.indexOf('AR')]],
      [golden.AP_by_maxDets![0], golden.AR_by_maxDets![0]],
    );
  });
});

describeShared('people of COCO 2017', () => {
  const file = path.join(__dirname, 'fixtures/person-keypoints.json');
  const cases = JSON.parse(readFileSync(file, 'utf8')) as Record<'train' | 'val', PersonCase>;
  interface PersonCase {
    readonly detections: readonly CocoDetection[];
    readonly stats: readonly number[];
    /** By image. */
    readonly oks: readonly (readonly (readonly number[])[])[];
  }

  it.each(['train', 'val'] as const)('%s', async (name) => {
    const { detections: dt, stats, oks } = cases[name];
    const gtFile = sharedPath(`data/keypoint-samples/annotations-only-person-${name}.json`);
    const gt = JSON.parse(readFileSync(gtFile, 'utf8')) as NonNullable<GoldenCase['gt']>;
    const { dataset, detections } = await read(gt, dt, 'keypoints');
    const evaluation = evaluateDetections(dataset, detections, { iouType: 'keypoints' });
    expectNumbers(evaluation.stats, stats);
    expect(oks).toHaveLength(dataset.images.length);
    const overlaps = dataset.images.map(({ id }, k) => ({ image_id: id, category_id: 1, values: oks[k] }));
    await expectOverlaps({ gt, dt }, overlaps, 'keypoints');
  });
});

describeShared('golden_lviseval.json', () => {
  interface LvisCase {
    readonly gt: Gt | string;
    readonly dt: readonly CocoDetection[] | string;
    readonly max_dets?: number;
    readonly results: Readonly<Record<string, number>>;
  }
  const cases = () =>
    JSON.parse(readFileSync(sharedPath('golden/golden_lviseval.json'), 'utf8')) as Record<string, LvisCase>;
  type Gt = {
    images: Record<string, unknown>[];
    annotations: { image_id: number; category_id: number }[];
    categories: { id: number }[];
  };

  /** What the text in place of a case's ground truth says. */
  function truthOf(name: string, base: Gt): object {
    if (!/^[DE]_/.test(name)) return base;
    const images = base.images.map((image) => {
      const present = base.annotations.flatMap((a) => (a.image_id === image.id ? [a.category_id] : []));
      const absent = base.categories.map(({ id }) => id).filter((id) => !present.includes(id));
      return {
        ...image,
        not_exhaustive_category_ids: [],
        ...(name.startsWith('E_') && { neg_category_ids: absent }),
      };
    });
    return { ...base, images };
  }

  it.each(['A_bbox', 'B_segm', 'C_bbox_max_dets_3', 'D_bbox_all_exhaustive', 'E_bbox_federated_off'])(
    '%s',
    async (name) => {
      const { A_bbox: base, [name]: golden } = cases();
      const gt = truthOf(name, base.gt as Gt);
      const dt = (typeof golden.dt === 'string' ? base.dt : golden.dt) as readonly CocoDetection[];
      const iouType = name === 'B_segm' ? 'segm' : 'bbox';
      const { dataset, detections, federated } = await read(gt, dt, iouType);
      const maxDetections = golden.max_dets === undefined ? undefined : [golden.max_dets];
      const evaluation = evaluateDetections(dataset, detections, { iouType, federated, maxDetections });
      expectStats(evaluation, golden.results);
    },
  );
});
