import { InvalidArgumentError, Option, type Command } from 'commander';
import { precisionChoices } from '../../detection/backend/node-precision';
import { InputError } from '../../detection/errors';
import { givenModel } from '../config/model-file';
import type { GivenDetector } from '../run/open-detector';

/** Parses a whole number of at least `least`, for commander. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`It has to be a whole number, ${least} or more.`);
    }
    return value;
  };
}

/** The option that names a model, or the file of one; its value is the model's name. */
export function modelOption(about: string) {
  return [
    '--model <name>',
    `${about}, or a JavaScript file that exports one (./model.js)`,
    givenModel,
  ] as const;
}

/** Adds the options that put a configuration together, for `configurationSources`. */
export function addConfigurationOptions(command: Command): Command {
  return command
    .option(...modelOption('which detector, by torchvision’s name (fasterrcnn_resnet50_fpn)'))
    .option('--train-annotations <file>', 'COCO instances file to train on')
    .option('--train-images <dir>', 'folder of its images')
    .option('--val-annotations <file>', 'COCO instances file to evaluate on')
    .option('--val-images <dir>', 'folder of its images')
    .option(
      '--skip-invalid',
      'leave out invalid images, and images with invalid annotations; left-out.json lists them',
    )
    .option('--config <file>', 'YAML file with keys of the configuration; a run’s config.yaml is one')
    .option('--set <key=value>', 'set a key of the configuration; may be repeated', collect)
    .option('--iterations <n>', 'optimizer steps', wholeNumber(1))
    .option(
      '--epochs <e>',
      'passes over the training set, instead of --iterations; 0.5 is half of one',
      positive,
    )
    .option('--precision <what>', 'what layers compute in: float32 (default), bfloat16 or auto')
    .option('--on-divergence <what>', 'when a loss or a gradient is not finite: stop, skip or rollback')
    .option(
      '--weights <weights>',
      'initial weights: a file or checkpoint of a detector or an image classifier, or torchvision’s by name: COCO_V1, IMAGENET1K_V1',
    );
}

/** Parses a number from 0 to 1, for commander. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError('It has to be a number from 0 to 1.');
  }
  return value;
}

/** Parses a number above 0, for commander. */
export function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value < Infinity)) {
    throw new InvalidArgumentError('It has to be a number above 0.');
  }
  return value;
}

/** Parses a number of at least 0, for commander. */
export function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value < Infinity)) {
    throw new InvalidArgumentError('It has to be a number, 0 or more.');
  }
  return value;
}

/** What the options of `addDetectorOptions` come to. */
export interface DetectorOptions extends GivenDetector {
  readonly weights?: string;
}

/** Adds the options that say which detector is to detect, and how it takes pictures and computes. */
export function addDetectorOptions(command: Command): Command {
  return addWeightsOptions(command).addOption(
    new Option(
      '--precision <what>',
      'what layers compute in (default: float32); auto: bfloat16 where the processor has AMX or avx512_bf16',
    ).choices(precisionChoices),
  );
}

/** The same for a detector that detects elsewhere. */
export function addWeightsOptions(command: Command): Command {
  return command
    .option(...modelOption('which detector; a checkpoint of rcnn train names its model'))
    .option('--weights <weights>', WEIGHTS_HELP)
    .option(...NORM_EPSILON_OPTION)
    .option(
      '--min-size <n>',
      'shorter side of the pictures after resizing, pixels; needed for files that do not say at which size they were trained',
      wholeNumber(1),
    )
    .option('--max-size <n>', 'longer side of the pictures after resizing at most, pixels', wholeNumber(1));
}

/** What `--weights` takes to detect with. */
const WEIGHTS_HELP = 'a file, a run’s checkpoint folder (runs/x/best), or COCO_V1: torchvision’s';

/** The option of commands that take weights that somebody may have fine-tuned in Python. */
const NORM_EPSILON_OPTION = [
  '--norm-epsilon <e>',
  'epsilon of batch normalization; 0 for what was fine-tuned in Python from COCO_V1 of fasterrcnn_resnet50_fpn',
  notNegative,
] as const;

/** About weights that are downloaded, for the end of a help text. */
export const PUBLISHED_WEIGHTS_HELP = `
torchvision’s weights are COCO_V1 (detectors) and IMAGENET1K_V1, IMAGENET1K_V2 (classifiers, to train from). They are
downloaded once, to the folder weights in FASTER_RCNN_CACHE (~/.cache/faster-rcnn); FASTER_RCNN_WEIGHTS_URL
names a mirror. docs/weights.md lists them.`;

/** Collects the values of an option that may be given several times, for commander. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/**
 * The value of an option that has to be given. Commander's own check would come before that for misspelled options, and
 * hide its suggestion.
 */
export function requiredOption(value: string | undefined, option: string): string {
  if (value === undefined)
    throw new InputError('option-missing', `${option} is missing; --help explains it`, {
      option: option.split(' ')[0],
    });
  return value;
}
