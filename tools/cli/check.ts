import type { Command } from 'commander';
import { ProblemList } from '../../datasets/coco/problems';
import { terminalText } from '../terminal/terminal-text';
import { checkedSet, leftOutCounts, requireObjects } from '../run/training-data';
import { requiredOption } from './options';

interface CheckCommandOptions {
  readonly annotations: string;
  readonly images: string;
  readonly skipInvalid?: boolean;
}

/** `rcnn check`. */
export function checkCommand(command: Command): void {
  command
    .option('--annotations <file>', 'COCO instances file')
    .option('--images <dir>', 'folder of its images')
    .option('--skip-invalid', 'list what training with --skip-invalid would leave out')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn check --annotations train.json --images images
  $ rcnn check --annotations train.json --images images --skip-invalid

Exit status 2 means that training would refuse the set: everything that is wrong is listed, the first 20 of each kind.
docs/data.md says what is checked.`,
    )
    .action((options: Partial<CheckCommandOptions>) =>
      runCheck({
        ...options,
        annotations: requiredOption(options.annotations, '--annotations FILE'),
        images: requiredOption(options.images, '--images DIR'),
      }),
    );
}

/**
 * Checks a data set as training does before its first step, and decodes each picture. Prints a summary.
 *
 * @throws InputError with everything that is wrong.
 */
async function runCheck({ annotations, images, skipInvalid = false }: CheckCommandOptions): Promise<void> {
  const set = await checkedSet(annotations, images, { skipInvalid, decodeAll: true });
  requireObjects(set);
  const leftOut = new ProblemList();
  for (const problem of set.leftOut.problems) leftOut.add(problem);
  const lines = [
    `images:     ${set.images.length}`,
    `boxes:      ${set.annotations.length}`,
    `categories: ${set.categories.length}`,
    ...set.notes.map((note) => `note: ${note}`),
    ...(leftOut.isEmpty ? [] : [`left out: ${leftOutCounts(set)}`]),
    ...leftOut.lines().map((line) => `  ${line}`),
  ];
  process.stdout.write(`${terminalText(lines.join('\n'))}\n`);
}
