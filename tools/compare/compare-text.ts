import { tableName, textTable } from '../../datasets/text-table';
import type { BootstrapDifference } from '../../datasets/evaluation/paired-bootstrap';
import { isClear, signed, verdict, type Comparison } from './comparison';

/** The comparison as a terminal shows it. A star marks differences whose interval leaves out 0. */
export function comparisonText(comparison: Comparison): string {
  const { names, bootstrap, settings } = comparison;
  const { AP, AP50, AP75, categories, numResamples } = bootstrap;
  const rows = [
    ['AP', AP],
    ['AP50', AP50],
    ['AP75', AP75],
    ...categories.map((category) => [tableName(category.name), category] as const),
  ] as const;
  const table = textTable([
    ['', 'A', 'B', 'B - A', '95 % interval', 'B better', ''],
    ...rows.map(([name, difference]) => [name, ...cells(difference)]),
  ]).map((line) => line.trimEnd());
  return [
    `A: ${names[0]}`,
    `B: ${names[1]}`,
    '',
    ...table,
    '',
    verdict(comparison),
    `* the interval leaves out 0; of ${numResamples} resampled sets of ${comparison.numImages} images`,
    ...(settings.length > 0
      ? ['', ...textTable([['configuration', 'A', 'B'], ...settings.map((row) => row.map(tableName))], 3)]
      : []),
  ]
    .map((line) => line.trimEnd())
    .join('\n');
}

function cells(difference: BootstrapDifference): string[] {
  const { a, b, low, high, bIsBetter } = difference;
  const score = (value: number): string => (Number.isNaN(value) ? '-' : value.toFixed(3));
  return [
    score(a),
    score(b),
    signed(difference.difference),
    `${signed(low)} to ${signed(high)}`,
    Number.isNaN(bIsBetter) ? '-' : `${(100 * bIsBetter).toFixed(1)} %`,
    isClear(difference) ? '*' : '',
  ];
}

/** The comparison as a file of JSON holds it; null for what is undefined. */
export function comparisonJson({
  names: [a, b],
  dataset,
  numImages,
  bootstrap,
  settings,
}: Comparison): object {
  const { AP, AP50, AP75, categories, numResamples } = bootstrap;
  return {
    a,
    b,
    dataset,
    numImages,
    numResamples,
    AP,
    AP50,
    AP75,
    categories: categories.map(({ categoryId, ...category }) => ({ category_id: categoryId, ...category })),
    configuration: settings.map(([key, ofA, ofB]) => ({ key, a: ofA, b: ofB })),
  };
}
