import { Command } from 'commander';
import type * as RunTrain from '../run-train';
import type * as Help from '../../config/help';
import { addConfigurationOptions, given, PUBLISHED_WEIGHTS_HELP } from '../options';

/** `rcnn train`. */
export function trainCommand(): Command {
  const command = new Command('train').description('train a detector on pictures with a COCO instances file');
  return addConfigurationOptions(command)
    .option('--output <dir>', 'folder of the run: configuration, metrics, checkpoints, report.html')
    .option('--resume', 'go on with the run in the output folder')
    .option(
      '--exact',
      'with --resume: refuse to go on where, to the bit, it would not be the run that was never stopped',
    )
    .addHelpText('after', () => {
      const { configurationHelp } = require('../../config/help') as typeof Help;
      return `
Examples:
  $ rcnn train --model fasterrcnn_resnet18_fpn --weights IMAGENET1K_V1 \\
      --train-annotations train.json --train-images images --output runs/first
  $ rcnn train --config runs/first/config.yaml --set optimizer.lr=0.002 --output runs/second
  $ rcnn train --output runs/first --resume
${PUBLISHED_WEIGHTS_HELP}

${configurationHelp()}`;
    })
    .action(async (options: Omit<RunTrain.TrainCommandOptions, 'output'> & { output?: string }) => {
      const { runTrain } = require('../run-train') as typeof RunTrain;
      await runTrain({ ...options, output: given(options.output, '--output DIR') });
    });
}
