import type { CocoCategory, CocoDataset } from '../../../datasets/coco/annotations';
import type { CocoEvaluation } from '../../../datasets/evaluation/evaluate';
import { definedStats, statsOf } from '../../../datasets/evaluation/summarize';
import type { Metric } from '../../../detection/engine/metric';
import { InputError } from '../../../detection/errors';
import type { CompleteConfiguration } from '../../config/complete';
import { DEFAULT_BEST_METRIC } from '../../config/schema';
import { suggest } from '../../../weights/settings/suggest';
import type { DetectorEvaluation } from '../../../datasets/evaluation/evaluate-detector';

const CATEGORY_AP = 'val/AP/';

/**
 * An evaluation as scalar events: `val/AP` and the others of pycocotools' twelve numbers, -1 where undefined; the AP of
 * each category that has objects, `val/AP/1 dog`; mean losses and their sum, `val/loss_a`, `val/total_loss`.
 */
export function evaluationScalars({ evaluation, losses }: DetectorEvaluation): Record<string, number> {
  return { ...scores(evaluation), ...(losses && lossScalars(losses)) };
}

function scores({ stats, names, perCategory }: CocoEvaluation): Record<string, number> {
  const defined = perCategory.filter(({ AP }) => AP >= 0);
  return {
    ...Object.fromEntries(names.map((name, k) => [`val/${name}`, stats[k]])),
    // Two categories may have one name.
    ...Object.fromEntries(
      defined.map(({ categoryId, name, AP }) => [categoryAp({ id: categoryId, name }), AP]),
    ),
  };
}

function lossScalars(losses: Readonly<Record<string, number>>): Record<string, number> {
  const total = Object.values(losses).reduce((sum, loss) => sum + loss, 0);
  const named = Object.entries({ ...losses, total_loss: total });
  return Object.fromEntries(named.map(([name, value]) => [`val/${name}`, value]));
}

function categoryAp({ id, name }: CocoCategory): string {
  return `${CATEGORY_AP}${id} ${name}`;
}

/**
 * The metric that says which checkpoint is the best, and when to stop; undefined where nothing is evaluated.
 *
 * @param lossNames of the model.
 * @throws InputError where the run would never have it.
 */
export function bestMetric(
  { bestMetric: name, earlyStopping }: CompleteConfiguration,
  val: CocoDataset | undefined,
  lossNames: readonly string[],
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
  const defined = definedScores(val);
  const all = statsOf('bbox').map((stat) => `val/${stat.name}`);
  if (defined.includes(name)) return { name, better: 'higher' };
  if (!all.includes(name)) throw unknownMetric(name, [...new Set([...all, ...defined, ...losses])]);
  throw new InputError(
    'metric-undefined',
    `bestMetric ${name} is never defined: ${val.file} has no such objects`,
    { metric: name, file: val.file },
  );
}

/** The scores that an evaluation on a set has, by the names that `evaluationScalars` gives them. */
function definedScores({ annotations, categories }: CocoDataset): string[] {
  const found = new Set(annotations.filter(({ isCrowd }) => !isCrowd).map(({ categoryId }) => categoryId));
  return [
    ...definedStats(annotations).map((name) => `val/${name}`),
    ...categories.filter(({ id }) => found.has(id)).map(categoryAp),
  ];
}

function unknownMetric(name: string, known: readonly string[]): InputError {
  // Of a category, or of a loss, the last word may be all that the user gave.
  const meant =
    known.find((each) => name !== '' && each.endsWith(name)) ??
    suggest(name.startsWith('val/') ? name : `val/${name}`, known);
  const all = known.filter((each) => !each.startsWith(CATEGORY_AP)).join(', ');
  const hint = meant === undefined ? `choose one of ${all}, or of a category` : `did you mean ${meant}?`;
  return new InputError('unknown-metric', `bestMetric ${name}: an evaluation has no such number; ${hint}`, {
    metric: name,
  });
}
