import type { CocoDataset } from '../../../datasets/coco/annotations';
import { confusionMatrix } from '../../../datasets/evaluation/errors/confusion';
import { judgeDetections } from '../../../datasets/evaluation/errors/detection-errors';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import { ERROR_KINDS, errorCosts } from '../../../datasets/evaluation/errors/error-kinds';
import type { CocoEvaluation } from '../../../datasets/evaluation/evaluate';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';
import { keypointErrors } from '../../../datasets/evaluation/errors/keypoint-errors';
import type { KeypointLayout } from '../../../detection/structures/keypoint-layout';
import type { StatName } from '../../../datasets/evaluation/parameters';
import { evaluationsOf, objectsOf } from '../../run/tasks';
import type { Errors, EvaluationData, PrecisionCurve, TaskScores } from '../data';

/** As COCO's smallest, and FiftyOne's default. */
const CONFUSION_IOU = 0.5;

/** What columns are called; the others have the names of their numbers. */
const columnNames: Readonly<Partial<Record<StatName, string>>> = {
  APs: 'AP small',
  APm: 'AP medium',
  APl: 'AP large',
  AR100: 'AR',
};

/**
 * @param layout of a detector that finds keypoints: which these are
 * @param minScore of detections that the confusion matrix and errors of keypoints count
 */
export function evaluationData(
  result: DetectorEvaluation,
  layout: KeypointLayout | undefined,
  minScore: number,
): EvaluationData {
  const { dataset, results } = result;
  return {
    tasks: evaluationsOf(result).map((evaluation) => taskScores(evaluation, dataset)),
    errors: errors(dataset, results),
    confusion: {
      matrix: confusionMatrix(dataset, results, { minScore, minIou: CONFUSION_IOU }),
      names: dataset.categories.map(({ name }) => name),
      minIou: CONFUSION_IOU,
    },
    ...(layout && { keypoints: keypointErrors(dataset, results, layout, { minScore }) }),
  };
}

function taskScores(evaluation: CocoEvaluation, dataset: CocoDataset): TaskScores {
  const { iouType, stats, names, perCategory, protocol } = evaluation;
  const { columns } = protocol;
  const valueOf = (stat: StatName): number => stats[names.indexOf(stat)];
  const objects = objectsOf(dataset, iouType);
  return {
    iouType,
    table: {
      columns: columns.map((stat) => columnNames[stat] ?? stat),
      overall: { name: 'all categories', numObjects: objects.length, values: columns.map(valueOf) },
      categories: perCategory.map((scores) => ({
        name: scores.name,
        numObjects: scores.numTruths,
        values: columns.map((stat) => scores[stat] ?? -1),
      })),
    },
    sizes: protocol.stats
      .filter(({ isPrecision, area }) => isPrecision && area !== 'all')
      .map(({ name, area }) => {
        const { min, max } = protocol.areas.find((range) => range.name === area)!;
        const inRange = objects.filter((object) => object.area >= min && object.area <= max);
        return { name: area, numObjects: inRange.length, ap: valueOf(name) };
      }),
    ...precisionCurves(evaluation, dataset),
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
  { curves, protocol: { areas, iouThresholds } }: CocoEvaluation,
  { categories }: CocoDataset,
): Pick<TaskScores, 'overall' | 'perCategory'> {
  const all = areas.findIndex(({ name }) => name === 'all');
  const precisionAt = (category: number, thresholds: readonly number[]): number[] =>
    meanCurve(thresholds.map((t) => curves.precisionAt(category, all, t)));
  const overall = (name: string, thresholds: readonly number[]): PrecisionCurve => ({
    name,
    precision: meanCurve(categories.map((_, k) => precisionAt(k, thresholds))),
  });
  const [at50, at75] = [0.5, 0.75].map((threshold) => iouThresholds.indexOf(threshold));
  return {
    overall: [
      overall('0.50', [at50]),
      overall('0.75', [at75]),
      overall(
        '0.50 to 0.95',
        iouThresholds.map((_, t) => t),
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
