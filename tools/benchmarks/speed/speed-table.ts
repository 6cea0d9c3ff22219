import { groupBy } from '../../../datasets/group-by';
import type { Comparison, RivalResult } from './compare-speed';
import type { Run } from './speed-case';

/** Marks what other work has spoilt. */
const DISTURBED = ' (disturbed)';

/**
 * Comparisons as tables of Markdown, one for each list of rivals: a row a case, with seconds and megabytes of ours, and of each
 * rival's fastest form, with the ratios ours / the rival's. Slower forms, and what is missing, are listed below.
 */
export function speedTables(comparisons: readonly Comparison[]): string {
  const groups = groupBy(comparisons, ({ rivals }) => rivals.map(({ name }) => name).join());
  return [...groups.values()].map((group) => [...table(group), ...notes(group)].join('\n')).join('\n\n');
}

function table(group: readonly Comparison[]): string[] {
  const names = group[0].rivals.map(({ name }) => name);
  const header = ['case', 'ours', ...names.flatMap((name) => [name, `ours / ${name}`])];
  const rows = group.map(({ what, ours, rivals }) => [what, amounts(ours), ...rivals.flatMap(rivalCells)]);
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

function rivalCells({ forms, best }: RivalResult): [string, string] {
  if (best === undefined) return ['-', '-'];
  const { form, timeRatio, memoryRatio } = best;
  const of = Object.keys(forms).length > 1 ? ` (${form})` : '';
  const ratios = [timeRatio, memoryRatio].filter((ratio) => ratio !== undefined);
  return [amounts(forms[form]) + of, ratios.map((ratio) => ratio.toFixed(2)).join(', ')];
}

/** `1.61 s, 605 MB`; of a whole process its time of the processor. */
function amounts({ seconds, megabytes, cpuSeconds, disturbed }: Run): string {
  const parts = [
    `${seconds.toPrecision(3)} s`,
    ...(megabytes === undefined ? [] : [`${megabytes.toFixed(0)} MB`]),
    ...(cpuSeconds === undefined ? [] : [`${cpuSeconds.toFixed(2)} s of the processor`]),
  ];
  return parts.join(', ') + (disturbed ? DISTURBED : '');
}

/** What the slower forms took, why others are missing, and how many of torchvision's detections each side finds. */
function notes(group: readonly Comparison[]): string[] {
  const lines = group.flatMap(({ name, ours, rivals }) => [
    ...agreement(`${name}: ours`, ours),
    ...rivals.flatMap((rival) => [
      ...Object.entries(rival.forms).flatMap(([form, run]) => [
        ...(form === rival.best?.form ? [] : [`${name}: ${rival.name}, ${form}: ${amounts(run)}`]),
        ...agreement(`${name}: ${rival.name}`, run),
      ]),
      ...rival.missing.map((reason) => `${name}: ${rival.name}: ${reason}`),
    ]),
  ]);
  return lines.length === 0 ? [] : ['', ...lines.map((line) => `- ${line}`)];
}

function agreement(side: string, run: Run): string[] {
  return run.agreement === undefined ? [] : [`${side} finds torchvision's detections: ${run.agreement}`];
}
