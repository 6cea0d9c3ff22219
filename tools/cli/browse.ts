import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { InputError } from '../../detection/errors';
import { browseAugmented, browseSet, type BrowseOptions } from '../browse/run-browse';
import { planConfiguration, type PlannedConfiguration } from '../config/complete';
import { configurationSources } from '../config/configuration-options';
import { loadConfiguration } from '../config/load';
import { openDetector } from '../run/open-detector';
import { requireFileName } from '../terminal/output-files';
import {
  addDetectorOptions,
  collect,
  fraction,
  PUBLISHED_WEIGHTS_HELP,
  requiredOption,
  wholeNumber,
  type DetectorOptions,
} from './options';

interface BrowseCommandOptions extends DetectorOptions {
  readonly annotations?: string;
  readonly images?: string;
  readonly detections?: string;
  readonly scoreThreshold?: number;
  readonly output?: string;
  /** True without a number. */
  readonly serve?: number | true;
  readonly limit?: number;
  readonly pictureSize?: number;
  readonly augmented?: boolean;
  readonly config?: string;
  readonly set?: readonly string[];
}

/** As the report's. */
const DEFAULT_SCORE_THRESHOLD = 0.5;
const MAX_PORT = 65535;

/** `rcnn browse`. */
export function browseCommand(command: Command): void {
  addDetectorOptions(
    command
      .option('--annotations <file>', 'COCO instances file')
      .option('--images <dir>', 'folder of its images')
      .option('--output <file>', 'write the page, with the pictures in it, to this file')
      .option('--serve [port]', 'serve the page and the pictures to this machine, until Ctrl-C', portNumber)
      .option(
        '--limit <n>',
        'show at most so many pictures, the worst; with --augmented the first',
        wholeNumber(1),
      )
      .option('--picture-size <n>', 'longer side of the pictures in the page, pixels', wholeNumber(16)),
  )
    .option('--detections <file>', 'COCO results file to show instead of what a detector finds')
    .option(
      '--score-threshold <t>',
      `detections with a lower score do not count when the page opens (${DEFAULT_SCORE_THRESHOLD})`,
      fraction,
    )
    .option('--augmented', 'show the pictures that a training sees, as its loader makes them')
    .option('--config <file>', 'with --augmented: YAML file with keys of the configuration')
    .option('--set <key=value>', 'with --augmented: set a key of the configuration; may be repeated', collect)
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn browse --annotations train.json --images images --output train.html
  $ rcnn browse --annotations val.json --images images --weights runs/first/best --output val.html
  $ rcnn browse --annotations val.json --images images --detections found.json --serve
  $ rcnn browse --augmented --config runs/first/config.yaml --output augmented.html

The page shows pictures with their objects and, where there are any, detections with what is wrong with them, worst first. It
also opens sets that rcnn check refuses, and shows where the problems are. ? in the page lists its keys.
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action((options: BrowseCommandOptions) => runBrowse(options));
}

async function runBrowse(options: BrowseCommandOptions): Promise<void> {
  const { annotations, images, detections, config, set, augmented = false } = options;
  if (augmented) {
    refuse(
      options,
      ['weights', 'detections', 'scoreThreshold', 'normEpsilon', 'minSize', 'maxSize', 'precision'],
      '--augmented',
    );
    const configuration = configurationOf(options);
    const { trainAnnotations } = configuration.data;
    return browseAugmented(configuration, browseOptions(options, [trainAnnotations, config]));
  }
  if (config !== undefined || set !== undefined) {
    throw new InputError(
      'options-conflict',
      '--config and --set configure a training: they go with --augmented',
    );
  }
  if (detections !== undefined) {
    refuse(options, ['model', 'weights', 'normEpsilon', 'minSize', 'maxSize', 'precision'], '--detections');
  }
  const { weights, scoreThreshold: minScore = DEFAULT_SCORE_THRESHOLD } = options;
  if (weights === undefined && detections === undefined) {
    refuse(
      options,
      ['model', 'normEpsilon', 'minSize', 'maxSize', 'precision', 'scoreThreshold'],
      'a page without --weights or --detections',
    );
  }
  const toBrowse = {
    annotations: requiredOption(annotations, '--annotations FILE'),
    images: requiredOption(images, '--images DIR'),
    detections: weights === undefined ? detections : () => openDetector(weights, options),
    minScore,
  };
  await browseSet(toBrowse, browseOptions(options, [annotations, detections]));
}

const spellings = {
  weights: '--weights',
  detections: '--detections',
  scoreThreshold: '--score-threshold',
  model: '--model',
  normEpsilon: '--norm-epsilon',
  minSize: '--min-size',
  maxSize: '--max-size',
  precision: '--precision',
} as const satisfies Partial<Record<keyof BrowseCommandOptions, string>>;

function refuse(
  options: BrowseCommandOptions,
  names: readonly (keyof typeof spellings)[],
  beside: string,
): void {
  const given = names.filter((name) => options[name] !== undefined).map((name) => spellings[name]);
  if (given.length === 0) return;
  throw new InputError(
    'options-conflict',
    `${given.join(', ')}: of no use with ${beside}; leave out one or the other`,
  );
}

/** @throws InputError where there is no place for the page */
function browseOptions(
  { output, serve, limit, pictureSize }: BrowseCommandOptions,
  inputs: readonly (string | undefined)[],
): BrowseOptions {
  const shared = { limit, pictureSize };
  if (serve !== undefined && output !== undefined) {
    throw new InputError('options-conflict', '--output and --serve: give one of them');
  }
  if (serve !== undefined) return { ...shared, output: { port: serve === true ? 0 : serve } };
  const file = requiredOption(output, '--output FILE or --serve');
  requireFileName(
    '--output',
    file,
    inputs.filter((input) => input !== undefined),
  );
  return { ...shared, output: { file } };
}

function configurationOf({
  model,
  annotations,
  images,
  config,
  set,
}: BrowseCommandOptions): PlannedConfiguration {
  return planConfiguration(
    loadConfiguration(
      configurationSources({ model, config, set, trainAnnotations: annotations, trainImages: images }),
    ),
  );
}

function portNumber(text: string): number {
  const port = wholeNumber(0)(text);
  if (port > MAX_PORT) throw new InvalidArgumentError(`It has to be at most ${MAX_PORT}.`);
  return port;
}
