import type { ModelDefinition } from '../detector';

/** @throws RangeError where no model of the family is called so. */
export function modelCalled<Definition extends ModelDefinition>(
  name: string,
  models: readonly Definition[],
  family: string,
): Definition {
  const found = models.find((definition) => definition.name === name);
  if (!found) throw new RangeError(`there is no ${family} called ${name}`);
  return found;
}
