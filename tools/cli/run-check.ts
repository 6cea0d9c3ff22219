import { ProblemList } from '../../datasets/coco/problems';
import { terminalText } from '../terminal/terminal-text';
import { checkedSet, leftOutCounts, requireObjects } from '../run/training-data';

export interface CheckCommandOptions {
  readonly annotations: string;
  readonly images: string;
  readonly skipInvalid?: boolean;
}

/**
 * Checks a data set as training does before its first step, and decodes each picture. Prints a summary.
 *
 * @throws InputError with everything that is wrong.
 */
export async function runCheck({
  annotations,
  images,
  skipInvalid = false,
}: CheckCommandOptions): Promise<void> {
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
