import { InputError } from '../../detection/errors';
import { modelDefinition, modelNames, UnknownModelError } from '../../detection/modeling/definitions';
import type { ModelDefinition } from '../../detection/modeling/detector';
import { suggest } from '../../weights/settings/suggest';

/** The model that `--model` names; undefined where it is not given. @throws InputError where there is no such model. */
export function namedModel(name: string | undefined): ModelDefinition | undefined {
  if (name === undefined) return undefined;
  try {
    return modelDefinition(name);
  } catch (error) {
    if (!(error instanceof UnknownModelError)) throw error;
    const meant = suggest(name, modelNames);
    const hint = meant === undefined ? `; there are ${modelNames.join(', ')}` : `; did you mean ${meant}?`;
    throw new InputError('unknown-model', `--model ${name}: there is no such model${hint}`, { model: name });
  }
}
