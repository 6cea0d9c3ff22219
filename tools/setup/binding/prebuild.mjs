// Compiles the bindings that the package brings along: node tools/setup/binding/prebuild.mjs
// Run by `npm pack`, after the build. It needs set-up to have been run (TensorFlow's headers), and a compiler for each platform.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, SetupError } from '../errors.mjs';
import paths from '../native-paths.cjs';
import { compileBinding } from './compile.mjs';
import { PREBUILT } from './install.mjs';

/** Debian's names: apt-get install g++-x86-64-linux-gnu g++-aarch64-linux-gnu; on the platform itself g++ is one of them. */
const COMPILERS = {
  'linux-x64': 'x86_64-linux-gnu-g++',
  'linux-arm64': 'aarch64-linux-gnu-g++',
};

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
try {
  const library = paths.libraryOf('cpu');
  if (!library) throw new SetupError(`There is no library, and so no headers, for ${paths.PLATFORM}.`);
  const include = path.join(paths.libraryFolder(library), 'tensorflow/include');
  const folder = path.join(root, PREBUILT);
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder, { recursive: true });
  for (const [platform, compiler] of Object.entries(COMPILERS)) {
    await compileBinding(root, include, path.join(folder, `${platform}.node`), compiler);
  }
} catch (error) {
  const message = messageOf(error);
  if (message === undefined) throw error;
  console.error(message);
  process.exitCode = 2;
}
