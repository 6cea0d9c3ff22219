import type { Command } from 'commander';
import { readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { CategoryMap } from '../../datasets/coco/category-map';
import { drawBoxes } from '../../datasets/drawing/draw-detections';
import { categoryColor } from '../../datasets/drawing/overlay-svg';
import { InputError } from '../../detection/errors';
import type { Detections } from '../../detection/structures/instances';
import type { Size } from '../../detection/structures/size';
import { pluralize } from '../terminal/pluralize';
import {
  aboveThreshold,
  cocoDetections,
  detectFile,
  yieldToEventLoop,
  type DetectedPicture,
} from '../../datasets/evaluation/detect-images';
import { interruptible } from '../terminal/interruption';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import { openDetector } from '../run/open-detector';
import { removeLeftovers } from '../../detection/files/leftovers';
import { StagedFiles } from '../../detection/files/staged-files';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { writeWholeFile } from '../../detection/files/whole-file';
import { requireFileName, requireFolderName } from '../terminal/output-files';
import { Progress } from '../terminal/progress';
import { terminalLine } from '../terminal/terminal-text';
import {
  fraction,
  requiredOption,
  modelOption,
  NORM_EPSILON_OPTION,
  PUBLISHED_WEIGHTS_HELP,
  WEIGHTS_HELP,
} from './options';

interface DetectCommandOptions {
  readonly paths: readonly string[];
  readonly model?: string;
  readonly weights: string;
  readonly normEpsilon?: number;
  readonly scoreThreshold: number;
  readonly json?: string;
  readonly output?: string;
}

interface Found {
  readonly file: string;
  readonly size: Size;
  readonly detections: Detections;
}

/** Files of a folder that are taken for pictures. Files that the user names are read whatever their names. */
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|tiff?|avif|heic|heif)$/i;

/** Users look at the sure ones; torchvision's own examples draw from 0.5 on too. */
const DEFAULT_SCORE_THRESHOLD = 0.5;

/** `rcnn detect`. */
export function detectCommand(command: Command): void {
  command
    .argument('<image-or-dir...>', 'pictures, or folders of pictures')
    .option(...modelOption('which detector; a checkpoint of rcnn train names its model'))
    .option('--weights <weights>', WEIGHTS_HELP)
    .option(...NORM_EPSILON_OPTION)
    .option(
      '--score-threshold <t>',
      'leave out detections with a lower score',
      fraction,
      DEFAULT_SCORE_THRESHOLD,
    )
    .option('--json <file>', 'write the detections as JSON, in full precision')
    .option('--output <dir>', 'write the pictures with boxes drawn to this folder')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn detect --weights runs/first/best photo.jpg
  $ rcnn detect --weights runs/first/best --json found.json --output detected pictures/
  $ rcnn detect --model fasterrcnn_resnet50_fpn --weights COCO_V1 photo.jpg
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action(
      (paths: string[], options: Omit<DetectCommandOptions, 'paths' | 'weights'> & { weights?: string }) =>
        runDetect({ ...options, weights: requiredOption(options.weights, '--weights FILE'), paths }),
    );
}

/**
 * Finds objects in pictures and prints them. Files get their names when all pictures are done: a picture that is
 * refused, or Ctrl-C, leaves nothing half-written. Each picture is decoded once, and none is kept.
 */
async function runDetect(options: DetectCommandOptions): Promise<void> {
  const files = options.paths.flatMap(picturesAt);
  if (options.json !== undefined) requireFileName('--json', options.json, files);
  const drawings = options.output === undefined ? [] : drawingNames(files, options.output);
  const detector = await openDetector(options.weights, options);
  const categories = new CategoryMap(detector.categories, 'the detector');
  const staged = new StagedFiles();
  try {
    if (options.output !== undefined) {
      // A process that was killed may have been at the same drawings.
      const names = drawings.map((drawing) => path.basename(drawing));
      removeLeftovers(options.output, names);
    }
    const found = await detectAll(detector, files, options.scoreThreshold, async (picture, k) => {
      const drawing = drawings.at(k);
      if (drawing !== undefined) staged.add(drawing, [await draw(picture, categories, drawing)]);
    });
    if (options.json !== undefined) {
      const contents = found.map((each) => asJson(each, categories));
      writeWholeFile(options.json, `${JSON.stringify(contents, null, 2)}\n`, { makeFolder: true });
    }
    staged.publish();
    process.stdout.write(found.map((each) => asText(each, categories)).join(''));
  } finally {
    staged.discard();
    detector.model.dispose();
  }
}

