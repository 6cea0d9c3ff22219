import type { BinaryFile } from '../binary-file';
import { NumpyArray } from './numpy-arrays';
import { describeValue, PickleDict, type PickleValue } from './pickle-values';
import { TorchTensor, type StorageReader } from '../pytorch/pytorch-tensors';
import type { StoredTensor } from '../stored-tensor';
import { TensorBudget } from '../strided';
import { WeightsError } from '../weights-error';

/** Where training programs put the state dict among other things. */
const STATE_DICT_KEYS = ['model', 'state_dict', 'model_state_dict'];

/** The metadata's key for what PyTorch keeps as the attribute `_metadata`: versions of the modules, in JSON. */
export const MODULE_VERSIONS = '_metadata';

/** What a file of weights holds. */
export interface WeightsContents {
  /** In the file's order. */
  readonly tensors: Map<string, StoredTensor>;
  /** Other texts of the file, by key. */
  readonly metadata: Record<string, string>;
  /** Names of what the file holds beside the weights: the optimizer's state, say. */
  readonly leftOut: readonly string[];
}

/**
 * Reads the tensors of a state dict: of the pickle's root, or of the dictionary that the root has under `model`,
 * `state_dict` or `model_state_dict`.
 *
 * @throws WeightsError where there is no state dict, where not everything in it is a tensor, and where a tensor does not
 *   fit its data.
 */
export function readStateDict(
  source: BinaryFile,
  root: PickleValue,
  readStorage: StorageReader,
): WeightsContents {
  const file = source.name;
  if (!(root instanceof PickleDict)) {
    throw new WeightsError(
      'weights-no-dictionary',
      { file, found: describeValue(root) },
      `holds ${describeValue(root)}; a dictionary of tensors is expected`,
    );
  }
  const key = stateDictKey(file, root);
  const nested = key === undefined ? undefined : root.entries.get(key);
  const dict = nested instanceof PickleDict ? nested : root;
  const budget = new TensorBudget(source.size);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of dict.entries) {
    if (typeof name !== 'string') {
      throw new WeightsError(
        'weights-entry-name',
        { file, found: describeValue(name) },
        `has ${describeValue(name)} for the name of a tensor`,
      );
    }
    if (value instanceof TorchTensor) tensors.set(name, value.read(file, name, readStorage, budget));
    else if (value instanceof NumpyArray) tensors.set(name, value.read(file, name, budget));
    else
      throw new WeightsError(
        'weights-no-tensor',
        { file, entry: name, found: describeValue(value) },
        `is ${describeValue(value)}, not a tensor`,
      );
  }
  if (tensors.size === 0) throw new WeightsError('weights-no-tensors', { file }, 'holds no tensors');
  const versions = moduleVersions(dict.attributes);
  return {
    tensors,
    metadata: versions === undefined ? {} : { [MODULE_VERSIONS]: JSON.stringify(versions) },
    leftOut: key === undefined ? [] : otherKeys(root, key),
  };
}

function stateDictKey(file: string, root: PickleDict): string | undefined {
  const keys = STATE_DICT_KEYS.filter((key) => root.entries.get(key) instanceof PickleDict);
  if (keys.length <= 1) return keys.at(0);
  throw new WeightsError(
    'weights-ambiguous',
    { file, keys },
    `has weights under ${keys.join(' and ')}; it is not clear which are meant`,
  );
}

function otherKeys(root: PickleDict, key: string): string[] {
  return [...root.entries.keys()]
    .filter((other) => other !== key)
    .map((other) => (typeof other === 'string' ? other : describeValue(other)));
}

/** `{module: {version: n}}`, where it is as torch writes it. */
function moduleVersions(attributes: PickleValue): Record<string, Record<string, number>> | undefined {
  const modules = attributes instanceof PickleDict ? attributes.entries.get('_metadata') : undefined;
  if (!(modules instanceof PickleDict)) return undefined;
  const versions: [string, Record<string, number>][] = [];
  for (const [module, value] of modules.entries) {
    if (typeof module !== 'string' || !(value instanceof PickleDict)) return undefined;
    const numbers: [string, number][] = [];
    for (const [key, number] of value.entries) {
      if (typeof key !== 'string' || typeof number !== 'number' || !Number.isSafeInteger(number))
        return undefined;
      numbers.push([key, number]);
    }
    versions.push([module, Object.fromEntries(numbers)]);
  }
  return Object.fromEntries(versions);
}
