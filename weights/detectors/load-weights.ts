import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import { matchCategories, type CategoryMatch } from '../../datasets/coco/categories/match-categories';
import type { Detector, ModelDefinition } from '../../detection/modeling/detector';
import { withSettings, type SettingValues } from '../../detection/modeling/settings';
import { Module } from '../../detection/nn/module';
import { overwriteEpsilon } from '../../detection/nn/normalization';
import { areNumbered, type KeypointLayout } from '../../detection/structures/keypoint-layout';
import { readWeights } from '../formats/read-weights';
import type { StoredTensor } from '../formats/stored-tensor';
import { isImageClassifier, loadBackbone, loadStateDict, type LoadOptions } from '../state-dict';
import { knownDetector } from './known-detector';
import { locateWeights, requireWeights, type WeightsOptions } from './locate-weights';
import { requireOwnModel } from './own-model';
import { withoutConstants } from './without-constants';
import { withTakenRows } from './predictor-rows';
import { unnamedCategories } from './unnamed-categories';
import { unnamedKeypoints } from './unnamed-keypoints';

/** What weights have filled of a detector. */
export interface LoadedWeights {
  /** Where they were read. */
  readonly file: string;
  /**
   * All of it; all but the predictor's rows of categories that they lack; all but the predictor, where they have no category
   * in common; or the backbone, where they are an image classifier's.
   */
  readonly filled: 'detector' | 'common-categories' | 'all-but-predictor' | 'backbone';
  /** The detector's entries that they have filled, by their names. All others are as they were. */
  readonly entries: readonly string[];
  /** Foreground classes of the detector that they are of; undefined of an image classifier's. */
  readonly numClasses: number | undefined;
  /**
   * How the categories of the detector that they are of go together with those of the one that they have been loaded into, in
   * `meant` and `onlyOfDataset`; undefined of an image classifier's.
   */
  readonly match: CategoryMatch | undefined;
  /**
   * Keypoints of the detector that they are of, where these are of another number: the keypoint predictor is left as it was.
   */
  readonly otherKeypoints?: number;
  /**
   * Names of the keypoints of the detector that they are of, where there are as many, but of other names or in another order: each
   * keypoint starts from the one at its place.
   */
  readonly renamedKeypoints?: readonly string[];
  /** Heads that they lack altogether, by what these learn from, and that are left as they were; undefined where they lack none. */
  readonly missingHeads?: ModelDefinition['needs'];
}

/**
 * Loads weights to train a detector further with, or to detect with, into one that is there: torchvision's published ones
 * of its model by their name (`'COCO_V1'`, `'IMAGENET1K_V1'`; downloaded once, into the cache), a checkpoint's folder
 * (`'runs/a/best'`), or a file: PyTorch's, safetensors, detectron2's. An image classifier's fill the backbone. Of the
 * predictor, rows of categories with the same name are taken over, and the background's; the others are left as they are,
 * and so are all where no name is in common. A file that does not say its categories is taken for the detector's own where
 * it has as many. A keypoint predictor of another number of keypoints is left as it was, and so are heads that the weights lack,
 * for masks or keypoints, where they are of a detector of boxes. Where the weights are known to have
 * been trained with another epsilon of batch norm, the detector gets that (torchvision's overwrite_eps).
 *
 * @throws InputError where they cannot be had or do not fit, and the detector is unchanged; the signal's reason.
 */
export async function loadWeights(
  model: Detector,
  weights: string,
  options: WeightsOptions = {},
): Promise<LoadedWeights> {
  const start = await readStartWeights(weights, model.definition, options);
  const loaded = fillDetector(model, start);
  if (start.epsilon !== undefined && model instanceof Module) overwriteEpsilon(model, start.epsilon);
  return loaded;
}

/** Weights to begin a training with. */
export interface StartWeights {
  readonly file: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Epsilon of batch norm that they have been trained with; undefined: the model's own, or not known. */
  readonly epsilon: number | undefined;
  /** Of the detector that they are of, by label - 1; undefined: the file does not say. */
  readonly categories: readonly CocoCategory[] | undefined;
  /** Of the detector that they are of; undefined: it has none, or the file does not say. */
  readonly keypoints: KeypointLayout | undefined;
  /** The model's settings that they have been trained with, all of them; undefined: not known. */
  readonly settings: SettingValues | undefined;
}

/**
 * Reads weights, as `loadWeights` finds them.
 *
 * @throws InputError where they cannot be used; the signal's reason.
 */
export async function readStartWeights(
  weights: string,
  model: ModelDefinition,
  options: WeightsOptions = {},
): Promise<StartWeights> {
  requireWeights(weights);
  const located = await locateWeights(weights, model, options);
  const contents = readWeights(located.file, { requireFinite: true });
  const known = knownDetector(located, contents, model);
  const { epsilon, keypoints, settings = {} } = known?.options ?? {};
  return {
    file: located.file,
    tensors: withoutConstants(contents.tensors, model),
    epsilon,
    categories: known?.categories,
    keypoints,
    settings: known?.definition === model ? withSettings(model.settings.values, settings) : undefined,
  };
}

