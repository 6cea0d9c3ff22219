import { Command, Option } from 'commander';
import type * as RunEvaluate from '../run-evaluate';
import { given, NORM_EPSILON_OPTION, PUBLISHED_WEIGHTS_HELP, WEIGHTS_HELP } from '../options';

/** `rcnn evaluate`, both of a detector and of a file of detections. */
export function evaluateCommand(): Command {
  return new Command('evaluate')
    .description('compute average precision as pycocotools does, of a detector or of a file of detections')
    .option('--model <name>', 'which detector; a checkpoint of our own names its model')
    .option('--weights <weights>', WEIGHTS_HELP)
    .option(...NORM_EPSILON_OPTION)
    .option('--annotations <file>', 'COCO instances file with the truth')
    .option('--images <dir>', 'folder of its images')
    .option('--detections <file>', 'COCO results file to evaluate instead of a detector')
    .addOption(
      new Option('--iou-type <type>', 'overlap of boxes or of masks')
        .choices(['bbox', 'segm'])
        .default('bbox'),
    )
    .option('--json <file>', 'also write the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn evaluate --weights runs/first/best --annotations val.json --images images
  $ rcnn evaluate --annotations val.json --detections results.json --json scores.json
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action(
      async (options: Omit<RunEvaluate.EvaluateCommandOptions, 'annotations'> & { annotations?: string }) => {
        const { runEvaluate } = require('../run-evaluate') as typeof RunEvaluate;
        await runEvaluate({ ...options, annotations: given(options.annotations, '--annotations FILE') });
      },
    );
}
