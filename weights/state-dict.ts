import * as tf from '@tensorflow/tfjs-core';
import type { StateDictLayout } from '../detection/modeling/detector';
import type { Trainable } from '../detection/nn/trainable';
import type { Parameter } from '../detection/nn/module';
import {
  firstNonFinite,
  storedFloat32,
  storedInt64,
  toFloat32,
  type StoredTensor,
} from './formats/stored-tensor';
import {
  classifierBackboneName,
  currentTorchvisionName,
  isClassifierLayer,
} from './formats/torchvision-names';
import { quoted, WeightsError } from './formats/weights-error';

/** Whatever has torchvision's state_dict: a Module, or what the trainer trains. */
export type StateOwner = Pick<Trainable<never>, 'namedParameters' | 'namedBuffers'>;

/** Batch norm's counter: int64 in torchvision's files, and not in every file. */
const COUNTER = /(^|\.)num_batches_tracked$/;
/** Of detectron2's ResNets, alone or in a detector. */
const DETECTRON2_NAME = /^(backbone\.(bottom_up\.)?)?(stem\.conv1|res2\.0\.conv1)\./;
/** What users are told of entries that are called as detectron2's. */
export const DETECTRON2_HINT =
  'These are names of detectron2, whose models take other colors, strides and ROIs than torchvision’s: their weights fit the ' +
  'models whose names begin with cascade or end with _detectron2 or _c4 (docs/weights.md)';

/** Whether entries are those of detectron2's models, by their names. */
export function isOfDetectron2(names: Iterable<string>): boolean {
  return [...names].some((name) => DETECTRON2_NAME.test(name));
}

/** As many names as an error message lists of one kind. */
const LISTED_NAMES = 8;

/** Parameters and buffers with torchvision's names, shapes and types. */
export function saveStateDict(model: StateOwner): Map<string, StoredTensor> {
  const entries = new Map<string, StoredTensor>();
  for (const [name, parameter] of [...model.namedParameters(), ...model.namedBuffers()]) {
    const onDisk = parameter.toDisk(); // not within tf.tidy, which would look for tensors in every element returned
    const values = Float32Array.from(onDisk.dataSync());
    onDisk.dispose();
    const shape = parameter.shapeOnDisk;
    entries.set(name, COUNTER.test(name) ? storedInt64(shape, values) : storedFloat32(shape, values));
  }
  return entries;
}

/** Options of `loadStateDict`. */
export interface LoadOptions {
  /**
   * Says what torchvision's detector calls an entry of the file, now or in former times; undefined for an entry that is not to
   * be loaded. The entry's own name if left out.
   */
  readonly rename?: (name: string) => string | undefined;
  /** The model's entries that the file must fill. Others may stay as they are. All of them if left out. */
  readonly required?: (name: string) => boolean;
}

/**
 * Fills a model from the entries of a file, strictly: all required ones, and nothing left over. Batch norm's
 * counters alone may be missing (old files) or left over (frozen batch norm has none), as in torchvision.
 *
 * @param file for the message.
 * @returns the names of the model's entries that were filled.
 * @throws WeightsError that tells every missing, unexpected and wrongly shaped entry; the model is unchanged then.
 */
