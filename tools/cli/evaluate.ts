import { Option, type Command } from 'commander';
import { evaluateDetections } from '../../datasets/evaluation/evaluate';
import { unmeasuredNote } from '../../datasets/evaluation/evaluate-tasks';
import { evaluationsJson, formatEvaluations } from '../../datasets/evaluation/format';
import {
  formatOperatingPoints,
  operatingPointsJson,
} from '../../datasets/evaluation/thresholds/format-operating-points';
import { operatingPoints } from '../../datasets/evaluation/thresholds/operating-points';
import { federatedNotes } from '../../datasets/evaluation/matching/federated';
import { keypointSigmas } from '../../datasets/evaluation/keypoint-sigmas';
import { TASK_NAMES } from '../../datasets/evaluation/parameters';
import { readFound } from '../../datasets/evaluation/truth/read-found';
import { readTruth } from '../../datasets/evaluation/truth/read-truth';
import { InputError } from '../../detection/errors';
import { pluralize } from '../terminal/pluralize';
import { requireFileName, writeJson } from '../terminal/output-files';
import { logLine } from '../terminal/progress';
import { terminalText } from '../terminal/terminal-text';
import { thresholdGoal } from '../run/operating-thresholds';
import { ignoringRegions } from '../run/ignore-regions';
import { requireKeypoints, sigmaList } from '../run/evaluation-tasks';
import {
  evaluateShare,
  evaluateWithDetector,
  type Evaluated,
  type EvaluateCommandOptions,
} from './evaluate-detector';
import { addInferenceOptions, asksForInference } from './inference-options';
import { parseShard, SHARD_HELP } from '../shards/shard';
import { addDetectorOptions, collect, requiredOption, PUBLISHED_WEIGHTS_HELP } from './options';

/** `rcnn evaluate`, both of a detector and of a file of detections. */
export function evaluateCommand(command: Command): void {
  addInferenceOptions(addDetectorOptions(command))
    .option('--annotations <file>', 'COCO instances file with the ground truth')
    .option('--images <dir>', 'folder of its images')
    .option('--detections <file>', 'COCO results file to evaluate instead of a detector')
    .addOption(
      new Option(
        '--iou-type <type>',
        'overlap of boxes, of masks or of keypoints (default: boxes of a file, all that a detector finds)',
      ).choices(Object.keys(TASK_NAMES)),
    )
    .option(
      '--keypoint-sigmas <numbers>',
      "how far people put each keypoint apart, in parts of an object's size: 0.05,0.1,... (default: the file's " +
        '"sigmas", those of COCO for its 17 keypoints, 0.05 for others)',
      sigmaList,
    )
    .option('--json <file>', 'also write the result as JSON')
    .option(
      '--ignore-category <name>',
      'count neither as right nor as wrong what is found in objects of this category; may be repeated',
      collect,
    )
    .option('--shard <i/n>', SHARD_HELP, parseShard)
    .addOption(
      new Option(
        '--thresholds [goal]',
        'find a score threshold for each category and store it with the weights, for detect --score-threshold auto: ' +
          'f1 for the best F1, precision=0.9 for that precision',
      )
        .preset('f1')
        .argParser(thresholdGoal),
    )
    .option('--output <file>', 'with --thresholds: write weights and thresholds to this .safetensors instead')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn evaluate --annotations val.json --detections results.json --iou-type segm
  $ rcnn evaluate --weights runs/first/best --annotations val.json --images images
  $ rcnn evaluate --annotations val.json --detections results.json --json scores.json
  $ rcnn evaluate --weights runs/first/best --annotations val.json --images images --thresholds
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action((options: Omit<EvaluateCommandOptions, 'annotations'> & { annotations?: string }) =>
      runEvaluate({
        ...options,
        annotations: requiredOption(options.annotations, '--annotations FILE'),
      }),
    );
}

