import { formatEvaluation } from '../datasets/evaluation/format';
import { parseAssignment, type Assignment } from './config/assignments';
import { completeConfiguration, type CompleteConfiguration } from './config/complete';
import { loadConfiguration, type ConfigurationSources } from './config/load';
import { requireSameRun } from './config/resume';
import { holdRun } from './hold-run';
import { requireFreeFolder, requireRun, runFolder } from './run-folder';
import { writeReport } from './run-report';
import { shellWord, terminalLine, terminalText } from './terminal-text';
import { trainDetector, type TrainedDetector, type TrainingJob } from './train-detector';

export interface TrainCommandOptions {
  readonly output: string;
  readonly config?: string;
  readonly set?: readonly string[];
  readonly resume?: boolean;
  readonly model?: string;
  readonly trainAnnotations?: string;
  readonly trainImages?: string;
  readonly valAnnotations?: string;
  readonly valImages?: string;
  readonly skipInvalid?: boolean;
  readonly iterations?: number;
  readonly weights?: string;
}

/** The key of the configuration that an option sets, and how the option is spelt. */
const options = {
  model: ['model.name', '--model NAME'],
  trainAnnotations: ['data.trainAnnotations', '--train-annotations FILE'],
  trainImages: ['data.trainImages', '--train-images DIR'],
  valAnnotations: ['data.valAnnotations', '--val-annotations FILE'],
  valImages: ['data.valImages', '--val-images DIR'],
  skipInvalid: ['data.skipInvalid', '--skip-invalid'],
  iterations: ['iterations', '--iterations N'],
  weights: ['model.weights', '--weights FILE'],
} as const satisfies Partial<Record<keyof TrainCommandOptions, readonly [key: string, spelling: string]>>;

/** Trains a detector and writes its report; prints the evaluation and where the report is. */
export async function runTrain(given: TrainCommandOptions): Promise<void> {
  const { output, resume = false } = given;
  if (resume) requireRun(output);
  else requireFreeFolder(output);
  const job = {
    configuration: configurationOf(given),
    output,
    resume,
    resumeCommand: `rcnn train --output ${shellWord(output)} --resume`,
  };
  printResult(job, await trainAndReport(job));
}

/**
 * Trains, then writes `report.html`: also of a run that the user stops, as far as it came.
 *
 * @throws InputError where the run is refused; Interrupted where the user stops it, after saving.
 */
export async function trainAndReport(job: TrainingJob): Promise<TrainedDetector> {
  return holdRun(job, async () => {
    const trained = await trainDetector(job);
    const { iteration, interrupted } = trained;
    // One that was stopped while it was evaluated at its end gets its report with the evaluation.
    const isReported = !interrupted || (iteration > 0 && iteration < job.configuration.iterations);
    if (isReported) await writeReport({ ...job, ...trained });
    if (interrupted) throw interrupted;
    return trained;
  });
}

/** The evaluation table, if there is one, and where to look. */
export function printResult({ output }: TrainingJob, { result }: TrainedDetector): void {
  if (result) process.stdout.write(`${terminalText(formatEvaluation(result.evaluation))}\n\n`);
  process.stdout.write(`report: ${terminalLine(runFolder(output).report)}\n`);
}

function configurationOf(given: TrainCommandOptions): CompleteConfiguration {
  const sources: ConfigurationSources = {
    ...(given.config !== undefined && { file: given.config }),
    assignments: [...(given.set ?? []).map(parseAssignment), ...optionAssignments(given)],
    options: Object.fromEntries(Object.values(options).map(([key, spelling]) => [key, spelling])),
  };
  if (given.resume !== true) return completeConfiguration(loadConfiguration(sources));
  const saved = loadConfiguration({
    file: runFolder(given.output).config,
    assignments: [],
    options: sources.options,
  });
  const before = completeConfiguration(saved);
  const now = completeConfiguration(loadConfiguration({ ...sources, base: before }));
  requireSameRun(before, now, given.output);
  return now;
}

function optionAssignments(given: TrainCommandOptions): Assignment[] {
  return (Object.keys(options) as (keyof typeof options)[]).flatMap((name) => {
    const value = given[name];
    const [key, spelling] = options[name];
    return value === undefined ? [] : [{ key, value, source: `${spelling.split(' ')[0]} ${value}` }];
  });
}
