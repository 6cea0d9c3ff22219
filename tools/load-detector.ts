import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { CocoCategory } from '../datasets/coco/annotations';
import { loadBackend } from '../detection/backend/node';
import { InputError } from '../detection/errors';
import type { FasterRcnn } from '../detection/modeling/faster-rcnn';
import {
  buildDetector,
  defaultImageSize,
  imageNormalization,
  modelNames,
  type ModelName,
  type NormName,
} from '../detection/modeling/models';
import { readCheckpointState, weightsFile } from '../weights/checkpoint';
import type { WeightsContents } from '../weights/pickled-state-dict';
import { readWeights } from '../weights/read-weights';
import { loadStateDict } from '../weights/state-dict';
import { cocoCategories, NUM_COCO_LABELS } from './coco-categories';
import { suggest } from './config/suggest';

/** A detector that is ready to detect. The caller disposes `model`. */
export interface LoadedDetector {
  readonly name: ModelName;
  readonly model: FasterRcnn;
  /** Sizes to resize images to. */
  readonly minSize: number;
  readonly maxSize: number;
  /** What they are normalised by. */
  readonly mean: readonly number[];
  readonly std: readonly number[];
  /** By label - 1. */
  readonly categories: readonly CocoCategory[];
}

/** What a checkpoint's `metadata` holds, so that nobody has to name the model again. */
export const checkpointMetadataSchema = z.object({
  categories: z.array(z.object({ id: z.int(), name: z.string() })).min(1),
  configuration: z.object({
    model: z.object({
      name: z.enum(modelNames),
      minSize: z.int(),
      maxSize: z.int(),
      trainableLayers: z.int(),
      norm: z.enum(['frozen', 'batch', 'group']),
    }),
  }),
});

type Description = Omit<LoadedDetector, 'model' | 'mean' | 'std'> & { readonly norm: NormName };

/**
 * Loads a detector from a checkpoint folder, from the model file in one, or from a file of weights in torchvision's
 * names; the latter needs the model's name, and has no names of categories unless it is of COCO.
 *
 * @throws InputError where the file is missing, damaged, or of another model.
 */
export async function loadDetector(weights: string, modelName: string | undefined): Promise<LoadedDetector> {
  const name = modelName === undefined ? undefined : checkedModelName(modelName);
  requireWeights(weights);
  const checkpoint = checkpointFolder(weights);
  const stored = checkpoint === undefined ? undefined : describeCheckpoint(checkpoint, name);
  const file = weightsFile(weights);
  const contents = readWeights(file, { requireFinite: true });
  const { norm, ...description } = stored ?? describeBareFile(file, contents, name);
  await loadBackend();
  const model = buildDetector(description.name, {
    numClasses: description.categories.length,
    norm,
    // Nothing is drawn or trained: all weights come from the file.
    seed: 0,
    trainableLayers: 0,
  });
  try {
    loadStateDict(model, file, contents.tensors);
  } catch (error) {
    model.dispose();
    throw error;
  }
  return { ...description, ...imageNormalization(description.name), model };
}

function checkedModelName(name: string): ModelName {
  const known = modelNames.find((candidate) => candidate === name);
  if (known) return known;
  const meant = suggest(name, modelNames);
  const hint = meant === undefined ? `; there are ${modelNames.join(', ')}` : `; did you mean ${meant}?`;
  throw new InputError(`--model ${name}: there is no such model${hint}`);
}

/** The folder of a checkpoint of ours, which may be named by its model file too. */
function checkpointFolder(weights: string): string | undefined {
  if (statSync(weights).isDirectory()) return weights;
  const folder = path.dirname(weights);
  const isInside =
    path.basename(weights) === path.basename(weightsFile(folder)) &&
    existsSync(path.join(folder, 'state.json'));
  return isInside ? folder : undefined;
}

/** @throws InputError where there is nothing, or a folder that is no checkpoint: a run's own, say. */
function requireWeights(weights: string): void {
  if (!existsSync(weights)) {
    const last = path.join(path.dirname(weights), 'last');
    const isUnknownBest = path.basename(weights) === 'best' && existsSync(last);
    const hint = isUnknownBest ? `; without validation data no checkpoint is the best, take ${last}` : '';
    throw new InputError(`${weights}: there is no such file or folder${hint}`);
  }
  if (!statSync(weights).isDirectory() || existsSync(path.join(weights, 'state.json'))) return;
  const inside = ['best', 'last'].map((name) => path.join(weights, name)).find((name) => existsSync(name));
  const hint = inside === undefined ? 'a run has them under checkpoints/' : `${inside} is one`;
  throw new InputError(`${weights}: is no checkpoint; ${hint}`);
}

function describeCheckpoint(folder: string, wanted: ModelName | undefined): Description {
  const parsed = checkpointMetadataSchema.safeParse(readCheckpointState(folder).metadata);
  if (!parsed.success) throw new InputError(`${folder}: its state.json does not say which detector it is of`);
  const { categories, configuration } = parsed.data;
  const { name, minSize, maxSize, norm } = configuration.model;
  if (wanted !== undefined && wanted !== name) {
    throw new InputError(`--model ${wanted}: ${folder} is a checkpoint of ${name}; leave --model out`);
  }
  return { name, minSize, maxSize, norm, categories };
}

function describeBareFile(
  file: string,
  { tensors }: WeightsContents,
  name: ModelName | undefined,
): Description {
  if (name === undefined) {
    throw new InputError(`${file}: does not say which detector it is of; name it with --model`);
  }
  const predictor = tensors.get('roi_heads.box_predictor.cls_score.weight');
  if (predictor?.shape.length !== 2) {
    throw new InputError(`${file}: is no detector's: it has no roi_heads.box_predictor.cls_score.weight`);
  }
  const numClasses = predictor.shape[0] - 1;
  const generic = Array.from({ length: numClasses }, (_, i) => ({ id: i + 1, name: `category ${i + 1}` }));
  return {
    name,
    ...defaultImageSize(name),
    norm: normOf([...tensors.keys()]),
    categories: numClasses === NUM_COCO_LABELS ? cocoCategories() : generic,
  };
}

/** Running statistics tell batch norm from group norm; its counter, one that was trained from a frozen one. */
function normOf(names: readonly string[]): NormName {
  if (names.some((name) => /^backbone\.body\..*\.num_batches_tracked$/.test(name))) return 'batch';
  return names.some((name) => /^backbone\.body\..*\.running_mean$/.test(name)) ? 'frozen' : 'group';
}
