import { Command } from 'commander';
import type * as RunCheck from '../run-check';
import { given } from '../options';

/** `rcnn check`. */
export function checkCommand(): Command {
  return new Command('check')
    .description('check a data set as training does before its first step, and decode each picture')
    .option('--annotations <file>', 'COCO instances file')
    .option('--images <dir>', 'folder of its images')
    .option('--skip-invalid', 'say what training with --skip-invalid would leave out')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn check --annotations train.json --images images
  $ rcnn check --annotations train.json --images images --skip-invalid

Exit status 2 means that training would refuse the set: everything that is wrong is listed, the first 20 of each kind.
docs/data.md says what is checked.`,
    )
    .action(async ({ annotations, images, skipInvalid }: Partial<RunCheck.CheckCommandOptions>) => {
      const { runCheck } = require('../run-check') as typeof RunCheck;
      await runCheck({
        annotations: given(annotations, '--annotations FILE'),
        images: given(images, '--images DIR'),
        ...(skipInvalid !== undefined && { skipInvalid }),
      });
    });
}
