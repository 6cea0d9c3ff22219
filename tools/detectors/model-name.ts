import { InputError } from '../../detection/errors';
import { modelNames, type ModelName } from '../../detection/modeling/definitions/models';
import { suggest } from '../config/suggest';

/** @throws InputError where there is no such model. */
export function checkedModelName(name: string): ModelName {
  const known = modelNames.find((candidate) => candidate === name);
  if (known) return known;
  const meant = suggest(name, modelNames);
  const hint = meant === undefined ? `; there are ${modelNames.join(', ')}` : `; did you mean ${meant}?`;
  throw new InputError(`--model ${name}: there is no such model${hint}`);
}
