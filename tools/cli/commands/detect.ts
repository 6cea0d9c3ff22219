import { Command } from 'commander';
import type * as RunDetect from '../run-detect';
import { fraction, given, NORM_EPSILON_OPTION, PUBLISHED_WEIGHTS_HELP, WEIGHTS_HELP } from '../options';

/** Users look at the sure ones; torchvision's own examples draw from 0.5 on too. */
const DEFAULT_SCORE_THRESHOLD = 0.5;

/** `rcnn detect`. */
export function detectCommand(): Command {
  return new Command('detect')
    .description('find objects in pictures')
    .argument('<image-or-dir...>', 'pictures, or folders of pictures')
    .option('--model <name>', 'which detector; a checkpoint of our own names its model')
    .option('--weights <weights>', WEIGHTS_HELP)
    .option(...NORM_EPSILON_OPTION)
    .option(
      '--score-threshold <t>',
      'leave out detections with a lower score',
      fraction,
      DEFAULT_SCORE_THRESHOLD,
    )
    .option('--json <file>', 'write the detections as JSON, in full precision')
    .option('--output <dir>', 'write the pictures with boxes drawn to this folder')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn detect --weights runs/first/best photo.jpg
  $ rcnn detect --weights runs/first/best --json found.json --output detected pictures/
  $ rcnn detect --model fasterrcnn_resnet50_fpn --weights COCO_V1 photo.jpg
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action(
      async (
        paths: string[],
        options: Omit<RunDetect.DetectCommandOptions, 'paths' | 'weights'> & { weights?: string },
      ) => {
        const { runDetect } = require('../run-detect') as typeof RunDetect;
        await runDetect({ ...options, weights: given(options.weights, '--weights FILE'), paths });
      },
    );
}
