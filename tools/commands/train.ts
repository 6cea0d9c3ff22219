import { Command } from 'commander';
import type * as RunTrain from '../run-train';
import type * as Help from '../config/help';
import { collect, given, PUBLISHED_WEIGHTS_HELP, wholeNumber } from './options';

/** `rcnn train`. */
export function trainCommand(): Command {
  return new Command('train')
    .description('train a detector on pictures with a COCO instances file')
    .option('--model <name>', 'which detector, by torchvision’s name (fasterrcnn_resnet50_fpn)')
    .option('--train-annotations <file>', 'COCO instances file to train on')
    .option('--train-images <dir>', 'folder of its images')
    .option('--val-annotations <file>', 'COCO instances file to evaluate on')
    .option('--val-images <dir>', 'folder of its images')
    .option('--skip-invalid', 'leave out invalid images and annotations, and list them in left-out.json')
    .option('--output <dir>', 'folder of the run: configuration, metrics, checkpoints, report.html')
    .option('--config <file>', 'YAML file with the keys below; a run’s config.yaml is one')
    .option('--set <key=value>', 'set one of the keys below; may be repeated', collect)
    .option('--iterations <n>', 'optimizer steps', wholeNumber(1))
    .option(
      '--weights <weights>',
      'start weights: a file or checkpoint of a detector or an image classifier, or torchvision’s by name: COCO_V1, IMAGENET1K_V1',
    )
    .option('--resume', 'go on with the run in the output folder')
    .addHelpText('after', () => {
      const { configurationHelp } = require('../config/help') as typeof Help;
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
