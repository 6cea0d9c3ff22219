import { Command } from 'commander';
import type * as RunConvert from '../run-convert';
import { PUBLISHED_WEIGHTS_HELP } from '../options';

/** `rcnn convert`. */
export function convertCommand(): Command {
  return new Command('convert')
    .description('convert a file of weights; names, types and values stay as they are')
    .argument(
      '<in>',
      'PyTorch (.pth), detectron2 (.pkl), safetensors, a run’s checkpoint folder, or COCO_V1: torchvision’s',
    )
    .argument('<out>', 'file to write: .safetensors, or .pth for PyTorch')
    .option('--model <name>', 'whose weights COCO_V1 is to be; files need none')
    .addHelpText(
      'after',
      `
The content of the file tells its format. Nothing in it is ever run: a file that holds more than data is refused.

Examples:
  $ rcnn convert resnet50.pth resnet50.safetensors
  $ rcnn convert runs/first/best detector.pth
  $ rcnn convert --model fasterrcnn_resnet50_fpn COCO_V1 fasterrcnn.safetensors
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action(async (input: string, output: string, { model }: { model?: string }) => {
      const { runConvert } = require('../run-convert') as typeof RunConvert;
      await runConvert({ input, output, model });
    });
}
