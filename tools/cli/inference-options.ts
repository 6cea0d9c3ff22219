import { InvalidArgumentError, type Command } from 'commander';
import {
  DEFAULT_OVERLAP,
  MAX_OVERLAP,
  MIN_TILE_SIZE,
  type InferenceOptions,
} from '../../datasets/inference/options';
import { MAX_PIXELS } from '../../datasets/images/picture-header';
import { InputError } from '../../detection/errors';
import { wholeNumber } from './options';

/** What the options of `addInferenceOptions` come to. */
export interface GivenInference {
  readonly tile?: number;
  readonly overlap?: number;
  readonly flip?: boolean;
  readonly scales?: readonly number[];
  readonly batch?: number;
  readonly maxPixels?: number;
}

/** What the help says of two options that are left out; who runs the detector goes by it. */
export interface InferenceDefaults {
  readonly batch: number;
  readonly maxPixels: number;
}

/** Adds the options that say how pictures are shown to a detector. */
export function addInferenceOptions(
  command: Command,
  { batch, maxPixels }: InferenceDefaults = { batch: 1, maxPixels: MAX_PIXELS },
): Command {
  const limit = `${maxPixels}${maxPixels === MAX_PIXELS ? ', as PIL' : ''}`;
  return command
    .option(
      '--tile <pixels>',
      'show tiles of this size beside the whole picture: for small objects in large pictures',
      wholeNumber(MIN_TILE_SIZE),
    )
    .option(
      '--overlap <share>',
      `of neighboring tiles, 0 to ${MAX_OVERLAP}; objects should be smaller (default: ${DEFAULT_OVERLAP})`,
      overlap,
    )
    .option('--flip', 'show the mirror image of each picture, too')
    .option('--scales <list>', 'show each picture at so many times its size: 0.75,1,1.5', scales)
    .option(
      '--batch <n>',
      `most pictures or tiles that are detected in at once (default: ${batch})`,
      wholeNumber(1),
    )
    .option('--max-pixels <n>', `refuse pictures of more pixels (default: ${limit})`, wholeNumber(1));
}

/** Whether any of these options is given. */
export function asksForInference({ tile, overlap, flip, scales, batch, maxPixels }: GivenInference): boolean {
  return [tile, overlap, flip, scales, batch, maxPixels].some((option) => option !== undefined);
}

/** @throws InputError where options do not go together. */
export function inferenceOptions({
  tile,
  overlap,
  flip,
  scales,
  batch,
  maxPixels,
}: GivenInference): InferenceOptions {
  if (tile === undefined && overlap !== undefined) {
    throw new InputError('options-conflict', '--overlap is that of tiles: give --tile, too');
  }
  const tiles = tile === undefined ? undefined : { size: tile, overlap: overlap ?? DEFAULT_OVERLAP };
  return { tiles, flip, scales, batchSize: batch, maxPixels };
}

/** The options that say how pictures are shown, as they were given; the others change no detection. */
export function givenInference({ tile, overlap, flip, scales }: GivenInference): string[] {
  return [
    ...(tile === undefined ? [] : [`--tile ${tile}`]),
    ...(overlap === undefined ? [] : [`--overlap ${overlap}`]),
    ...(flip === true ? ['--flip'] : []),
    ...(scales === undefined ? [] : [`--scales ${scales.join(',')}`]),
  ];
}

function overlap(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= MAX_OVERLAP)) {
    throw new InvalidArgumentError(`It has to be a number from 0 to ${MAX_OVERLAP}.`);
  }
  return value;
}

/** Beyond these, a picture would be a few pixels, or not fit into the memory. */
const [MIN_SCALE, MAX_SCALE] = [0.1, 8];

function scales(text: string): number[] {
  const values = text.split(',').map((part) => (part.trim() === '' ? NaN : Number(part)));
  if (values.every((value) => value >= MIN_SCALE && value <= MAX_SCALE)) return values;
  throw new InvalidArgumentError(`They have to be numbers from ${MIN_SCALE} to ${MAX_SCALE}: 0.75,1,1.5.`);
}
