import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { installBinding } from './binding/install.mjs';
import { OLDEST_NODE } from './constants.mjs';
import { NativeLibraryError, SetupError } from './errors.mjs';
import { makeFolders } from './folders.mjs';
import { LIBRARIES } from './libraries.cjs';
import { fetchLibrary, hasLibrary } from './library.mjs';
import { withLock } from './lock.mjs';
import paths from './native-paths.cjs';
import { hasPackages, installPackages } from './packages.mjs';
import { Reporter } from './reporter.mjs';
import { build, isBuilt } from './sources.mjs';

/**
 * One part of what must be there.
 *
 * @typedef {object} Part
 * @property {string} name as the report says it when the part is there
 * @property {() => boolean} isThere cheap: it is asked at every start
 * @property {() => Promise<void>} make
 */

/** @typedef {import('./libraries.cjs').Variant} Variant */

/**
 * Brings a clone to the state in which everything runs: npm packages, compiled sources, TensorFlow's native library, its binding;
 * an installed package needs the last two only. What is there already is left alone; what was interrupted is made anew.
 *
 * @param {string} root of the clone or package
 * @param {{ variant?: Variant, quiet: boolean, native?: boolean }} options `variant` of the native library, by default the
 *   one chosen last; `quiet` leaves out what is there already; `native`: false goes without library and binding
 * @returns {Promise<NativeLibraryError | undefined>} why the native library could not be had, where all else is there
 * @throws {SetupError}
 */
export async function setUp(root, { variant, quiet, native: isNativeWanted = true }) {
  checkNode();
  const reporter = new Reporter(process.stderr, { quiet });
  if (variant) saveVariant(variant);
  const clone = isClone(root) ? cloneParts(root, reporter) : [];
  const chosen = variant ?? paths.savedVariant();
  const native = isNativeWanted ? nativeParts(root, chosen, reporter) : [];
  const makeAll = async () => {
    for (const part of clone) await ensure(part, reporter);
    if (isNativeWanted && !paths.libraryOf(chosen)) return unsupportedPlatform(chosen);
    return ensureNative(native, reporter);
  };
  if (![...clone, ...native].every((part) => part.isThere())) {
    return withLock(path.join(paths.cacheFolder(), 'lock'), reporter, makeAll);
  }
  // No lock: the cache may be another user's.
  return quiet ? undefined : makeAll();
}

/**
 * npm leaves package-lock.json out of every package.
 * @param {string} root
 */
function isClone(root) {
  return fs.existsSync(path.join(root, 'package-lock.json'));
}

/**
 * @param {string} root of the clone
 * @param {Reporter} reporter
 * @returns {Part[]}
 */
function cloneParts(root, reporter) {
  return [
    {
      name: 'npm packages as in package-lock.json',
      isThere: () => hasPackages(root),
      make: () => installPackages(root, reporter),
    },
    {
      name: 'TypeScript sources compiled',
      isThere: () => isBuilt(root),
      make: () => build(root, reporter),
    },
  ];
}

/**
 * @param {string} root
 * @param {Variant} variant
 * @param {Reporter} reporter
 * @returns {Part[]}
 */
function nativeParts(root, variant, reporter) {
  const library = paths.libraryOf(variant);
  if (!library) return [];
  /** What it is called depends on sources that a clone has once they are compiled. */
  const binding = () => /** @type {string} */ (paths.bindingFile(variant));
  return [
    {
      name: `${path.basename(paths.libraryFolder(library))} in ${paths.cacheFolder()}`,
      isThere: () => hasLibrary(library),
      make: () => fetchLibrary(library, reporter),
    },
    {
      name: 'binding beside it',
      isThere: () => fs.existsSync(binding()),
      make: () => installBinding(root, binding(), reporter),
    },
  ];
}

/**
 * @param {Part} part
 * @param {Reporter} reporter
 */
async function ensure(part, reporter) {
  const start = performance.now();
  if (!part.isThere()) await part.make();
  else reporter.present(part.name, performance.now() - start);
}

/**
 * @param {Part[]} parts
 * @param {Reporter} reporter
 * @returns {Promise<NativeLibraryError | undefined>}
 */
async function ensureNative(parts, reporter) {
  try {
    for (const part of parts) await ensure(part, reporter);
    return undefined;
  } catch (error) {
    if (error instanceof NativeLibraryError) return error;
    throw error;
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE.split('.').map(Number);
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    throw new SetupError(
      `Node ${process.versions.node} is not supported; this project needs Node ${OLDEST_NODE} or newer.\n` +
        'Install Node 24 or 22 (nodejs.org/en/download) and run this again with it.',
    );
  }
}

/** @param {Variant} variant */
function unsupportedPlatform(variant) {
  if (paths.libraryOf('cpu')) {
    return new NativeLibraryError(
      `TensorFlow has no build for GPUs on ${paths.PLATFORM}, and ${variant} was chosen. Choose the CPU build: rcnn setup --cpu`,
    );
  }
  return new NativeLibraryError(
    `TensorFlow's native library is set up on ${Object.keys(LIBRARIES).join(' and ')} only; this is ${paths.PLATFORM}.\n` +
      'Detection runs here all the same, on WebAssembly; train on a Linux machine (or container).',
  );
}

/** @param {Variant} variant */
function saveVariant(variant) {
  makeFolders(paths.cacheFolder());
  fs.writeFileSync(paths.variantFile(), `${variant}\n`);
}
