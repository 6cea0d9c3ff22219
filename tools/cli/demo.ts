import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readCheckpointState } from '../../weights/checkpoints/checkpoint';
import { completeConfiguration, type CompleteConfiguration } from '../config/complete';
import { trainingConfigurationSchema } from '../config/schema';
import { readMetrics } from '../run/folder/metrics-file';
import { formatSeconds, say } from '../terminal/progress';
import { runFolder } from '../run/folder/run-folder';
import { generateScenes } from './synthesize';
import { printResult, trainAndReport } from './train';
import { shellWord, terminalLine } from '../terminal/terminal-text';

interface DemoCommandOptions {
  readonly output: string;
}

/** Scenes that the demo generates; all that is not said here is as `rcnn synthesize` does it. */
const demoScenes = { numTrain: 600, numVal: 100, size: 320 } as const;

/** `rcnn demo`: what `npm run demo` runs. */
export function demoCommand(command: Command): void {
  command
    .option('--output <dir>', 'folder of the demo', 'runs/demo')
    .addHelpText(
      'after',
      `
Takes some minutes. Stopped with Ctrl-C, it goes on where it was when started again.

Examples:
  $ rcnn demo
  $ rcnn demo --output runs/another`,
    )
    .action(runDemo);
}

/**
 * From nothing to a trained detector that one can look at: generates scenes, trains, evaluates, reports. A demo
 * that was stopped goes on; one that is done shows its result.
 */
async function runDemo({ output }: DemoCommandOptions): Promise<void> {
  const folder = runFolder(output);
  const data = path.join(output, 'data');
  const configuration = demoConfiguration(data);
  if (isFinished(output, configuration.iterations)) {
    showFinished(output);
    return;
  }
  const job = {
    configuration,
    output,
    resume: existsSync(folder.config),
    exact: false,
    resumeCommand: `rcnn demo --output ${shellWord(output)}`,
  };
  // What a demo that goes on had trained before it was stopped.
  const trainedBefore = readMetrics(folder.metrics).sum('seconds');
  const started = performance.now();
  say(`1/2 scenes: ${data}`);
  await generateScenes({ output: data, ...demoScenes });
  const generated = performance.now();
  const { model, iterations } = job.configuration;
  say(`2/2 training: ${model.name}, ${iterations} iterations`);
  const finished = await trainAndReport(job);
  const ended = performance.now();
  printResult(finished);
  const training = readMetrics(folder.metrics).sum('seconds') - trainedBefore;
  const steps: [string, number][] = [
    ['scenes', (generated - started) / 1000],
    ['training', training],
    ['evaluation and report', Math.max(0, (ended - generated) / 1000 - training)],
    ['total', (ended - started) / 1000],
  ];
  for (const [name, seconds] of steps)
    process.stdout.write(`${`${name}:`.padEnd(23)}${formatSeconds(seconds)}\n`);
  process.stdout.write(nextSteps(output));
}

/** How the demo trains: tuned for two cores and ten minutes in all, from random weights. */
function demoConfiguration(data: string): CompleteConfiguration {
  const images = path.join(data, 'images');
  return completeConfiguration(
    trainingConfigurationSchema.parse({
      model: { name: 'fasterrcnn_tiny_fpn' },
      data: {
        trainAnnotations: path.join(data, 'train.json'),
        trainImages: images,
        valAnnotations: path.join(data, 'val.json'),
        valImages: images,
        batchSize: 8,
      },
      optimizer: { type: 'adamw', lr: 2e-3, weightDecay: 0.05 },
      schedule: { type: 'cosine', warmupIterations: 40 },
      iterations: 520,
      checkpointEvery: 100,
    }),
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
  process.stdout.write(
    `${terminalLine(output)}: the demo is done, with AP ${ap} and AP50 ${ap50}.\n` +
      `report: ${terminalLine(report)}\n` +
      `To run it again, delete that folder or name another: rcnn demo --output ${terminalLine(shellWord(`${output}-2`))}\n` +
      nextSteps(output),
  );
}

function nextSteps(output: string): string {
  const paths = [runFolder(output).best, path.join(output, 'detected'), path.join(output, 'data', 'images')];
  const [best, detected, images] = paths.map((name) => terminalLine(shellWord(name)));
  return `\nOpen the report in a browser. To detect:\n  npx rcnn detect --weights ${best} --output ${detected} ${images}\n`;
}