export function loadStateDict(
  model: StateOwner,
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  options: LoadOptions = {},
): string[] {
  const { rename = (name) => name, required = () => true } = options;
  const owned = new Map<string, Parameter>([...model.namedParameters(), ...model.namedBuffers()]);
  const matched = new Map<string, StoredTensor>();
  const [unexpected, twice]: [string[], string[]] = [[], []];
  const misshaped: Misshaped[] = [];
  for (const [nameInFile, tensor] of tensors) {
    const renamed = rename(nameInFile);
    if (renamed === undefined) continue;
    const name = owned.has(renamed) ? renamed : currentTorchvisionName(renamed);
    const shape = owned.get(name)?.shapeOnDisk;
    if (!shape) {
      if (!COUNTER.test(name)) unexpected.push(nameInFile);
    } else if (matched.has(name)) twice.push(name);
    else if (tf.util.arraysEqual(shape, [...tensor.shape])) matched.set(name, tensor);
    else {
      misshaped.push({ entry: nameInFile, shape: tensor.shape, expected: shape });
      matched.set(name, tensor);
    }
  }
  const missing = [...owned.keys()].filter(
    (name) => !matched.has(name) && required(name) && !COUNTER.test(name),
  );
  const faults = [
    describe('missing', missing),
    describe('unexpected', unexpected.map(shown)),
    describe('of another shape', misshaped.map(describeShapes)),
    describe('present under two names', twice),
  ].filter((fault) => fault !== '');
  if (faults.length > 0) {
    const ofDetectron2 = isOfDetectron2(unexpected);
    const hint = ofDetectron2 ? `. ${DETECTRON2_HINT}` : '';
    throw new WeightsError(
      'weights-misfit',
      { file, missing, unexpected, misshaped, twice, isOfDetectron2: ofDetectron2 },
      `does not fit the model. Entries ${faults.join('; ')}${hint}`,
    );
  }
  for (const [name, tensor] of matched) requireFloat32Range(file, name, tensor);
  for (const [name, tensor] of matched) {
    const parameter = owned.get(name)!;
    // Batch norm's counter is an integer; everything else is float32.
    const value = tf.tensor(toFloat32(tensor), [...tensor.shape], parameter.value.dtype);
    parameter.fromDisk(value);
    value.dispose();
  }
  return [...matched.keys()];
}

/** @throws WeightsError where a value is too large for float32. */
export function requireFloat32Range(file: string, entry: string, tensor: StoredTensor): void {
  const position =
    tensor.type === 'F64' ? firstNonFinite(storedFloat32(tensor.shape, toFloat32(tensor))) : -1;
  if (position < 0) return;
  throw new WeightsError(
    'weights-too-large',
    { file, entry, element: position },
    `element ${position} is too large for float32`,
  );
}

interface Misshaped {
  /** As the file calls it. */
  readonly entry: string;
  readonly shape: readonly number[];
  /** The model's. */
  readonly expected: readonly number[];
}

function describeShapes({ entry, shape, expected }: Misshaped): string {
  return `${shown(entry)} has [${shape.join(', ')}], the model [${expected.join(', ')}]`;
}

/** As it is where it is plain. */
function shown(name: string): string {
  return /^[\w.-]{1,100}$/.test(name) ? name : quoted(name);
}

function describe(kind: string, names: readonly string[]): string {
  if (names.length === 0) return '';
  const listed = names.slice(0, LISTED_NAMES).join(', ');
  const rest = names.length - LISTED_NAMES;
  return `${kind}: ${listed}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** Whether a file holds an image classifier rather than a detector such as this one. */
export function isImageClassifier(model: StateOwner, tensors: ReadonlyMap<string, StoredTensor>): boolean {
  const owned = new Set([...model.namedParameters(), ...model.namedBuffers()].map(([name]) => name));
  const names = [...tensors.keys()];
  const isOwn = (name: string): boolean => owned.has(name) || owned.has(currentTorchvisionName(name));
  return names.some(isClassifierLayer) && !names.some(isOwn);
}

/**
 * Fills a detector's backbone, without its feature pyramid, from the file of an image classifier.
 * Returns the names of the entries filled; errors as in `loadStateDict`.
 *
 * @param stateDict of the model's definition.
 */
export function loadBackbone(
  model: StateOwner,
  stateDict: Pick<StateDictLayout, 'isBackbone' | 'ofClassifier'>,
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
): string[] {
  const prefix = commonPrefix(
    [...model.namedParameters(), ...model.namedBuffers()].flatMap(([name]) =>
      stateDict.isBackbone(name) ? [name] : [],
    ),
  );
  const nameOf = (own: string): string => stateDict.ofClassifier?.(own) ?? prefix + own;
  return loadStateDict(model, file, tensors, {
    rename: (name) => {
      const own = classifierBackboneName(name);
      return own === undefined ? undefined : nameOf(own);
    },
    required: (name) => stateDict.isBackbone(name),
  });
}

/** The parts, up to a dot, with which all names begin. */
function commonPrefix(names: readonly string[]): string {
  const parts = names.map((name) => name.split('.'));
  const [first = []] = parts;
  let count = 0;
  while (parts.every((each) => count < each.length - 1 && each[count] === first[count])) count++;
  return first
    .slice(0, count)
    .map((part) => `${part}.`)
    .join('');
}
