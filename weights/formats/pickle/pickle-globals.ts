import { numpyGlobals } from './numpy-arrays';
import {
  PickleDict,
  PickleError,
  PickleFunction,
  PickleList,
  PickleObject,
  PickleTuple,
  type PickleValue,
  unexpected,
} from './pickle-values';
import { torchGlobals } from '../pytorch/pytorch-tensors';

/** All OrderedDicts together may be made of as many pairs. */
const MAX_PAIRS = 1 << 20;

/**
 * Classes of what training programs save beside the weights: torchvision's reference scripts the options that they were
 * called with, others where and on what they ran. All that is kept of such an object is that it was there.
 */
const RECORDS = [
  'argparse.Namespace',
  'pathlib.PosixPath',
  'pathlib.WindowsPath',
  'torch.device',
  // Python 2's name of the module, which Python 3 writes in protocol 2, as PyTorch does.
  ...['set', 'bytearray', 'complex'].flatMap((name) => [`__builtin__.${name}`, `builtins.${name}`]),
];

class PickleRecord extends PickleObject {
  constructor(readonly description: string) {
    super();
  }

  override setState(): void {}
}

/**
 * Every name that a pickle may use here, by `module.name`: what state dicts and arrays are made of, and records. It is
 * new for each file.
 */
export function weightsGlobals(): Map<string, PickleObject> {
  const functions = {
    'collections.OrderedDict': orderedDicts(),
    'collections.Counter': ([counts]: readonly PickleValue[]) => counts ?? null,
    '_codecs.encode': encode,
    '__builtin__.bytes': noBytes,
  };
  return new Map<string, PickleObject>([
    ...RECORDS.map((name) => [name, new PickleFunction(name, () => new PickleRecord(name))] as const),
    ...Object.entries(functions).map(([name, call]) => [name, new PickleFunction(name, call)] as const),
    ...torchGlobals(),
    ...numpyGlobals(),
  ]);
}

/** Makes them empty, or from a list of pairs as Python 2 writes it. A list may be used again, and again. */
function orderedDicts(): (given: readonly PickleValue[]) => PickleDict {
  let left = MAX_PAIRS;
  return ([pairs]) => {
    const dict = new PickleDict();
    if (pairs === undefined) return dict;
    if (!(pairs instanceof PickleList))
      throw unexpected('pickle-dict-source', 'makes an OrderedDict of', pairs);
    left -= pairs.items.length;
    if (left < 0)
      throw new PickleError('pickle-dict-size', `makes OrderedDicts of more than ${MAX_PAIRS} pairs`, {
        limit: MAX_PAIRS,
      });
    for (const pair of pairs.items) {
      const items = pair instanceof PickleList || pair instanceof PickleTuple ? pair.items : [];
      if (items.length !== 2)
        throw new PickleError('pickle-dict-pairs', 'makes an OrderedDict of something other than pairs');
      dict.entries.set(items[0], items[1]);
    }
    return dict;
  };
}

/** Protocol 2 has no bytes. Python writes text of one character a byte, to be encoded; so it can stay here. */
function encode([text, encoding]: readonly PickleValue[]): string {
  if (typeof text === 'string' && (encoding === 'latin1' || encoding === 'latin-1')) return text;
  throw unexpected('pickle-encoding', 'encodes', text, ', and not as latin1');
}

/** Protocol 2 has no empty bytes either. */
function noBytes(given: readonly PickleValue[]): string {
  if (given.length === 0) return '';
  throw new PickleError('pickle-bytes', 'makes bytes of something');
}
