import { existsSync } from 'node:fs';
import path from 'node:path';
import { readCheckpointState } from '../../weights/checkpoints/checkpoint';
import { demoConfiguration, demoScenes } from './demo-configuration';
import { readMetrics } from '../run/folder/metrics-file';
import { formatSeconds, say } from '../terminal/progress';
import { runFolder } from '../run/folder/run-folder';
import { generateScenes } from './run-synthesize';
import { printResult, trainAndReport } from './run-train';
import { shellWord, terminalLine } from '../terminal/terminal-text';

export interface DemoCommandOptions {
  readonly output: string;
}

/**
 * From nothing to a trained detector that one can look at: generates scenes, trains, evaluates, reports. A demo
 * that was stopped goes on; one that is done shows its result.
 */
export async function runDemo({ output }: DemoCommandOptions): Promise<void> {
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
