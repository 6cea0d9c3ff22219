import { textTable } from '../../../datasets/text-table';
import { benchmarkProgram, runProgram } from '../child-process';
import type { MemoryCase, MemoryMeasurement, MemorySetting } from './memory-case';
import { describeSizes } from './memory-settings';

/** One form under one autograd. */
export interface MemoryResult {
  readonly memoryCase: MemoryCase;
  readonly measurement: MemoryMeasurement;
  /** Largest relative difference of a loss, and of a gradient's norm, from the in-model form's under our autograd. */
  readonly difference: { readonly losses: number; readonly gradients: number };
}

/** All forms in one setting. */
export interface MemoryComparison {
  readonly setting: MemorySetting;
  readonly results: readonly MemoryResult[];
}

/**
 * Float32 sums in another order differ by this much, when a ResNet-50's gradients go through it; a form that computes
 * something else differs by far more.
 */
const TOLERANCE = 1e-3;

/**
 * Runs cases of one setting, each in a process of its own. One of them is of the in-model form under our autograd.
 *
 * @param onCase is told which comes next.
 * @throws Error where losses or gradients of two forms are not the same.
 */
export async function compareForms(
  setting: MemorySetting,
  cases: readonly MemoryCase[],
  onCase: (memoryCase: MemoryCase) => void,
  signal: AbortSignal,
): Promise<MemoryComparison> {
  const measured: { memoryCase: MemoryCase; measurement: MemoryMeasurement }[] = [];
  for (const memoryCase of cases) {
    onCase(memoryCase);
    const printed = await runProgram(benchmarkProgram('memory/memory-case', memoryCase), signal);
    measured.push({ memoryCase, measurement: JSON.parse(printed) as MemoryMeasurement });
  }
  const { measurement: reference } = measured.find(({ memoryCase }) => memoryCase.form === 'in-model')!;
  const results = measured.map(({ memoryCase, measurement }): MemoryResult => {
    const difference = {
      losses: largestDifference(measurement.losses, reference.losses),
      gradients: largestDifference(measurement.gradientNorms, reference.gradientNorms),
    };
    if (!(Math.max(difference.losses, difference.gradients) < TOLERANCE)) {
      throw new Error(
        `${memoryCase.form}, ${memoryCase.autograd}: losses or gradients are not those of the in-model form ` +
          `(relative differences ${difference.losses} and ${difference.gradients})`,
      );
    }
    return { memoryCase, measurement, difference };
  });
  return { setting, results };
}

/** Relative; Infinity where the names differ. */
function largestDifference(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): number {
  const names = Object.keys(b);
  if (Object.keys(a).length !== names.length || !names.every((name) => name in a)) return Infinity;
  return Math.max(
    ...names.map((name) => (a[name] === b[name] ? 0 : Math.abs(a[name] - b[name]) / Math.abs(b[name]))),
  );
}

/** What the columns mean: for the table on the terminal and for the page. */
export const memoryColumns = [
  { name: 'live, highest', of: ({ liveBytes }: MemoryMeasurement) => megabytes(liveBytes.highest) },
  { name: 'in the', of: ({ liveBytes }: MemoryMeasurement) => liveBytes.at.phase },
  {
    name: 'live, at the seam',
    of: ({ liveBytes }: MemoryMeasurement) => (liveBytes.atSeam === null ? '-' : megabytes(liveBytes.atSeam)),
  },
  {
    name: 'passes to the loss function',
    of: ({ crossings }: MemoryMeasurement) =>
      crossings === null
        ? '-'
        : megabytes(
            crossings.reduce((sum, { bytes }) => sum + bytes, 0),
            2,
          ),
  },
  { name: 'live, at the losses', of: ({ liveBytes }: MemoryMeasurement) => megabytes(liveBytes.atLosses) },
  { name: 'resident peak', of: ({ residentPeakBytes }: MemoryMeasurement) => megabytes(residentPeakBytes) },
  {
    name: 'seconds',
    of: ({ seconds, disturbed }: MemoryMeasurement) =>
      `${seconds.toFixed(2)}${disturbed === true ? ' (disturbed)' : ''}`,
  },
] as const;

function megabytes(bytes: number, digits = 0): string {
  return `${(bytes / 1e6).toFixed(digits)} MB`;
}

/** A table for the terminal. */
export function formatComparison({ setting, results }: MemoryComparison): string {
  const head = ['form', 'autograd', ...memoryColumns.map(({ name }) => name), 'differs by'];
  const rows = results.map(({ memoryCase, measurement, difference }) => [
    memoryCase.form,
    memoryCase.autograd,
    ...memoryColumns.map(({ of }) => of(measurement)),
    Math.max(difference.losses, difference.gradients).toExponential(0),
  ]);
  return [describeSizes(setting), ...textTable([head, ...rows], 2)].join('\n');
}
