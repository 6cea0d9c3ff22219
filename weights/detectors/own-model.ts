import { InputError } from '../../detection/errors';
import type { ModelDefinition } from '../../detection/modeling/detector';
import type { StoredTensor } from '../formats/stored-tensor';

/**
 * @throws InputError where the entries of a file show that it is for another model than the one that is to have it; it says
 *   which.
 */
export function requireOwnModel(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  { name, stateDict }: ModelDefinition,
): void {
  const other = stateDict.otherModel?.(tensors);
  if (other === undefined) return;
  throw new InputError(
    'other-model',
    `${file}: does not fit ${name}, but ${other}: take that model (--model)`,
    {
      wanted: name,
      found: other,
    },
  );
}
