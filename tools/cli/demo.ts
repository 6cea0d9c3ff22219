import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { InputError } from '../../detection/errors';
import { modelDefinition } from '../../detection/modeling/definitions';
import { readCheckpointState } from '../../weights/checkpoints/checkpoint';
import { completeConfiguration, type CompleteConfiguration } from '../config/complete';
import { optionSpellings } from '../config/configuration-options';
import { loadConfiguration } from '../config/load';
import { readMetrics } from '../run/folder/metrics-file';
import { runFolder } from '../run/folder/run-folder';
import { MEASURED_ITERATIONS, secondsPerIteration } from '../run/iteration-time';
import { iterationsThatFit, secondsOf, type IterationBounds } from '../run/iterations-that-fit';
import { Interrupted, unlessInterrupted } from '../terminal/interruption';
import { formatSeconds, Progress, logLine } from '../terminal/progress';
import { shellWord, terminalLine } from '../terminal/terminal-text';
import { generateScenes } from './synthesize';
import { printResult, trainAndReport } from './train';

interface DemoCommandOptions {
  readonly output?: string;
  readonly masks?: boolean;
}

/** The name of a detector, and what of its settings is not its default. */
interface DemoModel {
  readonly name: string;
  readonly roi?: { readonly [setting: string]: number };
}

/** The detectors that a demo trains: the second finds masks, too. */
const MODELS = {
  boxes: { name: 'fasterrcnn_tiny_fpn' },
  // A quarter of the samples have masks to learn: half as many cost half of the mask head's time.
  masks: { name: 'maskrcnn_tiny_fpn', roi: { batchSizePerImage: 128 } },
} as const satisfies Record<string, DemoModel>;

/**
 * Where the pace is measured, proposals count as objects from here on. An RPN that has just begun has few that overlap by half,
 * and a mask head's time is that of its objects: by the twentieth iteration there are three times as many, as many as are
 * sampled at most. So low, that many are there from the first one on.
 */
const MEASURED_OVERLAP = { fgIouThreshold: 0.1, bgIouThreshold: 0.1 } as const;

/** Scenes that the demo generates; all that is not said here is as `rcnn synthesize` does it. */
const demoScenes = { numTrain: 600, numVal: 100, size: 320 } as const;

/** What the whole demo is to take, once everything is set up, seconds. */
const DEMO_SECONDS = 600;
/**
 * Fewer iterations teach too little, more add little. Beside them come the checks before the first, the evaluation and the
 * report: 14 iterations' time on a quiet machine, 16 on a slower one.
 */
const ITERATIONS: IterationBounds = { least: 250, most: 520, overhead: 20 };

/** `rcnn demo`: what `npm run demo` runs. */
export function demoCommand(command: Command): void {
  command
    .option('--masks', 'train a detector that finds masks, too')
    .option('--output <dir>', 'folder of the demo; default: runs/demo, with --masks runs/demo-masks')
    .addHelpText(
      'after',
      `
Takes about ten minutes at most: it measures how long an iteration takes here, and trains for as many as fit. Stopped with Ctrl-C, it
continues when started again.

Examples:
  $ rcnn demo
  $ rcnn demo --masks
  $ rcnn demo --output runs/another`,
    )
    .action(runDemo);
}

/**
 * From nothing to a trained detector that one can look at: generates scenes, trains, evaluates, reports. A demo
 * that was stopped goes on; one that is done shows its result.
 */
async function runDemo({
  masks = false,
  output = masks ? 'runs/demo-masks' : 'runs/demo',
}: DemoCommandOptions): Promise<void> {
  const started = performance.now();
  const folder = runFolder(output);
  const model = masks ? MODELS.masks : MODELS.boxes;
  const data = path.join(output, 'data');
  const begun = existsSync(folder.config) ? iterationsOf(output, demoConfiguration(model, data)) : undefined;
  if (begun !== undefined && isFinished(output, begun)) {
    showFinished(output);
    return;
  }
  const resumeCommand = `rcnn demo ${masks ? '--masks ' : ''}--output ${shellWord(output)}`;
  // What a demo that goes on had trained before it was stopped.
  const trainedBefore = readMetrics(folder.metrics).sum('seconds');
  logLine(`1/2 scenes: ${data}`);
  await generateScenes({ output: data, ...demoScenes });
  const generated = performance.now();
  const iterations =
    begun ?? (await iterationsForHere(measuredConfiguration(model, data), started, resumeCommand));
  const measured = performance.now();
  const configuration = demoConfiguration(model, data, iterations);
  logLine(`2/2 training: ${configuration.model.name}, ${iterations} iterations`);
  const finished = await trainAndReport({
    configuration,
    output,
    resume: begun !== undefined,
    exact: false,
    resumeCommand,
  });
  const ended = performance.now();
  printResult(finished);
  const training = readMetrics(folder.metrics).sum('seconds') - trainedBefore;
  const steps: [string, number][] = [
    ['scenes', (generated - started) / 1000],
    ...(begun === undefined ? [['measuring', (measured - generated) / 1000] as [string, number]] : []),
    ['training', training],
    ['evaluation and report', Math.max(0, (ended - measured) / 1000 - training)],
    ['total', (ended - started) / 1000],
  ];
  for (const [name, seconds] of steps)
    process.stdout.write(`${`${name}:`.padEnd(23)}${formatSeconds(seconds)}\n`);
  process.stdout.write(nextSteps(output));
}