/** Prints average precision as pycocotools does, and a row for each category. */
async function runEvaluate(options: EvaluateCommandOptions): Promise<void> {
  const { annotations, detections } = options;
  requireThresholdOptions(options);
  if (options.json !== undefined) {
    requireFileName('--json', options.json, [annotations, ...(detections === undefined ? [] : [detections])]);
  }
  if (options.shard) return evaluateShare(options, options.shard, requireShardOptions(options));
  const { evaluations, points } =
    detections === undefined ? await evaluateWithDetector(options) : await ofFile(options, detections);
  const [{ numOfUnknownCategory }] = evaluations;
  if (numOfUnknownCategory > 0) {
    const found = pluralize(numOfUnknownCategory, 'detection is', 'detections are');
    logLine(`${found} of categories that ${annotations} lacks`);
  }
  if (options.json !== undefined) {
    const json = {
      ...evaluationsJson(evaluations),
      ...(points && { thresholds: operatingPointsJson(points) }),
    };
    writeJson(options.json, json);
  }
  process.stdout.write(`${terminalText(formatEvaluations(evaluations))}\n`);
  if (points) process.stdout.write(`\n${terminalText(formatOperatingPoints(points, options.thresholds!))}\n`);
}

/** The file that a share is written to. @throws InputError where there is none, or something takes all shares. */
function requireShardOptions({ json, thresholds, detections }: EvaluateCommandOptions): string {
  if (json !== undefined && thresholds === undefined && detections === undefined) return json;
  throw new InputError(
    'options-conflict',
    '--shard takes --json FILE, for rcnn merge-results, and neither --thresholds nor --detections, which are for all pictures',
  );
}

/** @throws InputError where there is no place for thresholds, or they are not of boxes. */
function requireThresholdOptions({ thresholds, output, detections, iouType }: EvaluateCommandOptions): void {
  if (output !== undefined && (thresholds === undefined || detections !== undefined)) {
    throw new InputError(
      'options-conflict',
      '--output is the file for weights with the thresholds of --thresholds; leave it out',
    );
  }
  if (thresholds !== undefined && iouType !== undefined && iouType !== 'bbox') {
    throw new InputError('options-conflict', `--thresholds goes by boxes; leave out --iou-type ${iouType}`);
  }
}

async function ofFile(options: EvaluateCommandOptions, file: string): Promise<Evaluated> {
  const {
    annotations,
    iouType = 'bbox',
    keypointSigmas: givenSigmas,
    ignoreCategory,
    thresholds,
    model,
    weights,
    normEpsilon,
    minSize,
    maxSize,
    precision,
    images,
  } = options;
  const ofDetector = [model, weights, normEpsilon, minSize, maxSize, precision, images];
  if (ofDetector.some((option) => option !== undefined) || asksForInference(options)) {
    throw new InputError(
      'options-conflict',
      '--detections evaluates a file; leave out --images and the options of a detector: --model, --weights, ' +
        '--norm-epsilon, --min-size, --max-size, --precision, and those of how pictures are shown to it (--tile ...)',
    );
  }
  requireKeypoints(iouType === 'keypoints', givenSigmas);
  const truth = await readTruth(annotations, iouType);
  for (const note of truth.dataset.notes) logLine(`${annotations}: ${note}`);
  const dataset = ignoringRegions(truth.dataset, { categories: ignoreCategory });
  const found = await readFound(file, truth, iouType);
  if (truth.federated && iouType !== 'keypoints') {
    for (const note of federatedNotes(dataset, found.detections)) logLine(note);
  }
  for (const note of found.notes) logLine(`${file}: ${note}`);
  if (iouType === 'keypoints' && givenSigmas === undefined) {
    const { sigmas, origin } = keypointSigmas(dataset);
    if (origin === 'unmeasured') logLine(`${annotations}: ${unmeasuredNote(sigmas.length)}`);
  }
  const evaluation = evaluateDetections(dataset, found.detections, {
    iouType,
    sigmas: givenSigmas,
    federated: iouType === 'keypoints' ? undefined : truth.federated,
    source: file,
    nonFinite: true,
  });
  return {
    evaluations: [evaluation],
    points: thresholds && operatingPoints(dataset, found.detections, thresholds),
  };
}
