import { Command } from 'commander';
import { SYNTHESIS_DEFAULTS } from '../../../datasets/synthesis/defaults';
import type * as RunSynthesize from '../run-synthesize';
import { given, wholeNumber } from '../options';

/** `rcnn synthesize`. */
export function synthesizeCommand(): Command {
  const { numTrain, numVal, size, seed } = SYNTHESIS_DEFAULTS;
  return new Command('synthesize')
    .description('generate a data set of cut-and-paste scenes in COCO’s format')
    .option('--output <dir>', 'folder to make: images/, train.json, val.json')
    .option('--num-train <n>', 'scenes to train on', wholeNumber(1), numTrain)
    .option('--num-val <n>', 'scenes to evaluate on', wholeNumber(1), numVal)
    .option('--size <pixels>', 'height and width of a scene', wholeNumber(1), size)
    .option('--seed <n>', 'another seed gives other scenes', wholeNumber(0), seed)
    .addHelpText('after', '\nExample:\n  $ rcnn synthesize --output scenes --num-train 1000')
    .action(async (options: Omit<RunSynthesize.SynthesizeCommandOptions, 'output'> & { output?: string }) => {
      const { runSynthesize } = require('../run-synthesize') as typeof RunSynthesize;
      await runSynthesize({ ...options, output: given(options.output, '--output DIR') });
    });
}
