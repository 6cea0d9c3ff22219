import type { Command } from 'commander';
import { InputError } from '../../detection/errors';
import { writeWholeFile } from '../../detection/files/whole-file';
import { comparisonPage } from '../compare/compare-page';
import { compareDetections, compareRuns, type GivenSet } from '../compare/compare-runs';
import { comparisonJson, comparisonText } from '../compare/compare-text';
import type { Comparison } from '../compare/comparison';
import { interruptible } from '../terminal/interruption';
import { requireFileName, writeJson } from '../terminal/output-files';
import { logLine } from '../terminal/progress';
import { terminalText } from '../terminal/terminal-text';
import { collect, modelOption, requiredOption } from './options';

interface CompareCommandOptions {
  readonly detections?: readonly string[];
  readonly annotations?: string;
  readonly images?: string;
  readonly ignoreCategory?: readonly string[];
  readonly output?: string;
  readonly json?: string;
}

/** `rcnn compare`. */
export function compareCommand(command: Command): void {
  command
    .argument('[runs...]', 'folders of two runs: A and B')
    .option(...modelOption('a model of one’s own that a run has trained'))
    .option('--detections <files...>', 'two COCO results files instead of runs, with --annotations')
    .option('--annotations <file>', 'COCO instances file to compare on; default: the runs’ validation set')
    .option('--images <dir>', 'folder of its images')
    .option(
      '--ignore-category <name>',
      'of --annotations: count neither as right nor as wrong what is found in objects of this category; may be repeated',
      collect,
    )
    .option('--output <file>', 'write a page with the comparison and the curves of both, comparison.html say')
    .option('--json <file>', 'write the numbers as JSON')
    .addHelpText(
      'after',
      `
Both best checkpoints are evaluated, and AP and its difference computed for 1000 sets of images that are drawn from the
validation set with replacement (paired bootstrap): a 95 % interval that leaves out 0 is more than luck with the pictures.

Examples:
  $ rcnn compare runs/first runs/second --output comparison.html
  $ rcnn compare --detections first.json second.json --annotations val.json`,
    )
    .action((runs: string[], options: CompareCommandOptions) => runCompare(runs, options));
}

/** Compares two runs, prints the result, and writes it where that is asked for. */
async function runCompare(runs: readonly string[], options: CompareCommandOptions): Promise<void> {
  const { output, json } = options;
  if (output !== undefined) requireFileName('--output', output, options.detections);
  if (json !== undefined) requireFileName('--json', json, options.detections);
  const comparison = await interruptible((signal) => compare(runs, options, signal));
  if (json !== undefined) {
    writeJson(json, comparisonJson(comparison));
  }
  if (output !== undefined) {
    writeWholeFile(output, comparisonPage(comparison), { makeFolder: true });
    logLine(`page: ${output}`);
  }
  process.stdout.write(`${terminalText(comparisonText(comparison))}\n`);
}

function compare(
  runs: readonly string[],
  { detections, annotations, images, ignoreCategory }: CompareCommandOptions,
  signal: AbortSignal,
): Promise<Comparison> {
  if (detections !== undefined) {
    if (runs.length > 0 || images !== undefined) {
      throw new InputError('options-conflict', '--detections compares files; leave out runs and --images');
    }
    return compareDetections(
      two(detections, 'files'),
      { annotations: requiredOption(annotations, '--annotations FILE'), ignoreCategory },
      signal,
    );
  }
  const pair = two(runs, 'runs');
  if (annotations === undefined && images === undefined) {
    if (ignoreCategory === undefined) return compareRuns(pair, undefined, signal);
    throw new InputError(
      'options-conflict',
      '--ignore-category is for the set of --annotations; the validation set of runs has their data.ignoreCategories',
    );
  }
  const given: GivenSet = {
    annotations: requiredOption(annotations, '--annotations FILE'),
    images: requiredOption(images, '--images DIR'),
    ignoreCategory,
  };
  return compareRuns(pair, given, signal);
}

function two(names: readonly string[], what: string): readonly [string, string] {
  const [a, b] = names;
  if (names.length === 2) return [a, b];
  throw new InputError('not-two', `two ${what} are to be compared, not ${names.length}`, {
    given: names.length,
  });
}
