import { Command } from 'commander';
import type * as RunFindLr from '../run-find-lr';
import { addConfigurationOptions, positive } from '../options';

/** fastai's lr_find. */
const DEFAULT_FROM = 1e-7;
const DEFAULT_TO = 10;

/** `rcnn find-lr`. */
export function findLrCommand(): Command {
  const command = new Command('find-lr').description(
    'find a learning rate: train while it rises until the loss explodes, and see where the loss falls fastest',
  );
  return addConfigurationOptions(command)
    .option('--from <lr>', 'the first learning rate', positive, DEFAULT_FROM)
    .option('--to <lr>', 'the last learning rate', positive, DEFAULT_TO)
    .option('--output <page>', 'write a page with a chart: a file that ends in .html, or a folder for it')
    .option('--json <file>', 'write learning rates and losses')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn find-lr --model fasterrcnn_resnet18_fpn --weights IMAGENET1K_V1 \\
      --train-annotations train.json --train-images images --output learning-rate.html
  $ rcnn find-lr --config runs/first/config.yaml --set optimizer.type=adamw

Takes what rcnn train takes, and prints what to give it: --set optimizer.lr=... It takes 100 steps, or --iterations, keeps no
weights and evaluates nothing. docs/training.md says how to read the chart.`,
    )
    .action(async (options: RunFindLr.FindLrCommandOptions) => {
      const { runFindLr } = require('../run-find-lr') as typeof RunFindLr;
      await runFindLr(options);
    });
}
