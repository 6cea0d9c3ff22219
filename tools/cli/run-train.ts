import { formatEvaluation } from '../../datasets/evaluation/format';
import { InputError } from '../../detection/errors';
import { completeConfiguration, type CompleteConfiguration } from '../config/complete';
import {
  configurationSources,
  optionSpellings,
  type ConfigurationOptions,
} from '../config/configuration-options';
import { loadConfiguration } from '../config/load';
import { requireSameRun } from '../config/resume';
import { holdRun } from '../run/folder/hold-run';
import { interruptible } from '../terminal/interruption';
import { requireFreeFolder, requireRun, runFolder } from '../run/folder/run-folder';
import { writeReport } from '../report/run-report';
import { shellWord, terminalLine, terminalText } from '../terminal/terminal-text';
import { trainDetector } from '../run/train-detector';
import type { FinishedRun, TrainingJob } from '../run/training-run';

export interface TrainCommandOptions extends ConfigurationOptions {
  readonly output: string;
  readonly resume?: boolean;
  readonly exact?: boolean;
}

/** Trains a detector and writes its report; prints the evaluation and where the report is. */
export async function runTrain(given: TrainCommandOptions): Promise<void> {
  const { output, resume = false, exact = false } = given;
  if (exact && !resume)
    throw new InputError('input', '--exact says how a run is to go on: give --resume too');
  if (resume) requireRun(output);
  else requireFreeFolder(output);
  const job = {
    configuration: configurationOf(given),
    output,
    resume,
    exact,
    resumeCommand: `rcnn train --output ${shellWord(output)} --resume`,
  };
  printResult(await trainAndReport(job));
}

/**
 * Trains, then writes `report.html`: also of a run that is stopped, as far as it came.
 *
 * @throws InputError where the run is refused; Interrupted where the user stops it, after saving; DivergenceError.
 */
export async function trainAndReport(job: TrainingJob): Promise<FinishedRun> {
  return holdRun(job, async () => {
    const finished = await trainDetector(job);
    const { iteration, interrupted } = finished;
    // One that was stopped while it was evaluated at its end gets its report with the evaluation.
    const isReported = !interrupted || (iteration > 0 && iteration < job.configuration.iterations);
    // Who stops the run now has it all but for the report.
    if (isReported) await interruptible(() => writeReport(finished));
    if (interrupted) throw interrupted;
    return finished;
  });
}

/** The evaluation table, if there is one, and where to look. */
export function printResult({ output, result }: FinishedRun): void {
  if (result) process.stdout.write(`${terminalText(formatEvaluation(result.evaluation))}\n\n`);
  process.stdout.write(`report: ${terminalLine(runFolder(output).report)}\n`);
}

function configurationOf(given: TrainCommandOptions): CompleteConfiguration {
  const sources = configurationSources(given);
  if (given.resume !== true) return completeConfiguration(loadConfiguration(sources));
  const saved = loadConfiguration({
    file: runFolder(given.output).config,
    assignments: [],
    options: optionSpellings,
  });
  const before = completeConfiguration(saved);
  const now = completeConfiguration(loadConfiguration({ ...sources, base: before }));
  requireSameRun(before, now, given.output);
  return now;
}
