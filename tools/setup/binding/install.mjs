import fs from 'node:fs';
import path from 'node:path';
import { lastLines, runCommand } from '../command.mjs';
import { NativeLibraryError } from '../errors.mjs';
import paths from '../native-paths.cjs';
import { compileBinding } from './compile.mjs';

/** Where the package has bindings that were compiled when it was packed, by platform. A clone has none. */
export const PREBUILT = 'dist/prebuilt';

/** Loads an addon and says in one line why that fails. */
const LOAD = `
try {
  process.dlopen({ exports: {} }, process.argv[1]);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}`;

/**
 * Puts the binding beside the library: the prebuilt one that the package brought along if it is of the same sources and loads here, else
 * a compiled one.
 *
 * @param {string} root of the package
 * @param {string} target
 * @param {import('../reporter.mjs').Reporter} reporter
 * @throws {NativeLibraryError} where it cannot be compiled, or loaded once it is
 */
export async function installBinding(root, target, reporter) {
  const draft = `${target}.partial`;
  try {
    if (!(await takePrebuilt(root, draft))) {
      const include = path.join(path.dirname(target), 'include');
      await reporter.step('compiling the binding with g++', () => compileBinding(root, include, draft));
      const refusal = await loadingError(draft);
      if (refusal !== undefined) {
        const processor = process.arch === 'x64' ? ' and a processor with AVX' : '';
        throw new NativeLibraryError(
          `TensorFlow's native library cannot be loaded on this machine:\n${refusal}\n` +
            `It needs glibc 2.27 or newer${processor}.`,
        );
      }
    }
    fs.renameSync(draft, target);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}

/**
 * @param {string} root
 * @param {string} draft
 */
async function takePrebuilt(root, draft) {
  const prebuilt = path.join(root, PREBUILT, `${paths.PLATFORM}.node`);
  if (!isOfTheseSources(prebuilt)) return false;
  fs.copyFileSync(prebuilt, draft);
  return (await loadingError(draft)) === undefined;
}

/**
 * @param {string} binding
 * @returns {Promise<string | undefined>} why it does not load
 */
async function loadingError(binding) {
  const { status, output } = await runCommand(process.execPath, ['-e', LOAD, binding]);
  return status === 0 ? undefined : lastLines(output);
}

/** @param {string} file */
function isOfTheseSources(file) {
  return (
    fs.existsSync(file) &&
    fs.readFileSync(file).includes(`faster-rcnn binding sources ${paths.bindingHash()}`)
  );
}
