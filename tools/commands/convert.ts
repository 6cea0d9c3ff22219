import { Command } from 'commander';
import type * as RunConvert from '../run-convert';

/** `rcnn convert`. */
export function convertCommand(): Command {
  return new Command('convert')
    .description('convert a file of weights; names, types and values stay as they are')
    .argument('<in>', 'PyTorch (.pth), detectron2 (.pkl), safetensors, or a run’s checkpoint folder')
    .argument('<out>', 'file to write: .safetensors, or .pth for PyTorch')
    .addHelpText(
      'after',
      `
The content of the file tells its format. Nothing in it is ever run: a file that holds more than data is refused.

Examples:
  $ rcnn convert resnet50.pth resnet50.safetensors
  $ rcnn convert runs/first/best detector.pth`,
    )
    .action((input: string, output: string) => {
      const { runConvert } = require('../run-convert') as typeof RunConvert;
      runConvert({ input, output });
    });
}
