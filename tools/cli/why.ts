import type { Command } from 'commander';
import { explainPicture, type WhyOptions } from '../why/run-why';
import { requireFileName } from '../terminal/output-files';
import {
  addDetectorOptions,
  PUBLISHED_WEIGHTS_HELP,
  requiredOption,
  wholeNumber,
  type DetectorOptions,
} from './options';

interface WhyCommandOptions extends DetectorOptions {
  readonly annotations?: string;
  readonly images?: string;
  readonly output?: string;
  readonly json?: string;
  readonly seed: number;
}

/** `rcnn why`. */
export function whyCommand(command: Command): void {
  addDetectorOptions(
    command.argument('<picture>', 'the picture, by its file name in the annotations or its id'),
  )
    .option('--annotations <file>', 'COCO instances file')
    .option('--images <dir>', 'folder of its images')
    .option('--output <file>', 'write a page with pictures to this file')
    .option('--json <file>', 'write the decisions and their losses as JSON')
    .option('--seed <n>', 'what is sampled, where the detector samples', wholeNumber(0), 0)
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn why --weights runs/first/best --annotations val.json --images images --output why.html 000123.jpg

Shows why a detector's losses of an annotated picture are what they are: which anchors, places or proposals were to find which
object, which were sampled, what the heads said of them, and what each object adds to each loss. docs/why.md explains the page.
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action((picture: string, options: WhyCommandOptions) => runWhy(picture, options));
}

async function runWhy(
  picture: string,
  { weights, annotations, images, output, json, seed, ...given }: WhyCommandOptions,
): Promise<void> {
  const inputs = [annotations, picture].filter((input) => input !== undefined);
  if (output !== undefined) requireFileName('--output', output, inputs);
  if (json !== undefined) requireFileName('--json', json, inputs);
  const options: WhyOptions = {
    weights: requiredOption(weights, '--weights FILE'),
    annotations: requiredOption(annotations, '--annotations FILE'),
    images: requiredOption(images, '--images DIR'),
    picture,
    seed,
    output,
    json,
    given,
  };
  await explainPicture(options);
}
