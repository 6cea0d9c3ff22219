import type { ModelDefinition } from '../../detection/modeling/detector';
import type { StoredTensor } from '../formats/stored-tensor';

/** The entries of a model's file that are weights. */
export function withoutConstants(
  tensors: ReadonlyMap<string, StoredTensor>,
  { stateDict }: ModelDefinition,
): ReadonlyMap<string, StoredTensor> {
  return new Map([...tensors].filter(([entry]) => stateDict.isConstant?.(entry) !== true));
}
