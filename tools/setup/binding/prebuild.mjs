// What `npm pack` does before it packs: compiles the sources from nothing, so that no file of an older build is packed, and the
// binding for each platform. By itself: node tools/setup/binding/prebuild.mjs

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, SetupError } from '../errors.mjs';
import paths from '../native-paths.cjs';
import { setUp } from '../set-up.mjs';
import { compileBinding } from './compile.mjs';
import { PREBUILT } from './install.mjs';

/** Debian's names: apt-get install g++-x86-64-linux-gnu g++-aarch64-linux-gnu; on the platform itself g++ is one of them. */
const COMPILERS = {
  'linux-x64': 'x86_64-linux-gnu-g++',
  'linux-arm64': 'aarch64-linux-gnu-g++',
};

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
try {
  fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true });
  const failure = await setUp(root, { variant: undefined, quiet: true });
  if (failure) throw failure;
  const library = paths.libraryOf(paths.savedVariant());
  if (!library) throw new SetupError(`There is no library, and so no headers, for ${paths.PLATFORM}.`);
  const include = path.join(paths.libraryFolder(library), 'tensorflow/include');
  const folder = path.join(root, PREBUILT);
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
