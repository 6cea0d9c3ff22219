import type { MaskForm } from '../../../datasets/evaluation/detect-images';
import { InputError } from '../../../detection/errors';
import type { StagedFiles } from '../../../detection/files/staged-files';
import { requireFileName } from '../../terminal/output-files';
import { findAnnotatedAsStored } from './annotated-as-stored';
import { readAnnotationFile } from './annotation-file';
import { CocoFormat } from './coco-format';
import { Crops } from './crops';
import { CsvFormat } from './csv-format';
import { Drawings } from './drawings';
import type { DetectionOutput, PictureInput } from './found-picture';
import { imageIdsFromNames, imageIdsIn } from './image-ids';
import { JsonFile } from './json-file';
import { LabelmeFormat } from './labelme-format';
import { Listing } from './listing';
import { writeResultFile } from './result-file';
import { ShareFile, type Share } from './share-file';
import { YoloFormat } from './yolo-format';

/** In which other programs' formats detections are written. */
export const FORMATS = ['coco', 'csv', 'yolo', 'yolo-conf', 'labelme'] as const;

/** What is to be made of detections. */
export interface WantedOutputs {
  /** File of the detections in this project's own format. */
  readonly json?: string;
  /** Folder of pictures with boxes drawn. */
  readonly output?: string;
  /** Folder of pictures of single objects. */
  readonly crops?: string;
  readonly format?: (typeof FORMATS)[number];
  /** What is written in that format: a file for `coco` and `csv`, which are printed without, or a folder. */
  readonly results?: string;
  /** COCO file that has the ids of the pictures and categories, for `coco`. */
  readonly annotations?: string;
  /** What is done of the pictures; `json` is then for `rcnn merge-results`. Default: all. */
  readonly share?: Share;
  /** How masks are written in `json` and in the format `coco`. Default `rle`. */
  readonly masks?: MaskForm;
}

/**
 * Makes what is asked for, and makes sure that it can be written. Without another format for the standard output that gets a
 * listing.
 *
 * @throws InputError where it cannot.
 */
export async function createOutputs(
  wanted: WantedOutputs,
  inputs: readonly PictureInput[],
  staged: StagedFiles,
): Promise<DetectionOutput[]> {
  const outputs: DetectionOutput[] = [];
  if (wanted.masks !== undefined && wanted.json === undefined && wanted.format !== 'coco') {
    throw new InputError(
      'options-conflict',
      '--masks is for --json FILE and --format coco, which can have masks in two forms',
    );
  }
  if (wanted.json !== undefined) {
    requireFileName(
      '--json',
      wanted.json,
      inputs.map(({ file }) => file),
    );
    const { json, masks, share } = wanted;
    outputs.push(
      share ? new ShareFile(json, staged, masks, share, inputs) : new JsonFile(json, staged, masks),
    );
  }
  if (wanted.output !== undefined) outputs.push(new Drawings(wanted.output, inputs, staged));
  if (wanted.crops !== undefined) outputs.push(new Crops(wanted.crops, inputs, staged));
  const formatted = await createFormat(wanted, inputs, staged);
  const isPrinted = formatted !== undefined && wanted.results === undefined;
  return [...outputs, ...(formatted ? [formatted] : []), ...(isPrinted ? [] : [new Listing()])];
}

async function createFormat(
  { format, results, annotations, masks }: WantedOutputs,
  inputs: readonly PictureInput[],
  staged: StagedFiles,
): Promise<DetectionOutput | undefined> {
  if (results !== undefined && format === undefined)
    throw missing('--format', `one of ${FORMATS.join(', ')}`);
  if (annotations !== undefined && format !== 'coco')
    throw missing('--format', 'coco, which --annotations has ids for');
  if (format === undefined) return undefined;
  if (format === 'coco' || format === 'csv') {
    if (results !== undefined)
      requireFileName(
        '--results',
        results,
        inputs.map(({ file }) => file),
      );
    const write = (content: string): string | undefined => {
      if (results === undefined) return content;
      writeResultFile(staged, results, content);
      return undefined;
    };
    if (format === 'csv') return new CsvFormat(write);
    if (annotations === undefined) return new CocoFormat(write, imageIdsFromNames(inputs), masks);
    const truth = await readAnnotationFile(annotations);
    const ids = imageIdsIn(truth, inputs);
    return new CocoFormat(write, ids, masks, { ...truth, asStored: await findAnnotatedAsStored(truth, ids) });
  }
  if (results === undefined) throw missing('--results', `a folder for the files of the pictures`);
  if (format === 'labelme') return new LabelmeFormat(results, inputs, staged);
  return new YoloFormat(results, inputs, staged, format === 'yolo-conf');
}

function missing(option: string, what: string): InputError {
  return new InputError('option-missing', `${option} is missing: ${what}`, { option });
}
