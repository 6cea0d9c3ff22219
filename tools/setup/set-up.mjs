import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { hasBinding, installBinding } from './binding.mjs';
import { NATIVE_PLATFORM, SUPPORTED_NODE } from './constants.mjs';
import { NativeLibraryError, SetupError } from './errors.mjs';
import { fetchLibrary, hasLibrary, libraryFolder } from './library.mjs';
import { withLock } from './lock.mjs';
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

/**
 * Brings a clone to the state in which everything runs: npm packages, TensorFlow's native library, its binding,
 * compiled sources. What is there already is left alone; what was interrupted is made anew.
 *
 * @param {string} root of the clone
 * @param {{ variant?: 'cpu' | 'gpu', quiet: boolean }} options `variant` of the native library, by default the one
 *   chosen last; `quiet` leaves out what is there already
 * @returns {Promise<NativeLibraryError | undefined>} why the native library could not be had, where all else is there
 * @throws {SetupError}
 */
export async function setUp(root, { variant, quiet }) {
  checkNode();
  const reporter = new Reporter(process.stderr, { quiet });
  const cache = cacheFolder();
  if (variant) saveVariant(cache, variant);
  const native = nativeParts(root, cache, variant ?? savedVariant(cache), reporter);
  const packages = {
    name: 'npm packages as in package-lock.json',
    isThere: () => hasPackages(root),
    make: () => installPackages(root, reporter),
  };
  const sources = {
    name: 'TypeScript sources compiled',
    isThere: () => isBuilt(root),
    make: () => build(root, reporter),
  };

  const platform = `${process.platform}-${process.arch}`;
  const isNative = platform === NATIVE_PLATFORM;
  const parts = isNative ? [packages, ...native, sources] : [packages, sources];
  if (quiet && parts.every((part) => part.isThere())) return undefined;

  let failure = isNative ? undefined : unsupportedPlatform(platform);
  await withLock(path.join(cache, 'lock'), reporter, async () => {
    await ensure(packages, reporter);
    if (isNative) failure = await ensureNative(native, reporter);
    await ensure(sources, reporter);
  });
  return failure;
}

/**
 * @param {string} root
 * @param {string} cache
 * @param {'cpu' | 'gpu'} variant
 * @param {Reporter} reporter
 * @returns {Part[]}
 */
function nativeParts(root, cache, variant, reporter) {
  const library = libraryFolder(cache, variant);
  return [
    {
      name: `${path.basename(library)} in ${cache}`,
      isThere: () => hasLibrary(cache, variant),
      make: () => fetchLibrary(cache, variant, reporter),
    },
    {
      name: 'binding compiled and in node_modules',
      isThere: () => hasBinding(root, cache, library),
      make: () => installBinding(root, cache, library, reporter),
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
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isSupported = major >= 20 && major < 23 && (major > 20 || minor >= 19);
  if (!isSupported) {
    throw new SetupError(
      `Node ${process.versions.node} is not supported; this project needs Node ${SUPPORTED_NODE}.\n` +
        'Install Node 22 or 20 (nodejs.org/en/download) and run this again with it.',
    );
  }
}

/** @param {string} platform */
function unsupportedPlatform(platform) {
  return new NativeLibraryError(
    `TensorFlow's native library is set up on ${NATIVE_PLATFORM} only; this is ${platform}.\n` +
      'Detection runs here all the same, on WebAssembly; train on a Linux x64 machine (or container).',
  );
}

/** The cache is the user's, not the clone's: a fresh clone finds there what an older one has fetched and built. */
export function cacheFolder() {
  const { FASTER_RCNN_CACHE, XDG_CACHE_HOME } = process.env;
  if (FASTER_RCNN_CACHE) return path.resolve(FASTER_RCNN_CACHE);
  return path.join(XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'faster-rcnn');
}

/** @param {string} cache */
function variantFile(cache) {
  return path.join(cache, 'variant');
}

/**
 * @param {string} cache
 * @returns {'cpu' | 'gpu'}
 */
function savedVariant(cache) {
  const file = variantFile(cache);
  return fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === 'gpu' ? 'gpu' : 'cpu';
}

/**
 * @param {string} cache
 * @param {'cpu' | 'gpu'} variant
 */
function saveVariant(cache, variant) {
  fs.mkdirSync(cache, { recursive: true });
  fs.writeFileSync(variantFile(cache), `${variant}\n`);
}
