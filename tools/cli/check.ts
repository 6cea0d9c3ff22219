import type { Command } from 'commander';
import type { CocoAnnotation, CocoDataset } from '../../datasets/coco/annotations';
import { ProblemList } from '../../datasets/coco/problems';
import { saysNoMask } from '../../datasets/coco/masks/segmentation';
import { shapeNotes } from '../../datasets/coco/shape-notes';
import { namedModel } from '../config/model-name';
import { terminalText } from '../terminal/terminal-text';
import { duplicateLines } from '../run/duplicate-pictures';
import { describeFit, givenDetector } from '../run/detector-fit';
import { openDetector } from '../run/open-detector';
import { repairSet } from '../run/repair-set';
import { possibleRepairs } from '../run/repairs';
import { checkedSet, leftOutCounts, requireObjects } from '../run/training-data';
import { InputError } from '../../detection/errors';
import { requireFileName } from '../terminal/output-files';
import { findSuspects } from '../why/run-suspects';
import { addDetectorOptions, requiredOption, wholeNumber, type DetectorOptions } from './options';

interface CheckCommandOptions extends DetectorOptions {
  readonly annotations: string;
  readonly images: string;
  readonly skipInvalid?: boolean;
  readonly repair?: string;
  readonly against?: string;
  readonly againstImages?: string;
  readonly json?: string;
  readonly output?: string;
  readonly draws: number;
}

/** `rcnn check`. */
export function checkCommand(command: Command): void {
  addDetectorOptions(command)
    .option('--annotations <file>', 'COCO instances file')
    .option('--images <dir>', 'folder of its images')
    .option(
      '--skip-invalid',
      'list what training with --skip-invalid would leave out; with --repair, leave it out',
    )
    .option(
      '--repair <file>',
      'write the annotations with everything put right that has one meaning, and list it',
    )
    .option(
      '--against <file>',
      'also list the pictures that stand in this COCO instances file too, or nearly',
    )
    .option('--against-images <dir>', 'folder of its images, if it is another')
    .option('--json <file>', 'with --weights: write all objects and images, ranked by their losses, as JSON')
    .option('--output <file>', 'with --weights: write a page with the most suspicious ones to this file')
    .option(
      '--draws <n>',
      'with --weights: how often a detector that samples does so for each image; losses are means',
      wholeNumber(1),
      2,
    )
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn check --annotations train.json --images images
  $ rcnn check --annotations train.json --images images --repair clean.json
  $ rcnn check --annotations train.json --images images --skip-invalid
  $ rcnn check --annotations train.json --images images --against val.json
  $ rcnn check --annotations val.json --images images --weights runs/first/best --output suspects.html

Masks and keypoints are checked too, unless --model or --weights name a detector that finds boxes alone.
With --weights it says how the set suits a detector: which categories they have in common, and how large pictures and objects
are when the detector resizes them, and ranks objects, places that look like missing ones, and images by the losses that the detector
has of them: what is at the top may be wrong.

Exit status 2 means that training would refuse the set: everything that is wrong is listed, the first 20 of each kind.
--repair writes a file that training takes, or none: where something could mean several things, it says so and exits with 2.
docs/data.md says what is checked, and what is put right.`,
    )
    .action((options: Partial<CheckCommandOptions> & { draws: number }) =>
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
async function runCheck({
  annotations,
  images,
  skipInvalid = false,
  repair,
  against,
  againstImages = images,
  weights,
  json,
  output: page,
  draws,
  ...given
}: CheckCommandOptions): Promise<void> {
  const inputs = [annotations, ...(weights === undefined ? [] : [weights])];
  for (const [option, file] of [
    ['--json', json],
    ['--output', page],
  ] as const) {
    if (file === undefined) continue;
    if (weights === undefined || repair !== undefined) {
      throw new InputError(
        'options-conflict',
        `${option}: what it gets is ranked by the losses of a detector; it goes with --weights, and not with --repair`,
      );
    }
    requireFileName(option, file, inputs);
  }
  const print = (lines: readonly string[]): void => {
    process.stdout.write(`${terminalText(lines.join('\n'))}\n`);
  };
  const detector = weights === undefined ? undefined : await givenDetector(weights, given);
  const definition = detector?.definition ?? namedModel(given.model);
  // Without a detector: of whatever is to be trained.
  const needs = definition?.needs ?? ['masks', 'keypoints'];
  const printSet = (set: CocoDataset, more: readonly string[] = []): void => {
    print([...summary(set), ...more]);
    if (detector !== undefined) print(describeFit(set, detector));
  };
  if (repair !== undefined) {
    const options = { annotations, images, skipInvalid, needs, output: repair };
    const { set, write } = await repairSet(options, print);
    // It may refuse, and nothing is written then.
    printSet(set);
    write();
    print([`written:    ${repair}`]);
    return;
  }
  const set = await checkedSet(annotations, images, { skipInvalid, needs, decodeAll: true });
  requireObjects(set);
  const other = against === undefined ? undefined : await checkedSet(against, againstImages, { skipInvalid });
  const possible = await possibleRepairs(annotations, images);
  printSet(set, [
    ...(possible === undefined ? [] : [possible]),
    ...(other ? await duplicateLines(set, other) : []),
  ]);
  if (weights === undefined) return;
  const loaded = await openDetector(weights, given);
  try {
    print(await findSuspects(set, loaded, { weights, draws, json, page }));
  } finally {
    loaded.model.dispose();
  }
}

function summary(set: CocoDataset): string[] {
  const leftOut = new ProblemList();
  for (const problem of set.leftOut.problems) leftOut.add(problem);
  return [
    `images:     ${set.images.length}`,
    `boxes:      ${set.annotations.length}`,
    ...countLine('masks:      ', set, ({ segmentation }) => !saysNoMask(segmentation)),
    ...countLine('keypoints:  ', set, ({ keypoints }) => keypoints !== undefined),
    `categories: ${set.categories.length}`,
    ...[...set.notes, ...shapeNotes(set)].map((note) => `note: ${note}`),
    ...(leftOut.isEmpty ? [] : [`left out: ${leftOutCounts(set)}`]),
    ...leftOut.lines().map((line) => `  ${line}`),
  ];
}

/** Of how many objects something is known; no line where it is of none. */
function countLine(
  title: string,
  { annotations }: CocoDataset,
  isKnown: (annotation: CocoAnnotation) => boolean,
): string[] {
  const count = annotations.filter(isKnown).length;
  return count === 0 ? [] : [`${title}${count}`];
}
