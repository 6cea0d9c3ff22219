import { memoryColumns, type MemoryComparison, type MemoryResult } from './memory-comparison';
import { formNames, isSeparated, type FormName } from './training-forms';

/** A case that has been measured. */
export interface FamilyResult {
  /** Of the case. */
  readonly name: string;
  readonly detector: string;
  readonly comparison: MemoryComparison;
}

/** What the forms are called where space is short. */
export const shortNames: Readonly<Record<FormName, string>> = {
  'in-model, heads in the forward': 'in the model, gradients in the forward',
  'in-model': 'in the model, gradients at the end',
  'separated, sampling forward': 'separated, sampling forward',
  'separated, dense forward': 'separated, dense forward',
  'separated, losses as outputs': 'identity',
};

/** A table as rows of cells, the first of which is its head. */
export type Rows = readonly (readonly string[])[];

/** Peaks of live bytes, a row a detector and size, a column a form. */
export function peakRows(results: readonly FamilyResult[]): Rows {
  const head = ['MB', ...formNames.map((form) => shortNames[form]), 'saved', 'of what a step adds'];
  return [
    head,
    ...results.map((result) => {
      const saved = savingOf(result);
      return [
        titleOf(result),
        ...formNames.map((form) => megabytes(peakOf(result, form)?.measurement.liveBytes.highest)),
        saved ? percent(saved.ofPeak) : '',
        saved ? percent(saved.ofStep) : '',
      ];
    }),
  ];
}

/** Everything that is measured, a row a case. */
export function detailRows(results: readonly FamilyResult[]): Rows {
  const head = ['', 'form', ...memoryColumns.map(({ name }) => name)];
  return [
    head,
    ...results.flatMap((result) =>
      result.comparison.results.map(({ memoryCase: { form, autograd }, measurement }) => [
        titleOf(result),
        shortNames[form] + (autograd === 'ours' ? '' : `, ${autograd}`),
        ...memoryColumns.map(({ of }) => of(measurement)),
      ]),
    ),
  ];
}

/** Rows as a table of Markdown. */
export function markdownTable([head, ...rows]: Rows): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** What losses in the model save. */
export interface Saving {
  /** Of the peak of the separated form that takes least; with gradients at the end, where there is none. */
  readonly ofPeak: number;
  /** The same without what is there between steps: weights and the optimizer's state. */
  readonly ofStep: number;
}

/** Of a detector at a size; undefined where only one side has been measured. */
export function savingOf(result: FamilyResult): Saving | undefined {
  const best = peakOf(result, 'in-model, heads in the forward');
  const others = result.comparison.results.filter(
    ({ memoryCase: { form, autograd } }) =>
      autograd === 'ours' && isSeparated(form) && form !== 'separated, losses as outputs',
  );
  if (!best || others.length === 0) return undefined;
  const { highest, atRest } = best.measurement.liveBytes;
  const separated = Math.min(...others.map(({ measurement }) => measurement.liveBytes.highest));
  return {
    ofPeak: (separated - highest) / separated,
    ofStep: (separated - highest) / (separated - atRest),
  };
}

/** The result of a form under our autograd. */
export function peakOf({ comparison }: FamilyResult, form: FormName): MemoryResult | undefined {
  return comparison.results.find(
    ({ memoryCase }) => memoryCase.form === form && memoryCase.autograd === 'ours',
  );
}

/** Detector and size. */
export function titleOf({ detector, comparison: { setting } }: FamilyResult): string {
  const { size, batch } = setting;
  return `${detector}, ${size}x${size}${batch === 1 ? '' : `, batch ${batch}`}`;
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : (bytes / 1e6).toFixed(0);
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}