/**
 * Fills a detector from a detector's file, or its backbone from an image classifier's. Rows of the predictor are taken over by
 * the names of categories.
 *
 * @param categories the detector's, by label - 1: their ids decide between several of one name
 * @throws InputError where the file does not fit; the model is unchanged then.
 */
export function fillDetector(
  model: Detector,
  {
    file,
    tensors,
    categories: theirs,
    keypoints,
  }: Pick<StartWeights, 'file' | 'tensors' | 'categories' | 'keypoints'>,
  categories: readonly CocoCategory[] = model.categories.map((name, k) => ({ id: k + 1, name })),
): LoadedWeights {
  const { stateDict } = model.definition;
  requireOwnModel(file, tensors, model.definition);
  if (isImageClassifier(model, tensors)) {
    const entries = loadBackbone(model, stateDict, file, tensors);
    return { file, filled: 'backbone', entries, numClasses: undefined, match: undefined };
  }
  const numClasses = classesOf(model.definition, tensors);
  if (numClasses === undefined) {
    const entries = loadStateDict(model, file, tensors);
    return { file, filled: 'detector', entries, numClasses, match: undefined };
  }
  const numKeypoints = stateDict.numKeypoints?.(tensors);
  const otherKeypoints = numKeypoints === model.keypoints?.names.length ? undefined : numKeypoints;
  const theirNames = (keypoints ?? unnamedKeypoints(numKeypoints))?.names;
  const ofKeypoints = otherKeypoints === undefined ? renamedKeypoints(model, theirNames) : { otherKeypoints };
  const lacking = missingHeads(model.definition, tensors);
  const isLeftOut = (name: string): boolean => {
    const head = stateDict.headOf?.(name);
    if (head && lacking?.includes(head)) return true;
    if (!tensors.has(name) && stateDict.mayBeMissing?.(name) === true) return true;
    return otherKeypoints !== undefined && stateDict.isKeypointPredictor?.(name) === true;
  };
  const unnamed = unnamedCategories(numClasses, unnamedKeypoints(numKeypoints), stateDict.cocoLabels);
  const match = matchCategories(theirs ?? unnamed, categories);
  const rows = { numClasses, labels: labelsInFile(match, categories) };
  const isNumbered = match.by === 'number' && numClasses !== categories.length;
  if (isNumbered || rows.labels.size === 1) {
    const isTaken = (name: string): boolean => !stateDict.isPredictor(name) && !isLeftOut(name);
    const entries = loadStateDict(model, file, tensors, onlyWhere(isTaken));
    return {
      file,
      filled: 'all-but-predictor',
      entries,
      numClasses,
      match,
      ...ofKeypoints,
      missingHeads: lacking,
    };
  }
  const taken = withTakenRows(model, file, tensors, rows);
  const entries = loadStateDict(
    model,
    file,
    taken,
    onlyWhere((name) => !isLeftOut(name)),
  );
  const filled = match.onlyOfDataset.length === 0 ? 'detector' : 'common-categories';
  return { file, filled, entries, numClasses, match, ...ofKeypoints, missingHeads: lacking };
}

/** Keypoints without names could be any. */
function renamedKeypoints(
  { keypoints }: Detector,
  theirs: readonly string[] | undefined,
): Pick<LoadedWeights, 'renamedKeypoints'> {
  if (keypoints === undefined || theirs === undefined) return {};
  const isSame = keypoints.names.every((name, k) => name === theirs[k]);
  return isSame || [keypoints.names, theirs].some(areNumbered) ? {} : { renamedKeypoints: theirs };
}

/** Heads of a model that have no entry at all in a file, by what they learn from; undefined where there is no such head. */
function missingHeads(
  { needs, stateDict }: ModelDefinition,
  tensors: ReadonlyMap<string, StoredTensor>,
): ModelDefinition['needs'] | undefined {
  const present = new Set([...tensors.keys()].map((name) => stateDict.headOf?.(name)));
  const lacking = needs.filter((head) => !present.has(head));
  return lacking.length > 0 ? lacking : undefined;
}

/** Loads some entries, all of which must be there. */
function onlyWhere(isTaken: (name: string) => boolean): LoadOptions {
  return { rename: (name) => (isTaken(name) ? name : undefined), required: isTaken };
}

/** The label in a file that each label of a detector is taken from, where there is one; the background's too. */
function labelsInFile(
  { meant }: CategoryMatch,
  categories: readonly CocoCategory[],
): ReadonlyMap<number, number> {
  const ownLabels = new Map(categories.map((category, k) => [category, k + 1]));
  const taken = meant.flatMap((category, k): [number, number][] =>
    category ? [[ownLabels.get(category)!, k + 1]] : [],
  );
  return new Map([[0, 0], ...taken]);
}

/** Undefined where the entries are no detector's of this family: they do not fit, and loading says where. */
function classesOf(
  { stateDict }: ModelDefinition,
  tensors: ReadonlyMap<string, StoredTensor>,
): number | undefined {
  try {
    return stateDict.numClasses(tensors);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
