import { tableName, textTable } from '../../datasets/text-table';
import type {
  BootstrapComparison,
  BootstrapDifference,
} from '../../datasets/evaluation/bootstrap/paired-bootstrap';
import { taskNames } from '../run/tasks';
import { isClear, signed, verdicts, type Comparison, type TaskComparison } from './comparison';

/** The comparison as a terminal shows it. A star marks differences whose interval leaves out 0. */
export function comparisonText(comparison: Comparison): string {
  const { names, tasks, numImages, settings } = comparison;
  const [{ bootstrap }] = tasks;
  return [
    `A: ${names[0]}`,
    `B: ${names[1]}`,
    '',
    ...tasks.flatMap((task) => [
      ...(tasks.length === 1 ? [] : [taskNames[task.iouType]]),
      ...table(task.bootstrap),
      '',
    ]),
    ...verdicts(comparison),
    `* the interval leaves out 0; of ${bootstrap.numResamples} resampled sets of ${numImages} images`,
    ...(settings.length > 0
      ? ['', ...textTable([['configuration', 'A', 'B'], ...settings.map((row) => row.map(tableName))], 3)]
      : []),
  ]
    .map((line) => line.trimEnd())
    .join('\n');
}

function table({ AP, AP50, AP75, categories }: BootstrapComparison): string[] {
  const rows = [
    ['AP', AP],
    ['AP50', AP50],
    ['AP75', AP75],
    ...categories.map((category) => [tableName(category.name), category] as const),
  ] as const;
  return textTable([
    ['', 'A', 'B', 'B - A', '95 % interval', 'B better', ''],
    ...rows.map(([name, difference]) => [name, ...cells(difference)]),
  ]);
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

/** The comparison as a file of JSON holds it: boxes first, other tasks below `tasks`; null for what is undefined. */
export function comparisonJson({
  names: [a, b],
  dataset,
  numImages,
  tasks: [boxes, ...others],
  settings,
}: Comparison): object {
  return {
    a,
    b,
    dataset,
    numImages,
    numResamples: boxes.bootstrap.numResamples,
    ...numbers(boxes),
    tasks: Object.fromEntries(others.map((task) => [task.iouType, numbers(task)])),
    configuration: settings.map(([key, ofA, ofB]) => ({ key, a: ofA, b: ofB })),
  };
}

function numbers({ bootstrap: { AP, AP50, AP75, categories } }: TaskComparison): object {
  return {
    AP,
    AP50,
    AP75,
    categories: categories.map(({ categoryId, ...category }) => ({ category_id: categoryId, ...category })),
  };
}
