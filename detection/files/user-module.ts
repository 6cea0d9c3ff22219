import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../errors';

const requireModule = createRequire(__filename);

/**
 * Loads a JavaScript module that the user has written, CommonJS or ES module, and returns its default export; of a CommonJS
 * module without one, `module.exports`. A module is run once in a thread, however often it is loaded.
 *
 * @param file path; a relative one is relative to the working directory.
 * @throws InputError where there is no such file, or it cannot be loaded, with the error as its cause.
 */
export function loadUserModule(file: string): unknown {
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new InputError(
      'module-missing',
      `${file}: there is no such file; a JavaScript module is expected`,
      {
        file,
      },
    );
  }
  let exported: unknown;
  try {
    exported = requireModule(path.resolve(file));
  } catch (error) {
    throw new InputError(
      'module-failed',
      `${file}: cannot be loaded: ${reasonOf(error)}`,
      { file },
      { cause: error },
    );
  }
  return hasDefault(exported) ? exported.default : exported;
}

/** The path of a module that is given by its path or by its URL. */
export function modulePath(module: string | URL): string {
  const isUrl = module instanceof URL || module.startsWith('file:');
  return path.resolve(isUrl ? fileURLToPath(module) : module);
}

/** What has been thrown, in one line. */
export function reasonOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.split('\n', 1)[0];
}

function hasDefault(exported: unknown): exported is { readonly default: unknown } {
  return typeof exported === 'object' && exported !== null && 'default' in exported;
}
