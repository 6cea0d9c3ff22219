import { Option, type Command } from 'commander';
import { loadNativeBackend } from '../../../detection/backend/node';
import { BENCHMARK_THREADS } from '../../benchmarks/machine';
import { compareForms, formatComparison, type MemoryComparison } from '../../benchmarks/memory-comparison';
import {
  baseSetting,
  defaultBase,
  describeSetting,
  memorySettings,
  variationNames,
  type Variation,
} from '../../benchmarks/memory-settings';
import { describeEnvironment } from '../../report/environment';
import { interruptible } from '../../terminal/interruption';
import { writeWholeFile } from '../../../detection/files/whole-file';
import { requireFileName, writeJson } from '../../terminal/output-files';
import { logLine } from '../../terminal/progress';
import { memoryPage } from '../../benchmarks/memory-page';
import { wholeNumber } from '../options';

interface BenchmarkMemoryOptions {
  readonly model: string;
  /** Of the pictures, in pixels. */
  readonly size: number;
  readonly batch: number;
  /** What to vary; nothing leaves the base setting alone. */
  readonly vary?: readonly Variation[];
  readonly json?: string;
  readonly html?: string;
}

/** `rcnn benchmark memory`. */
export function memoryCommand(command: Command): void {
  command
    .option('--model <name>', 'which detector', defaultBase.model)
    .option('--size <pixels>', 'sides of the pictures', wholeNumber(64), defaultBase.size)
    .option('--batch <n>', 'pictures of a step', wholeNumber(1), defaultBase.batch)
    .addOption(
      new Option(
        '--vary <what...>',
        'change one thing at a time; without it only the base setting is measured',
      ).choices(variationNames),
    )
    .option('--json <file>', 'also write the result as JSON')
    .option('--html <file>', 'also write the result as a page with charts')
    .action(runBenchmarkMemory);
}

/** Measures the memory of the forms that a detector's losses can be computed in, each in a process of its own. */
async function runBenchmarkMemory({
  vary = [],
  json,
  html,
  ...chosen
}: BenchmarkMemoryOptions): Promise<void> {
  if (json !== undefined) requireFileName('--json', json);
  if (html !== undefined) requireFileName('--html', html);
  const base = baseSetting(chosen);
  const settings = memorySettings(base, vary);
  process.env['TF_NUM_INTRAOP_THREADS'] = String(BENCHMARK_THREADS);
  // Says at once where training is not set up; the measured processes load their own.
  await loadNativeBackend();
  const comparisons = await interruptible(async (signal) => {
    const done: MemoryComparison[] = [];
    for (const setting of settings) {
      const comparison = await compareForms(
        setting,
        ({ form, autograd }) => logLine(`${describeSetting(setting, base)}: ${form}, ${autograd}`),
        signal,
      );
      process.stdout.write(`${formatComparison(comparison)}\n\n`);
      done.push(comparison);
    }
    return done;
  });
  if (json !== undefined) writeJson(json, comparisons);
  if (html !== undefined)
    writeWholeFile(html, memoryPage(comparisons, describeEnvironment()), { makeFolder: true });
}
