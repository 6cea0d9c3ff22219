import type { CocoDataset } from '../../../datasets/coco/annotations';
import { confusionMatrix } from '../../../datasets/evaluation/confusion';
import { judgeDetections } from '../../../datasets/evaluation/detection-errors';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import { ERROR_KINDS, errorCosts } from '../../../datasets/evaluation/error-kinds';
import type { CocoEvaluation } from '../../../datasets/evaluation/evaluate';
import { AREA_RANGES, IOU_THRESHOLDS, type StatName } from '../../../datasets/evaluation/parameters';
import type { ApTable, Errors, EvaluationData, PrecisionCurve } from '../data';

/** As COCO's smallest, and FiftyOne's default. */
const CONFUSION_IOU = 0.5;

const columns: readonly [name: string, stat: StatName][] = [
  ['AP', 'AP'],
  ['AP50', 'AP50'],
  ['AP75', 'AP75'],
  ['AP small', 'APs'],
  ['AP medium', 'APm'],
  ['AP large', 'APl'],
  ['AR', 'AR100'],
];

const sizes = [
  ['small', 'APs'],
  ['medium', 'APm'],
  ['large', 'APl'],
] as const;

/**
 * @param detections as they were evaluated
 * @param minScore of those that the confusion matrix counts
 */
export function evaluationData(
  evaluation: CocoEvaluation,
  dataset: CocoDataset,
  detections: readonly CocoDetection[],
  minScore: number,
): EvaluationData {
  const { stats, names, perCategory } = evaluation;
  const areas = dataset.annotations.filter(({ isCrowd }) => !isCrowd).map(({ area }) => area);
  const table: ApTable = {
    columns: columns.map(([name]) => name),
    overall: {
      name: 'all categories',
      numObjects: areas.length,
      values: columns.map(([, stat]) => stats[names.indexOf(stat)]),
    },
    categories: perCategory.map((scores) => ({
      name: scores.name,
      numObjects: scores.numTruths,
      values: columns.map(([, stat]) => scores[stat] ?? -1),
    })),
  };
  return {
    table,
    sizes: sizes.map(([name, stat]) => {
      const { min, max } = AREA_RANGES.find((range) => range.name === name)!;
      const numObjects = areas.filter((area) => area >= min && area <= max).length;
      return { name, numObjects, ap: stats[names.indexOf(stat)] };
    }),
    ...precisionCurves(evaluation, dataset),
    errors: errors(dataset, detections),
    confusion: {
      matrix: confusionMatrix(dataset, detections, { minScore, minIou: CONFUSION_IOU }),
      names: dataset.categories.map(({ name }) => name),
      minIou: CONFUSION_IOU,
    },
  };
}

function errors(dataset: CocoDataset, detections: readonly CocoDetection[]): Errors {
  const images = judgeDetections(dataset, detections);
  const { kinds, ...costs } = errorCosts(dataset, detections, images);
  const judged = images.flatMap((image) => image.detections).filter(({ inCrowd }) => !inCrowd);
  const count = (kind: keyof typeof kinds): number =>
    kind === 'missed'
      ? images.reduce((sum, { missed }) => sum + missed.length, 0)
      : judged.filter(({ error }) => error === kind).length;
  return { ...costs, kinds: ERROR_KINDS.map((kind) => ({ kind, count: count(kind), cost: kinds[kind] })) };
}

function precisionCurves(
  { curves }: CocoEvaluation,
  { categories }: CocoDataset,
): Pick<EvaluationData, 'overall' | 'perCategory'> {
  const all = AREA_RANGES.findIndex(({ name }) => name === 'all');
  const precisionAt = (category: number, thresholds: readonly number[]): number[] =>
    meanCurve(thresholds.map((t) => curves.precisionAt(category, all, t)));
  const overall = (name: string, thresholds: readonly number[]): PrecisionCurve => ({
    name,
    precision: meanCurve(categories.map((_, k) => precisionAt(k, thresholds))),
  });
  const [at50, at75] = [IOU_THRESHOLDS.indexOf(0.5), IOU_THRESHOLDS.indexOf(0.75)];
  return {
    overall: [
      overall('0.50', [at50]),
      overall('0.75', [at75]),
      overall(
        '0.50 to 0.95',
        IOU_THRESHOLDS.map((_, t) => t),
      ),
    ],
    perCategory: categories.map(({ name }, k) => ({ name, precision: precisionAt(k, [at50]) })),
  };
}

/** Mean at each recall over the curves that are defined there; -1 where none is. */
function meanCurve(curves: readonly ArrayLike<number>[]): number[] {
  return Array.from({ length: curves[0]?.length ?? 0 }, (_, r) => {
    const defined = curves.map((curve) => curve[r]).filter((value) => value >= 0);
    return defined.length === 0 ? -1 : defined.reduce((sum, value) => sum + value, 0) / defined.length;
  });
}
