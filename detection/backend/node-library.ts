/** TensorFlow's native library, through the binding that set-up has put beside it. */
import fs from 'node:fs';
import { createRequire } from 'node:module';
import { bindingFile, PLATFORM } from '#native-paths';
import type { NodeJSKernelBackend } from '#tfjs-node';
import { InputError } from '../errors';

type Binding = NodeJSKernelBackend['binding'];

/** TensorFlow's native library is wanted, and is not there or does not load. */
export class NativeLibraryError extends InputError {
  override readonly name = 'NativeLibraryError';

  /** @internal @param reason a sentence; where the system's loader has given one, it is in it. */
  constructor(reason: string, facts: { binding?: string } = {}, options?: ErrorOptions) {
    super(
      'native-library',
      `TensorFlow's native library is not there: ${reason} Run \`npx rcnn setup\`: it installs the library, or says what is in the way.`,
      facts,
      options,
    );
  }
}

/**
 * Loads the binding, and with it the library. Nothing is downloaded or compiled.
 *
 * @throws NativeLibraryError where that fails: set-up has not been run, or something that the library needs is missing.
 */
export function loadBinding(): Binding {
  const binding = bindingFile();
  if (binding === undefined) throw new NativeLibraryError(`there is none for ${PLATFORM}.`);
  if (!fs.existsSync(binding)) throw new NativeLibraryError(`no file ${binding}.`, { binding });
  try {
    return createRequire(binding)(binding) as Binding;
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new NativeLibraryError(`it does not load: ${message}.`, { binding }, { cause: error });
  }
}
