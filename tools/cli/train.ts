import type { Command } from 'commander';
import { formatEvaluation } from '../../datasets/evaluation/format';
import { choosePrecision } from '../../detection/backend/node-precision';
import { InputError } from '../../detection/errors';
import { planConfiguration, type PlannedConfiguration } from '../config/complete';
import {
  configurationSources,
  optionSpellings,
  type ConfigurationOptions,
} from '../config/configuration-options';
import { configurationHelp } from '../config/help';
import { loadConfiguration } from '../config/load';
import type { TrainingConfiguration } from '../config/schema';
import { modelFileOf } from '../config/model-file';
import { requireSameRun } from '../config/resume';
import { runExclusively } from '../run/folder/run-exclusively';
import { interruptible } from '../terminal/interruption';
import { logLine } from '../terminal/progress';
import { requireFreeFolder, requireRun, runFolder } from '../run/folder/run-folder';
import { writeReport } from '../report/run-report';
import { shellWord, terminalLine, terminalText } from '../terminal/terminal-text';
import { evaluationsOf, taskNames } from '../run/tasks';
import { trainDetector } from '../run/train-detector';
import type { FinishedRun, TrainingJob } from '../run/training-run';
import { addConfigurationOptions, requiredOption, PUBLISHED_WEIGHTS_HELP } from './options';

interface TrainCommandOptions extends ConfigurationOptions {
  readonly output: string;
  readonly resume?: boolean;
  readonly exact?: boolean;
}

/** `rcnn train`. */
export function trainCommand(command: Command): void {
  addConfigurationOptions(command)
    .option('--output <dir>', 'folder of the run: configuration, metrics, checkpoints, report.html')
    .option('--resume', 'resume the run in the output folder')
    .option(
      '--exact',
      'with --resume: refuse unless the result is the same, to the bit, as without an interruption',
    )
    .addHelpText(
      'after',
      () => `
Examples:
  $ rcnn train --model fasterrcnn_resnet18_fpn --weights IMAGENET1K_V1 \\
      --train-annotations train.json --train-images images --output runs/first
  $ rcnn train --config runs/first/config.yaml --set optimizer.lr=0.002 --output runs/second
  $ rcnn train --output runs/first --resume
${PUBLISHED_WEIGHTS_HELP}

${configurationHelp()}`,
    )
    .action((options: Omit<TrainCommandOptions, 'output'> & { output?: string }) =>
      runTrain({ ...options, output: requiredOption(options.output, '--output DIR') }),
    );
}

/** Trains a detector and writes its report; prints the evaluation and where the report is. */
async function runTrain(options: TrainCommandOptions): Promise<void> {
  const { output, resume = false, exact = false } = options;
  if (exact && !resume) throw new InputError('exact-without-resume', '--exact needs --resume');
  if (resume) requireRun(output);
  else requireFreeFolder(output);
  const configuration = configurationOf(options);
  const job = {
    configuration,
    output,
    resume,
    exact,
    resumeCommand: `rcnn train --output ${shellWord(output)} --resume${modelArguments(configuration.model.name)}`,
  };
  printResult(await trainAndReport(job));
}

/**
 * Trains, then writes `report.html`: also of a run that is stopped, as far as it came.
 *
 * @throws InputError where the run is refused; Interrupted where the user stops it, after saving; DivergenceError.
 */
export async function trainAndReport(job: TrainingJob): Promise<FinishedRun> {
  return runExclusively(job, async () => {
    const finished = await trainDetector(job);
    const { iteration, interrupted, configuration } = finished;
    // One that was stopped while it was evaluated at its end gets its report with the evaluation.
    const isReported = !interrupted || (iteration > 0 && iteration < configuration.iterations);
    // Who stops the run now has it all but for the report.
    if (isReported) await interruptible(() => writeReport(finished));
    if (interrupted) throw interrupted;
    return finished;
  });
}

/** The evaluation table of each task, if there is one, and where to look. */
export function printResult({ output, result }: FinishedRun): void {
  const evaluations = result ? evaluationsOf(result) : [];
  for (const evaluation of evaluations) {
    if (evaluations.length > 1) process.stdout.write(`${taskNames[evaluation.iouType]}\n`);
    process.stdout.write(`${terminalText(formatEvaluation(evaluation))}\n\n`);
  }
  process.stdout.write(`report: ${terminalLine(runFolder(output).report)}\n`);
}

/** A run's configuration names its model; one that is in a file is to be loaded first. */
function modelArguments(name: string): string {
  const file = modelFileOf(name);
  return file === undefined ? '' : ` --model ${shellWord(file)}`;
}

function configurationOf(options: TrainCommandOptions): PlannedConfiguration {
  const sources = configurationSources(options);
  if (options.resume !== true) return planned(loadConfiguration(sources));
  const saved = loadConfiguration({
    file: runFolder(options.output).config,
    assignments: [],
    options: optionSpellings,
  });
  const before = planConfiguration(saved);
  const now = planned(loadConfiguration({ ...sources, base: before }));
  requireSameRun(before, now, options.output);
  return now;
}

/** With what can be derived; says what `precision: auto` has come to. */
function planned(configuration: TrainingConfiguration): PlannedConfiguration {
  if (configuration.precision === 'auto') {
    const { precision, reason } = choosePrecision('auto');
    logLine(`precision auto: ${precision} (${reason})`);
  }
  return planConfiguration(configuration);
}
