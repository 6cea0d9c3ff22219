import { Option, type Command } from 'commander';
import path from 'node:path';
import { staysInFolder } from '../../datasets/coco/file-name';
import { readCocoFile } from '../../datasets/coco/read-coco-file';
import { PART_NAMES, type DatasetPart, type ReadDataset } from '../../datasets/formats/dataset-part';
import { PICTURE_PLACEMENTS, type PicturePlacement } from '../../datasets/formats/place-pictures';
import { readVocDataset } from '../../datasets/formats/voc/read-voc';
import { VOC_BOXES, type VocBoxes } from '../../datasets/formats/voc/voc-boxes';
import { writeVocDataset } from '../../datasets/formats/voc/write-voc';
import { writeCocoDataset } from '../../datasets/formats/write-coco';
import type { WriteOptions, WrittenDataset } from '../../datasets/formats/written-dataset';
import { readYoloDataset } from '../../datasets/formats/yolo/read-yolo';
import { writeYoloDataset } from '../../datasets/formats/yolo/write-yolo';
import { InputError } from '../../detection/errors';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { checkPictures } from '../run/check-pictures';
import { interruptible } from '../terminal/interruption';
import { requireNewFolder } from '../terminal/output-files';
import { pluralize } from '../terminal/pluralize';
import { logLine, Progress } from '../terminal/progress';
import { terminalText } from '../terminal/terminal-text';
import { collect, requiredOption } from './options';

const FORMATS = ['coco', 'yolo', 'voc'] as const;

interface ConvertDataOptions {
  readonly yolo?: string;
  readonly voc?: string;
  readonly annotations?: readonly string[];
  readonly images?: string;
  readonly to?: (typeof FORMATS)[number];
  readonly output: string;
  readonly pictures: PicturePlacement;
  readonly polygons?: boolean;
  readonly keypoints: boolean;
  readonly vocBoxes?: VocBoxes;
}

