import { Option, type Command } from 'commander';
import { MASK_FORMS } from '../../datasets/evaluation/detect-images';
import { InputError } from '../../detection/errors';
import { FORMATS } from '../detect/outputs/create-outputs';
import type { DetectJob } from '../detect/detect-job';
import { tellOfReducedTiles } from '../detect/reduced-tiles';
import { runDetect } from '../detect/run-detect';
import { DEFAULT_SCORE_THRESHOLD, parseThresholds } from '../detect/score-thresholds';
import {
  addInferenceOptions,
  givenInference,
  inferenceOptions,
  type GivenInference,
} from './inference-options';
import { detectorFactsOf } from '../shards/job-facts';
import { parseShard, SHARD_HELP, type Shard } from '../shards/shard';
import { openPictureDetector } from '../run/open-picture-detector';
import {
  addDetectorOptions,
  requiredOption,
  wholeNumber,
  PUBLISHED_WEIGHTS_HELP,
  type DetectorOptions,
} from './options';

type DetectCommandOptions = DetectorOptions &
  GivenInference &
  Omit<DetectJob, 'paths' | 'inference' | 'share'> & { readonly shard?: Shard };

/** `rcnn detect`. */
export function detectCommand(command: Command): void {
  addInferenceOptions(
    addDetectorOptions(
      command.argument(
        '<image-or-dir...>',
        'pictures, folders of pictures, patterns (’photos/*.jpg’), or a video',
      ),
    ),
  )
    .option('--recursive', 'search folders in folders, too')
    .option(
      '--score-threshold <t>',
      `leave out detections with a lower score (default: ${DEFAULT_SCORE_THRESHOLD}); for categories person=0.7,car=0.3; auto: those that rcnn evaluate --thresholds has stored; may be repeated`,
      parseThresholds,
    )
    .option(
      '--json <file>',
      'write the detections as JSON, in full precision; FILE.jsonl has a line for each picture',
    )
    .option('--output <dir>', 'write the pictures with the objects drawn to this folder; of a video FILE.mp4')
    .option('--crops <dir>', 'write a picture of each object to this folder, in folders by category')
    .addOption(new Option('--format <format>', 'write the detections as other programs do').choices(FORMATS))
    .option(
      '--results <path>',
      'where to: a file for coco and csv, which are printed without; a folder for the others',
    )
    .option(
      '--annotations <file>',
      'COCO file that has the ids of the pictures and, by name, of the categories, for --format coco',
    )
    .addOption(
      new Option(
        '--masks <form>',
        'how --json and --format coco have masks: rle, compressed run lengths (default), or polygons',
      ).choices(MASK_FORMS),
    )
    .option('--shard <i/n>', SHARD_HELP, parseShard)
    .option('--every <n>', 'of a video: look for objects in every nth frame (default: 1)', wholeNumber(1))
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn detect --weights runs/first/best photo.jpg
  $ rcnn detect --weights runs/first/best --json found.json --output detected pictures/
  $ rcnn detect --weights runs/first/best --format csv 'pictures/*.jpg' > found.csv
  $ rcnn detect --weights runs/first/best --format labelme --results labels --recursive pictures/
  $ rcnn detect --weights runs/first/best --output drawn.mp4 --json frames.jsonl --every 5 clip.mp4
  $ rcnn detect --model fasterrcnn_resnet50_fpn --weights COCO_V1 photo.jpg

An ONNX file of rcnn export runs in ONNX Runtime, where onnxruntime-node is installed: --weights detector.onnx.

Of several pictures, one that cannot be read is told and left out; the exit status is 2 then. Of folders and patterns,
files with names of pictures are taken, and none that begins with a dot. Pictures are turned as their EXIF orientation
says: boxes, sizes and drawings are those of the upright picture.

A video is read and written by the ffmpeg on PATH, frame by frame, with its sound; of frames that are not looked at (--every)
the boxes found last are drawn. The JSON has an entry, or FILE.jsonl a line, for each frame looked at.
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action(async (paths: string[], options: DetectCommandOptions) => {
      const weights = requiredOption(options.weights, '--weights FILE');
      const inference = inferenceOptions(options);
      const open = async () => {
        const detector = await openPictureDetector(weights, options);
        tellOfReducedTiles(detector.model, inference);
        return detector;
      };
      const { shard } = options;
      const share = shard && { shard, made: await madeWith(weights, options) };
      const { text, fault } = await runDetect({ ...options, paths, inference, share }, open);
      process.stdout.write(text);
      if (fault) throw fault;
    });
}

/**
 * What shares of one job have in common.
 *
 * @throws InputError where an output is asked for that takes all of them.
 */
async function madeWith(
  weights: string,
  options: DetectCommandOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const { json, format, scoreThreshold, masks, maxPixels } = options;
  if (json === undefined || format !== undefined) {
    throw new InputError(
      'options-conflict',
      '--shard takes --json FILE, for rcnn merge-results, and no --format, which is for all pictures',
    );
  }
  return {
    ...(await detectorFactsOf(weights, options)),
    inference: givenInference(options),
    maxPixels,
    scoreThreshold: scoreThreshold && { ...scoreThreshold, byName: [...scoreThreshold.byName] },
    masks,
  };
}