/**
 * Of a demo that was begun: as many as fitted where it was.
 *
 * @throws InputError where it was another demo.
 */
function iterationsOf(output: string, asked: CompleteConfiguration): number {
  const file = runFolder(output).config;
  const begun = completeConfiguration(loadConfiguration({ file, assignments: [], options: optionSpellings }));
  requireSameModel(begun, asked, output);
  return begun.iterations;
}

/**
 * Measures how long an iteration takes, and says how many fit.
 *
 * @param started when the demo began, by performance.now
 * @throws Interrupted where the user stops it.
 */
async function iterationsForHere(
  configuration: CompleteConfiguration,
  started: number,
  resumeCommand: string,
): Promise<number> {
  const { trainAnnotations, trainImages } = configuration.data;
  const { needs } = modelDefinition(configuration.model.name);
  const set = await readCocoDataset(trainAnnotations, trainImages, {
    keepSegmentations: needs.includes('masks'),
  });
  const progress = new Progress('measuring');
  const pace = await unlessInterrupted(() =>
    secondsPerIteration(configuration, set, (done) => progress.update(done, MEASURED_ITERATIONS)),
  );
  if (pace === undefined)
    throw new Interrupted(`Stopped before the first iteration. To resume: ${resumeCommand}`);
  const spent = (performance.now() - started) / 1000;
  const iterations = iterationsThatFit(pace, DEMO_SECONDS - spent, ITERATIONS);
  const total = spent + secondsOf(iterations, pace, ITERATIONS);
  logLine(
    `measured ${pace.toFixed(2)} s an iteration: ` +
      (total <= DEMO_SECONDS
        ? `${iterations} iterations fit ten minutes`
        : `${iterations} iterations, the minimum, take more than ten minutes: ${formatSeconds(total)} in all`),
  );
  return iterations;
}

/** How the demo trains: tuned for two cores, from random weights. */
function demoConfiguration(
  model: DemoModel,
  data: string,
  iterations: number = ITERATIONS.most,
): CompleteConfiguration {
  const images = path.join(data, 'images');
  const base = {
    model,
    data: {
      trainAnnotations: path.join(data, 'train.json'),
      trainImages: images,
      valAnnotations: path.join(data, 'val.json'),
      valImages: images,
      batchSize: 8,
    },
    optimizer: { type: 'adamw', lr: 2e-3, weightDecay: 0.05 },
    schedule: { type: 'cosine', warmupIterations: 40 },
    iterations,
    checkpointEvery: 100,
  };
  return completeConfiguration(loadConfiguration({ base, assignments: [], options: {} }));
}

/** What takes as long an iteration as the demo does once its RPN has learned. */
function measuredConfiguration(model: DemoModel, data: string): CompleteConfiguration {
  return demoConfiguration({ ...model, roi: { ...model.roi, ...MEASURED_OVERLAP } }, data);
}

function requireSameModel(begun: CompleteConfiguration, asked: CompleteConfiguration, output: string): void {
  const [was, is] = [begun.model.name, asked.model.name];
  if (was === is) return;
  throw new InputError(
    'other-configuration',
    `${output}: the demo in this folder trains ${was}, not ${is}; ` +
      `${was === MODELS.masks.name ? 'give' : 'leave out'} --masks, or name another folder: --output DIR`,
    { output, key: 'model.name', was, is },
  );
}

/** A demo that was stopped has a report too. */
function isFinished(output: string, iterations: number): boolean {
  const { last, report } = runFolder(output);
  return existsSync(report) && existsSync(last) && readCheckpointState(last).iteration === iterations;
}

function showFinished(output: string): void {
  const { last, report } = runFolder(output);
  const { metrics } = readCheckpointState(last);
  const [ap, ap50] = ['val/AP', 'val/AP50'].map((name) => metrics[name]?.toFixed(3) ?? '–');
  const masks = metrics['val/segm/AP'];
  const ofMasks = masks === undefined ? '' : `; masks have AP ${masks.toFixed(3)}`;
  process.stdout.write(
    `${terminalLine(output)}: the demo is done, with AP ${ap} and AP50 ${ap50}${ofMasks}.\n` +
      `report: ${terminalLine(report)}\n` +
      `To run it again, delete that folder or name another: rcnn demo ${masks === undefined ? '' : '--masks '}--output ${terminalLine(shellWord(`${output}-2`))}\n` +
      nextSteps(output),
  );
}

function nextSteps(output: string): string {
  const paths = [runFolder(output).best, path.join(output, 'detected'), path.join(output, 'data', 'images')];
  const [best, detected, images] = paths.map((name) => terminalLine(shellWord(name)));
  return `\nOpen the report in a browser. To detect:\n  npx rcnn detect --weights ${best} --output ${detected} ${images}\n`;
}
