import { TASK_NAMES } from './parameters';
import { tableName, textTable } from '../text-table';
import type { CocoEvaluation } from './evaluate';

/** The lines that pycocotools' summarize prints, twelve of boxes or masks, ten of keypoints; and a table with a row for each category. */
export function formatEvaluation({ stats, perCategory, protocol }: CocoEvaluation): string {
  const { iouThresholds, columns } = protocol;
  const lines = protocol.stats.map((stat, index) => {
    const title = stat.isPrecision ? 'Average Precision  (AP)' : 'Average Recall     (AR)';
    const [first, last] = [iouThresholds[0], iouThresholds[iouThresholds.length - 1]];
    const iou = stat.iouThreshold?.toFixed(2) ?? `${first.toFixed(2)}:${last.toFixed(2)}`;
    const limit = String(stat.maxDetections).padStart(3);
    const value = stats[index].toFixed(3);
    const categories = protocol.isFederated ? `catIds=${(stat.frequency ?? 'all').padStart(3)}` : '';
    return ` ${title} @[ IoU=${iou.padEnd(9)} | area=${stat.area.padStart(6)} | maxDets=${limit} ${categories}] = ${value}`;
  });
  if (perCategory.length === 0) return lines.join('\n');

  const rows = perCategory.map((category) => [
    tableName(category.name),
    String(category.numTruths),
    ...columns.map((column) => formatScore(category[column] ?? -1)),
  ]);
  return [...lines, '', ...textTable([['category', 'objects', ...columns], ...rows])].join('\n');
}

/** The evaluations of all that a detector finds, each below what it finds; one alone needs no name. */
export function formatEvaluations(evaluations: readonly CocoEvaluation[]): string {
  if (evaluations.length === 1) return formatEvaluation(evaluations[0]);
  return evaluations
    .map((evaluation) => `${TASK_NAMES[evaluation.iouType]}\n${formatEvaluation(evaluation)}`)
    .join('\n\n');
}

/** Three decimals; a dash for -1, which stands for undefined. */
export function formatScore(score: number): string {
  return score === -1 ? '-' : score.toFixed(3);
}

/** The evaluations of all that a detector finds, as a file of JSON holds them: the first, with the others as its `tasks`. */
export function evaluationsJson([first, ...others]: readonly CocoEvaluation[]): object {
  const tasks = others.map((evaluation) => [evaluation.iouType, evaluationJson(evaluation)] as const);
  return { ...evaluationJson(first), ...(others.length > 0 && { tasks: Object.fromEntries(tasks) }) };
}

/** An evaluation, with its numbers by category, as a file of JSON holds it. */
export function evaluationJson({ stats, names, perCategory }: CocoEvaluation): object {
  return {
    stats,
    names,
    perCategory: perCategory.map(({ categoryId, name, numTruths, numDetections, ...scores }) => ({
      category_id: categoryId,
      name,
      ...scores,
      numTruths,
      numDetections,
    })),
  };
}
