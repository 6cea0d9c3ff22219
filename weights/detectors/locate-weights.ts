import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { InputError } from '../../detection/errors';
import { weightsFile } from '../checkpoints/checkpoint';
import {
  identifyPublished,
  isPublishedName,
  isWeightsName,
  modelsWith,
  weightsNames,
  type Publication,
} from '../published/zoo';
import { emitProcessWarning } from '../checkpoints/process-warning';
import { publishedFile, type PublishedFileOptions } from '../published/published-file';

/** What whoever names weights may be told while they are found; nothing of it changes them. */
export interface WeightsOptions extends PublishedFileOptions {
  /** Gets a line about a file that is not what its name says; if left out, it is a warning of the process. */
  readonly log?: (line: string) => void;
}

/** What a name of weights leads to. */
export interface LocatedWeights {
  /** The file, which need not exist where the user has named one. */
  readonly file: string;
  /** The folder of the checkpoint of ours that it is in. */
  readonly checkpoint?: string;
  /** What torchvision publishes it as. */
  readonly published?: Publication;
}

/**
 * Finds weights: torchvision's by their name, which are downloaded if need be, a file, or a checkpoint's folder. A published
 * file is known by its content wherever it lies.
 *
 * @throws InputError where the model has no such published weights, or they cannot be had; the signal's reason.
 */
export async function locateWeights(
  weights: string,
  model: ModelDefinition | undefined,
  { log = emitProcessWarning, ...options }: WeightsOptions = {},
): Promise<LocatedWeights> {
  if (isWeightsName(weights)) {
    const published = publicationOf(weights, model);
    return { file: await publishedFile(published.weights, options), published };
  }
  const file = weightsFile(weights);
  const checkpoint = checkpointFolder(weights);
  if (checkpoint !== undefined) return { file, checkpoint };
  const published = await identifyPublished(file);
  if (published) return { file, published };
  if (existsSync(file) && isPublishedName(path.basename(file))) {
    log(`${file}: is not the file that torchvision publishes under this name`);
  }
  return { file };
}

/** @throws InputError where the model is not named, or has no such published weights; it says what there is. */
export function publicationOf(name: string, model: ModelDefinition | undefined): Publication {
  const weights = model?.published[name];
  if (model && weights) return { weights, definition: model };
  const models = modelsWith(name)
    .map((other) => other.name)
    .join(', ');
  if (model === undefined) {
    throw new InputError(
      'model-missing',
      `${name}: name the model (--model); there are such weights of ${models}`,
      { weights: name },
    );
  }
  const names = Object.keys(model.published);
  const others = names.length === 0 ? 'none of this model' : `${names.join(' and ')} of this model`;
  throw new InputError(
    'weights-not-published',
    `${name}: torchvision publishes no such weights of ${model.name}; there are ${others}, and ${name} of ${models}`,
    { weights: name, model: model.name },
  );
}

/**
 * @throws InputError where there is nothing of that name, or a folder that is no checkpoint: a run's own, say.
 */
export function requireWeights(weights: string): void {
  if (isWeightsName(weights)) return;
  if (!existsSync(weights)) {
    throw new InputError(
      'no-such-path',
      `${weights}: there is no such file or folder${hintForMissing(weights)}`,
      { path: weights },
    );
  }
  if (!statSync(weights).isDirectory() || existsSync(path.join(weights, 'state.json'))) return;
  const inside = ['best', 'last'].map((name) => path.join(weights, name)).find((name) => existsSync(name));
  const hint = inside === undefined ? 'a run has them under checkpoints/' : `${inside} is one`;
  throw new InputError('no-checkpoint', `${weights}: is not a checkpoint; ${hint}`, { folder: weights });
}

function hintForMissing(weights: string): string {
  if (/^[A-Z][A-Z0-9_]*$/.test(weights)) return `; torchvision’s weights are ${weightsNames.join(', ')}`;
  const last = path.join(path.dirname(weights), 'last');
  const isUnknownBest = path.basename(weights) === 'best' && existsSync(last);
  return isUnknownBest ? `; without validation data there is no best checkpoint; use ${last}` : '';
}

/** The folder of a checkpoint of ours, which may be named by its model file too. */
function checkpointFolder(weights: string): string | undefined {
  const isFolder = statSync(weights, { throwIfNoEntry: false })?.isDirectory() === true;
  const folder = isFolder ? weights : path.dirname(weights);
  const isModelFile = path.basename(weights) === path.basename(weightsFile(folder));
  return (isFolder || isModelFile) && existsSync(path.join(folder, 'state.json')) ? folder : undefined;
}
