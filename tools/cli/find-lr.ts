import type { Command } from 'commander';
import path from 'node:path';
import type { CocoDataset } from '../../datasets/coco/annotations';
import { DivergenceError } from '../../detection/engine/divergence-error';
import type { Hook } from '../../detection/engine/hooks';
import {
  exponential,
  LearningRateRange,
  MIN_RANGE_STEPS,
  steepestDescent,
  tenthOfLowest,
  type RangePoint,
} from '../../detection/engine/learning-rate-range';
import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import { planConfiguration, type CompleteConfiguration } from '../config/complete';
import { configurationSources, type ConfigurationOptions } from '../config/configuration-options';
import { loadConfiguration } from '../config/load';
import { describeEnvironment } from '../report/environment';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { writeWholeFile } from '../../detection/files/whole-file';
import { requireFileName, writeJson } from '../terminal/output-files';
import { Progress, logLine } from '../terminal/progress';
import { learningRatePage, shownRate } from '../report/learning-rate-page';
import { completeForSet } from '../run/complete-for-set';
import { requireShapes } from '../run/require-shapes';
import { trainTemporarily } from '../run/train-temporarily';
import { readSet, requireObjects } from '../run/training-data';
import { addConfigurationOptions, positive } from './options';

interface FindLrCommandOptions extends ConfigurationOptions {
  /** The first learning rate, and the last. */
  readonly from: number;
  readonly to: number;
  /** A page, or a folder for it. */
  readonly output?: string;
  readonly json?: string;
}

/** fastai's and Lightning's. The number in a configuration file is that of the training to come. */
const DEFAULT_ITERATIONS = 100;
const PAGE_NAME = 'learning-rate.html';

/** fastai's lr_find. */
const DEFAULT_FROM = 1e-7;
const DEFAULT_TO = 10;

/** `rcnn find-lr`. */
export function findLrCommand(command: Command): void {
  addConfigurationOptions(command)
    .option('--from <lr>', 'the first learning rate', positive, DEFAULT_FROM)
    .option('--to <lr>', 'the last learning rate', positive, DEFAULT_TO)
    .option('--output <page>', 'write a page with a chart: a file that ends in .html, or a folder for it')
    .option('--json <file>', 'write learning rates and losses')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn find-lr --model fasterrcnn_resnet18_fpn --weights IMAGENET1K_V1 \\
      --train-annotations train.json --train-images images --output learning-rate.html
  $ rcnn find-lr --config runs/first/config.yaml --set optimizer.type=adamw

Takes the options of rcnn train, and prints the learning rate to give to it: --set optimizer.lr=... It trains 100 steps, or
--iterations or --epochs, keeps no weights and evaluates nothing. docs/training.md says how to read the chart.`,
    )
    .action(runFindLr);
}

/**
 * Trains a new detector with a learning rate that rises until the loss explodes, and says which one to train with. Leaves
 * nothing behind but the files that are asked for.
 *
 * @throws InputError where training would be refused; Interrupted where the user stops it.
 */
async function runFindLr(given: FindLrCommandOptions): Promise<void> {
  const { from, to, json } = given;
  if (from >= to)
    throw new InputError('learning-rate-range', `--from ${from} has to be less than --to ${to}`, {
      from,
      to,
    });
  const sources = configurationSources(given);
  const planned = planConfiguration(loadConfiguration(sources));
  const isGiven = sources.assignments.some(({ key }) => key === 'iterations' || key === 'epochs');
  const wanted = isGiven ? planned.iterations : DEFAULT_ITERATIONS;
  if (wanted !== null) requireMinimum(wanted);
  const { trainAnnotations, trainImages, skipInvalid, crowds, ignoreCategories } = planned.data;
  const page = given.output === undefined ? undefined : pageOf(given.output);
  if (page !== undefined) requireFileName('--output', page, [trainAnnotations]);
  if (json !== undefined) requireFileName('--json', json, [trainAnnotations]);

  const definition = modelDefinition(planned.model.name);
  const set = await readSet(trainAnnotations, trainImages, {
    skipInvalid,
    needs: definition.needs,
    ignoring: { crowds, categories: ignoreCategories },
  });
  requireObjects(set);
  requireShapes(set, definition);
  const configuration = completeForSet(planned, set);
  const iterations = wanted ?? configuration.iterations;
  requireMinimum(iterations);
  const points = await rangeTest(configuration, set, { from, to, iterations });
  const suggestion = steepestDescent(points);
  if (json !== undefined) {
    writeJson(json, { suggestion: suggestion ?? null, points });
  }
  if (page !== undefined) {
    const environment = describeEnvironment();
    writeWholeFile(page, learningRatePage({ configuration, points, suggestion, environment }), {
      makeFolder: true,
    });
    logLine(`chart: ${page}`);
  }
  if (suggestion === undefined) {
    const reason =
      points.length < MIN_RANGE_STEPS
        ? `the loss exploded after ${points.length} steps, too early to see it fall`
        : 'the loss never fell while the learning rate rose';
    logLine(`no suggestion: ${reason}. Try another range (--from, --to) or more iterations`);
    return;
  }
  logLine(
    `a tenth of the rate with the lowest loss: ${shownRate(tenthOfLowest(points)!)}; where it fell fastest:`,
  );
  process.stdout.write(`--set optimizer.lr=${shownRate(suggestion)}\n`);
}

function requireMinimum(iterations: number): void {
  if (iterations >= MIN_RANGE_STEPS) return;
  throw new InputError(
    'too-few-iterations',
    `${iterations} iterations are too few to see the loss fall: at least ${MIN_RANGE_STEPS} are needed`,
    { iterations, least: MIN_RANGE_STEPS },
  );
}

function pageOf(output: string): string {
  const isFolder = statOrUndefined(output)?.isDirectory() === true || !/\.html?$/i.test(output);
  return isFolder ? path.join(output, PAGE_NAME) : output;
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly iterations: number;
}

/** The very training that the configuration asks for, but for its learning rates, and without a trace. */
async function rangeTest(
  configuration: CompleteConfiguration,
  set: CocoDataset,
  { from, to, iterations }: Range,
): Promise<readonly RangePoint[]> {
  const range = new LearningRateRange();
  const progress = new Progress('learning rates');
  const reporting: Hook = {
    name: 'progress',
    afterStep: ({ iteration, shouldStop }) => progress.update(iteration, shouldStop ? iteration : iterations),
  };
  try {
    await trainTemporarily(configuration, set, {
      learningRate: exponential(from, to, iterations),
      iterations,
      hooks: [range, reporting],
    });
  } catch (error) {
    if (!(error instanceof DivergenceError)) throw error;
    // A loss that is no number any more has exploded too, unless it has never been one.
    if (range.points.length === 0)
      throw new InputError('diverged', error.message, { iteration: error.step.iteration });
    progress.endLine();
  }
  return range.points;
}
