import { InputError } from '../../detection/errors';
import { loadUserModule } from '../../detection/files/user-module';
import { registerModel } from '../../detection/modeling/definitions';
import type { ModelDefinition } from '../../detection/modeling/detector';

/** The files of models that users have named, by the models' names. */
const files = new Map<string, string>();

/** What `--model` means: a model's name as it is, and the name of the model that a file defines, which is known from then on. */
export function givenModel(nameOrFile: string): string {
  if (!isFile(nameOrFile)) return nameOrFile;
  const { name } = loadModelFile(nameOrFile);
  files.set(name, nameOrFile);
  return name;
}

/** The file that `--model` has named for a model; undefined for one of the program's own. */
export function modelFileOf(name: string): string | undefined {
  return files.get(name);
}

/** No name of a model has a dot or a slash. */
function isFile(nameOrFile: string): boolean {
  return /[\\/]|\.[cm]?js$/.test(nameOrFile);
}

/**
 * Makes the model known that is a file's default export.
 *
 * @throws InputError where there is no such file, it cannot be loaded, it exports no model, or one whose name is taken.
 */
function loadModelFile(file: string): ModelDefinition {
  const definition = loadUserModule(file);
  if (!isDefinition(definition)) {
    throw new InputError(
      'no-model',
      `--model ${file}: its default export is no model; defineModel(base, { name, ... }) makes one`,
      { file },
    );
  }
  registerModel(definition);
  return definition;
}

function isDefinition(value: unknown): value is ModelDefinition {
  if (typeof value !== 'object' || value === null) return false;
  const has = (key: string, type: string): boolean =>
    key in value && typeof (value as Record<string, unknown>)[key] === type;
  return (
    has('name', 'string') &&
    has('build', 'function') &&
    ['input', 'settings', 'stateDict', 'published'].every((key) => has(key, 'object'))
  );
}
