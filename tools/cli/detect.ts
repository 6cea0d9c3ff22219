import type { Command } from 'commander';
import { runDetect } from '../detect/run-detect';
import { openDetector } from '../run/open-detector';
import {
  fraction,
  requiredOption,
  modelOption,
  NORM_EPSILON_OPTION,
  PUBLISHED_WEIGHTS_HELP,
  WEIGHTS_HELP,
} from './options';

interface DetectCommandOptions {
  readonly model?: string;
  readonly weights?: string;
  readonly normEpsilon?: number;
  readonly scoreThreshold: number;
  readonly json?: string;
  readonly output?: string;
}

/** Users look at the sure ones; torchvision's own examples draw from 0.5 on too. */
const DEFAULT_SCORE_THRESHOLD = 0.5;

/** `rcnn detect`. */
export function detectCommand(command: Command): void {
  command
    .argument('<image-or-dir...>', 'pictures, or folders of pictures')
    .option(...modelOption('which detector; a checkpoint of rcnn train names its model'))
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
    .action(async (paths: string[], { model, weights, normEpsilon, ...job }: DetectCommandOptions) => {
      const given = requiredOption(weights, '--weights FILE');
      const open = () => openDetector(given, { model, normEpsilon });
      process.stdout.write(await runDetect({ ...job, paths }, open));
    });
}
