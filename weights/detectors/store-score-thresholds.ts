import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import { InputError } from '../../detection/errors';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { readCheckpointState, replaceMetadata } from '../checkpoints/checkpoint';
import { readSafetensors, writeSafetensors } from '../formats/safetensors-file';
import { isWeightsName } from '../published/zoo';
import { metadataOf } from './detector-metadata';
import { DETECTOR_METADATA, fileMetadata } from './file-metadata';
import { knownDetector } from './known-detector';
import { locateWeights, requireWeights, type LocatedWeights } from './locate-weights';
import type { ScoreThresholds } from './score-thresholds';

/**
 * Finds out whether `storeScoreThresholds` can store something with weights. Writes nothing.
 *
 * @throws InputError where it cannot: the weights are torchvision's published ones, in a format without a place for it, do not
 *   say what model they are of, or may not be written to.
 */
export async function requirePlaceForThresholds(weights: string): Promise<void> {
  const { file, checkpoint } = await located(weights);
  if (checkpoint === undefined) {
    if (!/\.safetensors$/i.test(file))
      refuse(weights, 'only checkpoints and .safetensors files have a place for them');
    if (!(DETECTOR_METADATA in readSafetensors(file).metadata)) {
      refuse(weights, 'the file does not say which model it is of');
    }
  }
  try {
    // A new file replaces the old one.
    accessSync(checkpoint ?? path.dirname(file), constants.W_OK);
    accessSync(checkpoint === undefined ? file : path.join(checkpoint, 'state.json'), constants.W_OK);
  } catch (error) {
    refuse(weights, `it cannot be written to: ${(error as Error).message}`, error);
  }
}

/**
 * Stores score thresholds with the weights that they were found for: in a checkpoint's `state.json`, or in the metadata of a
 * safetensors file. Weights stay as they are, to the byte; thresholds that were stored before are replaced.
 *
 * @param weights a checkpoint's folder, the model file in one, or a `.safetensors` of `rcnn convert` or `saveDetector`
 * @param wanted a model that may be meant, registered or not
 * @throws InputError as `requirePlaceForThresholds`, or where the files cannot be read or written; all is as before then.
 */
export async function storeScoreThresholds(
  weights: string,
  scoreThresholds: ScoreThresholds,
  wanted?: ModelDefinition,
): Promise<void> {
  await requirePlaceForThresholds(weights);
  const place = await located(weights);
  const contents = readSafetensors(place.file);
  const known = knownDetector(place, { ...contents, leftOut: [] }, wanted);
  if (known === undefined) return refuse(weights, 'nothing says which model they are of');
  requireAsMany(scoreThresholds, known.categories);
  const metadata = metadataOf({ ...known, scoreThresholds });
  if (place.checkpoint !== undefined) {
    replaceMetadata(place.checkpoint, { ...readCheckpointState(place.checkpoint).metadata, ...metadata });
  } else {
    writeSafetensors(place.file, contents.tensors, { ...contents.metadata, ...fileMetadata(metadata) });
  }
}

async function located(weights: string): Promise<LocatedWeights> {
  // The downloaded file is every user's.
  if (isWeightsName(weights)) refuse(weights, 'these are published weights');
  requireWeights(weights);
  // Whoever loads the detector is told about its name.
  const place = await locateWeights(weights, undefined, { log: () => undefined });
  if (place.published) refuse(weights, 'these are published weights');
  return place;
}

function requireAsMany({ scores }: ScoreThresholds, categories: readonly CocoCategory[]): void {
  if (scores.length === categories.length) return;
  throw new RangeError(`${scores.length} thresholds for ${categories.length} categories`);
}

function refuse(weights: string, reason: string, cause?: unknown): never {
  throw new InputError(
    'no-place-for-thresholds',
    `${weights}: score thresholds cannot be stored in it: ${reason}. Name a .safetensors file to write them to, with the weights`,
    { weights },
    { cause },
  );
}
