import { existsSync } from 'node:fs';
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
import { accumulateOf, requireSameRun } from '../config/resume';
import { membershipOf, type Membership } from '../ranks/membership';
import { followRanks, isLoopback, leadRanks, withLaunchedRanks, type Ranks } from '../run/ranks/open-ranks';
import { statementOf, taskOf } from '../run/ranks/rank-task';
import { trainShare } from '../run/ranks/train-share';
import { runExclusively } from '../run/folder/run-exclusively';
import { interruptible, Interrupted } from '../terminal/interruption';
import { logLine } from '../terminal/progress';
import { requireFreeFolder, requireRun, runFolder } from '../run/folder/run-folder';
import { writeReport } from '../report/run-report';
import { shellWord, terminalLine, terminalText } from '../terminal/terminal-text';
import { evaluationsOf, taskNames } from '../run/tasks';
import { trainDetector } from '../run/train-detector';
import type { FinishedRun, TrainingJob } from '../run/training-run';
import { addConfigurationOptions, requiredOption, wholeNumber, PUBLISHED_WEIGHTS_HELP } from './options';

interface TrainCommandOptions extends ConfigurationOptions {
  readonly output: string;
  readonly resume?: boolean;
  readonly exact?: boolean;
  readonly trustNetwork?: boolean;
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
    .option(
      '--ranks <n>',
      'processes on this machine that share the work; on several machines FASTER_RCNN_HOSTS, srun or TF_CONFIG say how many',
      wholeNumber(1),
    )
    .option(
      '--trust-network',
      'several machines: everybody who can reach their ports may be trusted (docs/cluster.md)',
    )
    .addHelpText(
      'after',
      () => `
Examples:
  $ rcnn train --model fasterrcnn_resnet18_fpn --weights IMAGENET1K_V1 \\
      --train-annotations train.json --train-images images --output runs/first
  $ rcnn train --config runs/first/config.yaml --set optimizer.lr=0.002 --output runs/second
  $ rcnn train --output runs/first --resume
  $ rcnn train --config runs/first/config.yaml --ranks 2 --output runs/third
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
  const place = placeOf(options);
  if (place && place.rank > 0) return trainAsRank(options, place);
  if (resume) requireRun(output);
  else requireFreeFolder(output);
  const configuration = configurationOf(options, place);
  const job = {
    configuration,
    output,
    resume,
    exact,
    resumeCommand: `rcnn train --output ${shellWord(output)} --resume${modelArguments(configuration.model.name)}`,
  };
  const task = taskOf(configuration, resume);
  const run = (ranks?: Ranks): Promise<FinishedRun> => trainAndReport({ ...job, ranks });
  if (place) printResult(await leadRanks(place, task, run));
  else if (configuration.ranks > 1) printResult(await withLaunchedRanks(configuration.ranks, task, run));
  else printResult(await run());
}

/** The place of this process among ranks that something else has started; undefined where nothing has. */
function placeOf({ ranks, trustNetwork = false }: TrainCommandOptions): Membership | undefined {
  const place = membershipOf(process.env);
  if (!place) return undefined;
  const { size, source } = place;
  if (ranks !== undefined && ranks !== size) {
    throw new InputError(
      'rank-environment',
      `--ranks ${ranks}, but there are ${size} ranks by the environment variable ${source}; leave out --ranks`,
      { variable: source, ranks, size },
    );
  }
  if (!trustNetwork && !isLoopback(place)) {
    throw new InputError(
      'network-not-trusted',
      `${size} ranks on several machines: whoever can reach their ports can read their memory and change what they compute. ` +
        'If only machines that you trust can (docs/cluster.md), give --trust-network',
      { size },
    );
  }
  return place;
}

/** What a rank other than 0 does: it writes nothing to the output folder, which need not be there. */
async function trainAsRank(options: TrainCommandOptions, place: Membership): Promise<void> {
  const isKnown = options.resume !== true || existsSync(runFolder(options.output).config);
  const own = isKnown ? configurationOf(options, place) : undefined;
  const result = await followRanks(place, own ? statementOf(own) : null, (ranks, task) =>
    trainShare(task, own, ranks),
  );
  if (result.interrupted)
    throw new Interrupted(`Rank ${place.rank} stopped after iteration ${result.iteration}.`);
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

/** @param place where something else has started ranks: says how many there are */
function configurationOf(options: TrainCommandOptions, place: Membership | undefined): PlannedConfiguration {
  const sources = configurationSources({ ...options, ranks: place?.size ?? options.ranks });
  if (options.resume !== true) return planned(loadConfiguration(sources));
  const saved = loadConfiguration({
    file: runFolder(options.output).config,
    assignments: [],
    options: optionSpellings,
  });
  const before = planConfiguration(saved);
  const given = loadConfiguration({ ...sources, base: before });
  const isAccumulateGiven = sources.assignments.some(({ key }) => key === 'optimizer.accumulate');
  const accumulate = isAccumulateGiven ? given.optimizer.accumulate : accumulateOf(before, given.ranks);
  const now = planned({ ...given, optimizer: { ...given.optimizer, accumulate } });
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
