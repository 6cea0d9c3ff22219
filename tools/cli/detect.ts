import type { Command } from 'commander';
import { runDetect } from '../detect/run-detect';
import { openDetector } from '../run/open-detector';
import {
  addDetectorOptions,
  fraction,
  requiredOption,
  PUBLISHED_WEIGHTS_HELP,
  type DetectorOptions,
} from './options';

interface DetectCommandOptions extends DetectorOptions {
  readonly scoreThreshold: number;
  readonly json?: string;
  readonly output?: string;
}

/** Users look at the sure ones; torchvision's own examples draw from 0.5 on too. */
const DEFAULT_SCORE_THRESHOLD = 0.5;

/** `rcnn detect`. */
export function detectCommand(command: Command): void {
  addDetectorOptions(command.argument('<image-or-dir...>', 'pictures, or folders of pictures'))
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
    .action(async (paths: string[], options: DetectCommandOptions) => {
      const { scoreThreshold, json, output, ...given } = options;
      const weights = requiredOption(given.weights, '--weights FILE');
      const open = () => openDetector(weights, given);
      process.stdout.write(await runDetect({ paths, scoreThreshold, json, output }, open));
    });
}
