import type { Command } from 'commander';
import { SYNTHESIS_DEFAULTS } from '../../datasets/synthesis/defaults';
import path from 'node:path';
import { synthesize } from '../../datasets/synthesis/synthesize';
import { interruptible } from '../terminal/interruption';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { requireFolderName } from '../terminal/output-files';
import { Progress, logLine } from '../terminal/progress';
import { terminalLine } from '../terminal/terminal-text';
import { requiredOption, wholeNumber } from './options';

interface SynthesizeCommandOptions {
  readonly output: string;
  readonly numTrain?: number;
  readonly numVal?: number;
  readonly size?: number;
  readonly numObjects?: number;
  readonly detail?: number;
  readonly seed?: number;
}

/** `rcnn synthesize`. */
export function synthesizeCommand(command: Command): void {
  const { numTrain, numVal, size, numObjects, seed } = SYNTHESIS_DEFAULTS;
  command
    .option('--output <dir>', 'folder to create: images/, train.json, val.json')
    .option('--num-train <n>', 'scenes to train on', wholeNumber(1), numTrain)
    .option('--num-val <n>', 'scenes to evaluate on', wholeNumber(1), numVal)
    .option('--size <pixels>', 'height and width of a scene', wholeNumber(1), size)
    .option('--num-objects <n>', 'most objects of a scene', wholeNumber(1), numObjects)
    .option(
      '--detail <pixels>',
      'the size of a scene with objects of this size: less than --size gives small objects in large scenes',
      wholeNumber(1),
    )
    .option('--seed <n>', 'seed of the scenes', wholeNumber(0), seed)
    .addHelpText('after', '\nExample:\n  $ rcnn synthesize --output scenes --num-train 1000')
    .action((options: Omit<SynthesizeCommandOptions, 'output'> & { output?: string }) =>
      runSynthesize({ ...options, output: requiredOption(options.output, '--output DIR') }),
    );
}

/** Generates scenes; prints the folder. */
async function runSynthesize(options: SynthesizeCommandOptions): Promise<void> {
  await generateScenes(options);
  process.stdout.write(`${terminalLine(options.output)}\n`);
}

/** Generates scenes with progress, unless they are there already. */
export async function generateScenes(options: SynthesizeCommandOptions): Promise<void> {
  // The folder is made beside its final place; where it is there already nothing may be left to write.
  if (!statOrUndefined(options.output)) {
    requireFolderName('--output', path.dirname(path.resolve(options.output)));
  }
  const progress = new Progress('scenes');
  await interruptible(async (signal) => {
    const { reused } = await synthesize({
      ...options,
      signal,
      onProgress: (done, total) => progress.update(done, total),
    });
    if (reused) logLine(`${options.output} already contains these scenes`);
  });
}
