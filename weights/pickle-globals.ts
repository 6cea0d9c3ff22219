import { numpyGlobals } from './numpy-arrays';
import {
  describeValue,
  PickleDict,
  PickleError,
  PickleFunction,
  PickleList,
  PickleTuple,
  type PickleObject,
  type PickleValue,
} from './pickle-values';
import { torchGlobals } from './pytorch-tensors';

/**
 * Every name that a pickle may use here, by `module.name`: what state dicts and arrays are made of, and no more. Less
 * than torch.load(weights_only=True) allows.
 */
export function weightsGlobals(): Map<string, PickleObject> {
  const functions = {
    'collections.OrderedDict': orderedDict,
    'collections.Counter': ([counts]: readonly PickleValue[]) => counts ?? null,
    '_codecs.encode': encode,
    '__builtin__.bytes': noBytes,
  };
  return new Map<string, PickleObject>([
    ...Object.entries(functions).map(([name, call]) => [name, new PickleFunction(name, call)] as const),
    ...torchGlobals(),
    ...numpyGlobals(),
  ]);
}

/** Empty, or in Python 2 from a list of pairs. */
function orderedDict([pairs]: readonly PickleValue[]): PickleDict {
  const dict = new PickleDict();
  if (pairs === undefined) return dict;
  if (!(pairs instanceof PickleList))
    throw new PickleError(`makes an OrderedDict of ${describeValue(pairs)}`);
  for (const pair of pairs.items) {
    const items = pair instanceof PickleList || pair instanceof PickleTuple ? pair.items : [];
    if (items.length !== 2) throw new PickleError('makes an OrderedDict of something else than pairs');
    dict.entries.set(items[0], items[1]);
  }
  return dict;
}

/** Protocol 2 has no bytes. Python writes text of one character a byte, to be encoded; so it can stay here. */
function encode([text, encoding]: readonly PickleValue[]): string {
  if (typeof text === 'string' && (encoding === 'latin1' || encoding === 'latin-1')) return text;
  throw new PickleError(`encodes ${describeValue(text)}, and not as latin1`);
}

/** Protocol 2 has no empty bytes either. */
function noBytes(given: readonly PickleValue[]): string {
  if (given.length === 0) return '';
  throw new PickleError('makes bytes of something');
}