/** @param onFound gets each picture, with the detections that reach the threshold, and its number. */
async function detectAll(
  detector: LoadedDetector,
  files: readonly string[],
  threshold: number,
  onFound: (picture: DetectedPicture, k: number) => Promise<void>,
): Promise<Found[]> {
  const progress = new Progress('detecting');
  const found: Found[] = [];
  await interruptible(async (signal) => {
    for (const [k, file] of files.entries()) {
      const picture = await detectFile(detector.model, file);
      const { size } = picture;
      const detections = aboveThreshold(picture.detections, threshold);
      await onFound({ ...picture, detections }, k);
      found.push({ file, size, detections });
      progress.update(found.length, files.length);
      await yieldToEventLoop(signal);
    }
  });
  return found;
}

/** A picture, or the pictures of a folder by name. */
function picturesAt(given: string): string[] {
  const found = statOrUndefined(given);
  if (!found)
    throw new InputError('no-such-path', `${given}: there is no such file or folder`, { path: given });
  if (!found.isDirectory()) return [given];
  const names = readdirSync(given, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && PICTURE_NAME.test(entry.name))
    .map(({ name }) => name);
  if (names.length === 0) throw new InputError('no-pictures', `${given}: has no pictures`, { folder: given });
  return names.sort().map((name) => path.join(given, name));
}

/** Where each picture is drawn to: under its own name, numbered where two have the same. */
function drawingNames(files: readonly string[], folder: string): string[] {
  requireFolderName('--output', folder);
  const originals = new Set(files.map((file) => realpathSync(file)));
  const taken = new Set<string>();
  return files.map((file) => {
    const { name, ext } = path.parse(file);
    const extension = /^\.(jpe?g|png)$/i.test(ext) ? ext : '.png';
    let drawing = path.join(folder, name + extension);
    for (let n = 2; taken.has(drawing); n++) drawing = path.join(folder, `${name}-${n}${extension}`);
    taken.add(drawing);
    if (statOrUndefined(drawing) && originals.has(realpathSync(drawing))) {
      throw new InputError(
        'overwrites-input',
        `--output ${folder}: would overwrite the picture ${drawing}; choose another folder`,
        { option: '--output', file: drawing },
      );
    }
    return drawing;
  });
}

/** The encoded drawing; its name says how. */
function draw(
  { detections, ...picture }: DetectedPicture,
  categories: CategoryMap,
  name: string,
): Promise<Buffer> {
  const { boxes, labels, scores } = detections;
  const labeled = Array.from(labels, (label, k) => ({
    box: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]] as const,
    label: categories.nameOf(label),
    score: scores[k],
    color: categoryColor(label),
  }));
  // The best lie on top.
  return drawBoxes(picture, labeled.reverse(), /\.png$/i.test(name) ? 'png' : 'jpeg');
}

function asJson({ file, size, detections }: Found, categories: CategoryMap): object {
  return {
    file,
    width: size.width,
    height: size.height,
    detections: cocoDetections(detections, categories),
  };
}

function asText({ file, detections }: Found, categories: CategoryMap): string {
  const lines = Array.from(detections.labels, (label, k) => {
    const corners = [...detections.boxes.subarray(4 * k, 4 * k + 4)].map((value) =>
      value.toFixed(1).padStart(7),
    );
    const name = terminalLine(categories.nameOf(label));
    return `  ${detections.scores[k].toFixed(3)} ${corners.join(' ')}  ${name}\n`;
  });
  return `${terminalLine(file)}: ${pluralize(lines.length, 'object')}\n${lines.join('')}`;
}
