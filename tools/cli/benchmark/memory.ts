import { InvalidArgumentError, Option, type Command } from 'commander';
import { InputError } from '../../../detection/errors';
import { loadNativeBackend } from '../../../detection/backend/node';
import { createDetector } from '../../../detection/modeling/definitions';
import { BENCHMARK_CLASSES, BENCHMARK_SEED } from '../../benchmarks/detector-batch';
import { formatFits, largestBatches } from '../../benchmarks/memory/memory-fits';
import { familyCasesNamed, type FamilyCase } from '../../benchmarks/memory/family-cases';
import { familyPage } from '../../benchmarks/memory/family-page';
import { detailRows, markdownTable, peakRows, type FamilyResult } from '../../benchmarks/memory/family-table';
import { BENCHMARK_THREADS } from '../../benchmarks/machine';
import {
  compareForms,
  formatComparison,
  type MemoryComparison,
} from '../../benchmarks/memory/memory-comparison';
import {
  baseSetting,
  defaultBase,
  describeSetting,
  memoryCases,
  memorySettings,
  variationNames,
  type Variation,
} from '../../benchmarks/memory/memory-settings';
import { trainedBytes } from '../../memory/training-memory';
import { describeEnvironment } from '../../report/environment';
import { interruptible } from '../../terminal/interruption';
import { writeWholeFile } from '../../../detection/files/whole-file';
import { requireFileName, writeJson } from '../../terminal/output-files';
import { logLine } from '../../terminal/progress';
import { memoryPage } from '../../benchmarks/memory/memory-page';
import { collect, wholeNumber } from '../options';

interface BenchmarkMemoryOptions {
  readonly model: string;
  /** Of the pictures, in pixels. */
  readonly size: number;
  readonly batch: number;
  /** What to vary; nothing leaves the base setting alone. */
  readonly vary?: readonly Variation[];
  /** Instead of one model: the family. */
  readonly family?: true;
  /** Of the family, only these. */
  readonly case?: readonly string[];
  /** Bytes that a training may take: what fits is estimated, and nothing is measured. */
  readonly fits?: number;
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
    .option(
      '--fits <bytes>',
      'instead: the largest batches of a training that fits so much memory (6GB, 800MB), by size of the pictures',
      bytes,
    )
    .addOption(
      new Option(
        '--family',
        'instead: Faster, Mask, Keypoint and Cascade R-CNN, RetinaNet and FCOS in all forms (about 20 minutes)',
      ).conflicts(['model', 'size', 'batch', 'vary', 'fits']),
    )
    .option('--case <name>', 'only this case of the family; may be given several times', collect)
    .option('--json <file>', 'also write the result as JSON; of a family after each case')
    .option('--html <file>', 'also write the result as a page with charts')
    .action(runBenchmarkMemory);
}

/** Measures the memory of the forms that a detector's losses can be computed in, each in a process of its own. */
async function runBenchmarkMemory({
  vary = [],
  fits,
  family,
  case: names,
  json,
  html,
  ...chosen
}: BenchmarkMemoryOptions): Promise<void> {
  if (names !== undefined && family === undefined)
    throw new InputError('option-missing', '--case chooses among the cases of --family; give that too', {
      option: '--family',
    });
  if (family) return measureFamily(familyCasesNamed(names), { json, html });
  if (fits !== undefined) return sayWhatFits(fits, chosen.model, json);
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
        memoryCases(setting),
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

/** Measures detectors of a family, and prints tables of Markdown. */
async function measureFamily(
  cases: readonly FamilyCase[],
  { json, html }: Pick<BenchmarkMemoryOptions, 'json' | 'html'>,
): Promise<void> {
  if (json !== undefined) requireFileName('--json', json);
  if (html !== undefined) requireFileName('--html', html);
  process.env['TF_NUM_INTRAOP_THREADS'] = String(BENCHMARK_THREADS);
  await loadNativeBackend();
  const environment = describeEnvironment();
  const results = await interruptible(async (signal) => {
    const done: FamilyResult[] = [];
    for (const { name, detector, cases: ofDetector } of cases) {
      const comparison = await compareForms(
        ofDetector[0],
        ofDetector,
        ({ form, autograd }) => logLine(`${name}: ${form}, ${autograd}`),
        signal,
      );
      done.push({ name, detector, comparison });
      if (json !== undefined)
        writeJson(json, { environment: Object.fromEntries(environment), results: done });
    }
    return done;
  });
  process.stdout.write(`${markdownTable(peakRows(results))}\n\n${markdownTable(detailRows(results))}\n`);
  if (html !== undefined) writeWholeFile(html, familyPage(results, environment), { makeFolder: true });
}

/** Estimates the largest batches that a training of a model fits a limit with, in float32, by SGD with momentum. */
async function sayWhatFits(limit: number, model: string, json: string | undefined): Promise<void> {
  if (json !== undefined) requireFileName('--json', json);
  await loadNativeBackend();
  const detector = createDetector(model, {
    numClasses: BENCHMARK_CLASSES,
    seed: BENCHMARK_SEED,
    norm: 'batch',
  });
  const trained = trainedBytes(detector);
  const state = { resident: process.memoryUsage.rss(), trained, state: trained };
  const largest = largestBatches(detector, limit, state);
  detector.dispose();
  process.stdout.write(`${formatFits(largest)}\n`);
  if (json !== undefined) writeJson(json, largest);
}

const UNITS: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9 };

/** Parses an amount of memory, for commander. */
function bytes(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([MG]B)$/i.exec(text.trim()) ?? [];
  const value = Number(amount) * UNITS[unit?.toUpperCase()];
  if (!(value > 0)) throw new InvalidArgumentError('It has to be an amount of memory, 6GB or 800MB.');
  return value;
}
