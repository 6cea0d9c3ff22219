import type { CocoCategory, CocoDataset } from '../../../datasets/coco/annotations';
import type { CocoEvaluation } from '../../../datasets/evaluation/evaluate';
import { definedStats, statsOf } from '../../../datasets/evaluation/summarize';
import type { Metric } from '../../../detection/engine/metric';
import { InputError } from '../../../detection/errors';
import type { Detector, IouType } from '../../../detection/modeling/detector';
import type { CompleteConfiguration } from '../../config/complete';
import { DEFAULT_BEST_METRIC } from '../../config/schema';
import { suggest } from '../../../weights/settings/suggest';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';
import { evaluationsOf, metricPrefix, objectsOf, taskNames } from '../tasks';

/** Metrics of a single category. */
const CATEGORY_AP = /^val\/(?:[a-z]+\/)?AP\//;

/**
 * An evaluation as scalar events: `val/AP` and the other numbers of pycocotools for boxes, -1 where undefined; the AP of each
 * category that has objects, `val/AP/1 dog`; the same of masks and keypoints, `val/segm/AP`, `val/keypoints/AP/1 dog`; mean
 * losses and their sum, `val/loss_a`, `val/total_loss`.
 */
export function evaluationScalars(result: DetectorEvaluation): Record<string, number> {
  const { losses } = result;
  const all = [...evaluationsOf(result).map(scores), ...(losses ? [lossScalars(losses)] : [])];
  return Object.fromEntries(all.flatMap(Object.entries<number>));
}

function scores({ iouType, stats, names, perCategory }: CocoEvaluation): Record<string, number> {
  const defined = perCategory.filter(({ AP }) => AP >= 0);
  return {
    ...Object.fromEntries(names.map((name, k) => [metricPrefix(iouType) + name, stats[k]])),
    // Two categories may have one name.
    ...Object.fromEntries(
      defined.map(({ categoryId, name, AP }) => [categoryAp(iouType, { id: categoryId, name }), AP]),
    ),
  };
}

function lossScalars(losses: Readonly<Record<string, number>>): Record<string, number> {
  const total = Object.values(losses).reduce((sum, loss) => sum + loss, 0);
  const named = Object.entries({ ...losses, total_loss: total });
  return Object.fromEntries(named.map(([name, value]) => [`val/${name}`, value]));
}

function categoryAp(iouType: IouType, { id, name }: CocoCategory): string {
  return `${metricPrefix(iouType)}AP/${id} ${name}`;
}

/**
 * The metric that says which checkpoint is the best, and when to stop; undefined where nothing is evaluated.
 *
 * @throws InputError where the run would never have it.
 */
export function bestMetric(
  { bestMetric: name, earlyStopping }: CompleteConfiguration,
  val: CocoDataset | undefined,
  { lossNames, iouTypes }: Pick<Detector, 'lossNames' | 'iouTypes'>,
): Metric | undefined {
  const isStopping = earlyStopping.patience !== null;
  if (!val) {
    if (!isStopping && name === DEFAULT_BEST_METRIC) return undefined;
    const key = isStopping ? 'earlyStopping.patience' : 'bestMetric';
    throw new InputError(
      'no-validation-set',
      `${key} needs a validation set: give --val-annotations and --val-images`,
      { key },
    );
  }
  const losses = [...lossNames, 'total_loss'].map((loss) => `val/${loss}`);
  if (losses.includes(name)) return { name, better: 'lower' };
  if (name === DEFAULT_BEST_METRIC && !isStopping) return { name, better: 'higher' };
  const defined = iouTypes.flatMap((iouType) => definedScores(val, iouType));
  const all = iouTypes.flatMap(statMetrics);
  if (defined.includes(name)) return { name, better: 'higher' };
  if (!all.includes(name)) throw unknownMetric(name, [...new Set([...all, ...defined, ...losses])]);
  throw new InputError(
    'metric-undefined',
    `bestMetric ${name} is never defined: ${val.file} has no such objects`,
    { metric: name, file: val.file },
  );
}

function statMetrics(iouType: IouType): string[] {
  return statsOf(iouType).map(({ name }) => metricPrefix(iouType) + name);
}

/** The scores of a task that an evaluation on a set has, by the names that `evaluationScalars` gives them. */
function definedScores(val: CocoDataset, iouType: IouType): string[] {
  const objects = objectsOf(val, iouType);
  const found = new Set(objects.map(({ categoryId }) => categoryId));
  return [
    ...definedStats(objects, iouType).map((name) => metricPrefix(iouType) + name),
    ...val.categories.filter(({ id }) => found.has(id)).map((category) => categoryAp(iouType, category)),
  ];
}

function unknownMetric(name: string, known: readonly string[]): InputError {
  const [, task] = /^(?:val\/)?(segm|keypoints)\//.exec(name) ?? [];
  const isOfOtherTask = task !== undefined && !known.some((each) => each.startsWith(`val/${task}/`));
  const problem = isOfOtherTask
    ? `the model finds no ${taskNames[task as IouType]}`
    : `an evaluation has no such number; ${hint(name, known)}`;
  return new InputError('unknown-metric', `bestMetric ${name}: ${problem}`, { metric: name });
}

function hint(name: string, known: readonly string[]): string {
  // Of a category, or of a loss, the last word may be all that the user gave.
  const meant =
    known.find((each) => name !== '' && each.endsWith(name)) ??
    suggest(name.startsWith('val/') ? name : `val/${name}`, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  const all = known.filter((each) => !CATEGORY_AP.test(each)).join(', ');
  return `choose one of ${all}, or of a category`;
}
