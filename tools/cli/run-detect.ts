import { mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CategoryMap } from '../../datasets/coco/category-map';
import { drawBoxes } from '../../datasets/drawing/draw-detections';
import { categoryColour } from '../../datasets/drawing/overlay-svg';
import { InputError } from '../../detection/errors';
import type { Detections } from '../../detection/structures/instances';
import type { Size } from '../../detection/structures/size';
import { counted } from '../terminal/counted';
import { aboveThreshold, cocoDetections, detectFile } from '../detectors/detect-images';
import { Interrupted, interruptible } from '../terminal/interruption';
import { loadDetector, type LoadedDetector } from '../detectors/load-detector';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { writeWholeFile } from '../../detection/files/whole-file';
import { requireFileName, requireFolderName } from '../terminal/output-files';
import { Progress } from '../terminal/progress';
import { terminalLine } from '../terminal/terminal-text';

export interface DetectCommandOptions {
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

/**
 * Finds objects in pictures and prints them. Files are written when all pictures are done: a picture that is
 * refused leaves nothing half-written.
 */
export async function runDetect(options: DetectCommandOptions): Promise<void> {
  const files = options.paths.flatMap(picturesAt);
  if (options.json !== undefined) requireFileName('--json', options.json, files);
  const drawings = options.output === undefined ? [] : drawingNames(files, options.output);
  const detector = await loadDetector(options.weights, options);
  const categories = new CategoryMap(detector.categories, 'the detector');
  try {
    const found = await detectAll(detector, files, options.scoreThreshold);
    if (options.output !== undefined) await drawAll(found, categories, drawings, options.output);
    if (options.json !== undefined) {
      const contents = found.map((each) => asJson(each, categories));
      writeWholeFile(options.json, `${JSON.stringify(contents, null, 2)}\n`, { makeFolder: true });
    }
    process.stdout.write(found.map((each) => asText(each, categories)).join(''));
  } finally {
    detector.model.dispose();
  }
}

async function detectAll(
  detector: LoadedDetector,
  files: readonly string[],
  threshold: number,
): Promise<Found[]> {
  const progress = new Progress('detecting');
  const found: Found[] = [];
  await interruptible(async (signal) => {
    for (const file of files) {
      const { size, detections } = await detectFile(detector, file);
      found.push({ file, size, detections: aboveThreshold(detections, threshold) });
      progress.update(found.length, files.length);
      await new Promise((resolve) => setImmediate(resolve));
      if (signal.aborted) throw new Interrupted('Stopped; nothing was written.');
    }
  });
  return found;
}

/** A picture, or the pictures of a folder by name. */
function picturesAt(given: string): string[] {
  const found = statOrUndefined(given);
  if (!found) throw new InputError(`${given}: there is no such file or folder`);
  if (!found.isDirectory()) return [given];
  const names = readdirSync(given, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && PICTURE_NAME.test(entry.name))
    .map(({ name }) => name);
  if (names.length === 0) throw new InputError(`${given}: has no pictures`);
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
        `--output ${folder}: would overwrite the picture ${drawing}; choose another folder`,
      );
    }
    return drawing;
  });
}

/** All of the drawings, or none where one cannot be written. */
async function drawAll(
  found: readonly Found[],
  categories: CategoryMap,
  drawings: readonly string[],
  folder: string,
): Promise<void> {
  const made = mkdirSync(folder, { recursive: true });
  const drawn: string[] = [];
  try {
    for (const [k, drawing] of drawings.entries()) {
      await draw(found[k], categories, drawing);
      drawn.push(drawing);
    }
  } catch (error) {
    for (const name of made === undefined ? drawn : [made]) rmSync(name, { recursive: true, force: true });
    throw error;
  }
}

async function draw({ file, detections }: Found, categories: CategoryMap, drawing: string): Promise<void> {
  const { boxes, labels, scores } = detections;
  const labelled = Array.from(labels, (label, k) => ({
    box: [boxes[4 * k], boxes[4 * k + 1], boxes[4 * k + 2], boxes[4 * k + 3]] as const,
    label: categories.nameOf(label),
    score: scores[k],
    colour: categoryColour(label),
  }));
  // The best lie on top.
  await drawBoxes(file, labelled.reverse(), drawing);
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
  return `${terminalLine(file)}: ${counted(lines.length, 'object')}\n${lines.join('')}`;
}