/** `rcnn convert-data`. */
export function convertDataCommand(command: Command): void {
  command
    .option('--yolo <path>', 'read YOLO’s format: a data.yaml, an obj.data, or a folder with classes.txt')
    .option(
      '--voc <dir>',
      'read Pascal VOC’s format: a folder with Annotations, or of XML files beside pictures',
    )
    .option(
      '--annotations <file>',
      'read a COCO instances file; several are parts of the set: train.json, or train=first.json',
      collect,
    )
    .option('--images <dir>', 'folder of the pictures of the COCO files')
    .addOption(
      new Option('--to <format>', 'format to write; coco unless COCO files are read').choices(FORMATS),
    )
    .option('--output <dir>', 'folder to create')
    .addOption(
      new Option('--pictures <how>', 'what becomes of the pictures')
        .choices(PICTURE_PLACEMENTS)
        .default('copy'),
    )
    .option('--polygons', 'write YOLO’s labels for segmentation: outlines instead of boxes')
    .option(
      '--no-keypoints',
      'write YOLO’s labels for boxes alone; otherwise keypoints, where there are some, make labels for poses',
    )
    .addOption(
      new Option(
        '--voc-boxes <meaning>',
        'corners in VOC’s files: pixels from 1, the last included (as VOC defines them; default), or edges from 0',
      ).choices(VOC_BOXES),
    )
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn convert-data --yolo mine/data.yaml --output coco             coco/train.json, coco/images/train, ...
  $ rcnn convert-data --voc VOC2007 --output coco --pictures symlink
  $ rcnn convert-data --annotations train.json --annotations val.json --images images --to yolo --output yolo
  $ rcnn convert-data --annotations instances.json --images images --to voc --output voc
  $ rcnn convert-data --yolo mine/data.yaml --to voc --output voc

What the new format has no place for is told with counts. Nothing is written where a picture is missing or a label is wrong. docs/data.md
says what becomes of what.`,
    )
    .action((options: Partial<ConvertDataOptions> & Pick<ConvertDataOptions, 'pictures' | 'keypoints'>) =>
      runConvertData({ ...options, output: requiredOption(options.output, '--output DIR') }),
    );
}

/** Converts a data set; prints the parts, and how to go on with them. */
async function runConvertData(options: ConvertDataOptions): Promise<void> {
  const { output, pictures } = options;
  const to = targetFormat(options);
  requireNewFolder('--output', output);
  await interruptible(async (signal) => {
    const { parts, notes } = await readParts(options, signal);
    for (const note of notes) logLine(note);
    const progress = new Progress('writing');
    const writing: WriteOptions = {
      pictures,
      signal,
      onProgress: (done, total) => progress.update(done, total),
    };
    const written = await writeParts(namedParts(parts, to), to, options, writing);
    for (const note of [...written.notes, ...missingPartNote(written, to)]) logLine(note);
    const lines = written.parts.map(({ name, images, objects }, index) => {
      const counts = `${pluralize(images, 'image')}, ${pluralize(objects, 'object')}`;
      return `${name}: ${counts}${to === 'coco' ? `  ${cocoPlaces(output, parts[index], pictures)}` : ''}`;
    });
    process.stdout.write(`${terminalText([output, ...lines].join('\n'))}\n`);
  });
}

/** What the commands that take a COCO file are given. */
function cocoPlaces(output: string, { name, imageFolder }: DatasetPart, pictures: PicturePlacement): string {
  const images = pictures === 'none' ? imageFolder : path.join(output, 'images', name);
  return `--annotations ${path.join(output, `${name}.json`)} --images ${images}`;
}

/** @throws InputError where it is not clear what is to be read or written. */
function targetFormat({ yolo, voc, annotations, to }: ConvertDataOptions): (typeof FORMATS)[number] {
  const inputs = [yolo, voc, annotations].filter((input) => input !== undefined);
  if (inputs.length !== 1) {
    throw new InputError(
      'convert-data-input',
      `${inputs.length === 0 ? 'Nothing is to be read' : 'Several formats are to be read'}: give one of --yolo, --voc and ` +
        '--annotations',
    );
  }
  const from = yolo !== undefined ? 'yolo' : voc !== undefined ? 'voc' : 'coco';
  if (to === undefined && from === 'coco')
    throw new InputError('option-missing', '--to is missing: yolo or voc', { option: '--to' });
  const target = to ?? 'coco';
  if (target !== from) return target;
  throw new InputError('convert-data-same', `--to ${target}: the set has this format already`, {
    format: target,
  });
}

async function readParts(options: ConvertDataOptions, signal: AbortSignal): Promise<ReadDataset> {
  const { yolo, voc, vocBoxes, annotations = [], images, pictures } = options;
  const progress = new Progress('reading the sizes of pictures');
  const reading = { signal, onProgress: (done: number, total: number) => progress.update(done, total) };
  if (yolo !== undefined) return readYoloDataset(yolo, reading);
  if (voc !== undefined) return readVocDataset(voc, { ...reading, boxes: vocBoxes });
  if (pictures !== 'none' || images !== undefined) requiredOption(images, '--images DIR');
  if (images !== undefined && statOrUndefined(images)?.isDirectory() !== true) {
    throw new InputError('no-picture-folder', `${images}: there is no such folder of pictures`, {
      folder: images,
    });
  }
  const parts: DatasetPart[] = [];
  for (const { name, file } of partFiles(annotations)) {
    const content = await readCocoFile(file, {
      ...(images !== undefined && {
        imageFolder: images,
        checkImages: (entries, refuse) =>
          checkPictures(images, entries, refuse, { decodeAll: false, maxSeconds: Infinity }),
      }),
    });
    parts.push({ name, file: content, imageFolder: images ?? '' });
  }
  return { parts, notes: [] };
}

/** Parts by what is before `=`, or by the names of the files. */
function partFiles(words: readonly string[]): { name: string; file: string }[] {
  const parts = words.map((word) => {
    const [, given, file] = /^([\w-]+)=(.+)$/s.exec(word) ?? [undefined, undefined, word];
    const stem = path.basename(file, path.extname(file));
    const known = PART_NAMES.get(stem.toLowerCase());
    return { name: given ?? known ?? (words.length === 1 ? 'train' : stem), file };
  });
  const names = parts.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new InputError(
      'convert-data-parts',
      `--annotations: two parts are called ${twice}; name them: val=FILE`,
    );
  const wrong = names.find((name) => !staysInFolder(name) || /[/\\]/.test(name));
  if (wrong !== undefined)
    throw new InputError(
      'convert-data-parts',
      `--annotations: "${wrong}" cannot be the name of a folder; name it: val=FILE`,
    );
  return parts;
}

/** What has no parts is what a training needs first, in formats whose programs look for it. */
function namedParts(parts: readonly DatasetPart[], to: string): readonly DatasetPart[] {
  return to === 'coco'
    ? parts
    : parts.map((part) => (part.name === 'all' ? { ...part, name: 'train' } : part));
}

function missingPartNote({ parts }: WrittenDataset, to: string): string[] {
  const names = parts.map(({ name }) => name);
  if (to !== 'yolo' || (names.includes('train') && names.includes('val'))) return [];
  return [
    `data.yaml names ${names.join(', ')}; ultralytics asks for train and val: split the COCO file first (rcnn split)`,
  ];
}

function writeParts(
  parts: readonly DatasetPart[],
  to: (typeof FORMATS)[number],
  { output, polygons, keypoints, vocBoxes }: ConvertDataOptions,
  writing: WriteOptions,
): Promise<WrittenDataset> {
  if (to === 'coco') return writeCocoDataset(parts, output, writing);
  if (to === 'yolo') return writeYoloDataset(parts, output, { ...writing, polygons, keypoints });
  return writeVocDataset(parts, output, { ...writing, boxes: vocBoxes });
}
