// Where the native library and its binding are, for set-up, which brings them there, and for the program, which loads
// them. CommonJS, like the program; written without a compiler, since set-up runs before there is one.

const { createHash } = require('node:crypto');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { LIBRARIES } = require('./libraries.cjs');

/** @typedef {import('./libraries.cjs').Variant} Variant */

const PACKAGE = path.join(__dirname, '../..');

/** What the binding is made of, as the build has laid it out, and the hash of it. */
const BINDING_SOURCES = path.join(PACKAGE, 'dist/tfjs-node/binding');

const PLATFORM = `${process.platform}-${process.arch}`;

/** The cache is the user's, not the package's: another clone, or another project, finds there what one has fetched. */
function cacheFolder() {
  const { FASTER_RCNN_CACHE, XDG_CACHE_HOME } = process.env;
  if (FASTER_RCNN_CACHE) return path.resolve(FASTER_RCNN_CACHE);
  return path.join(XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'faster-rcnn');
}

/** Holds the name of the variant that the user has chosen last. */
function variantFile() {
  return path.join(cacheFolder(), 'variant');
}

/** @returns {Variant} */
function savedVariant() {
  const file = variantFile();
  return fs.existsSync(file) && fs.readFileSync(file, 'utf8').trim() === 'gpu' ? 'gpu' : 'cpu';
}

/**
 * The build of the library for this platform; undefined where there is none.
 * @param {Variant} variant
 */
function libraryOf(variant) {
  return LIBRARIES[PLATFORM]?.[variant];
}

/**
 * Where a build of the library is in the cache: libraries in `tensorflow/`, headers in `tensorflow/include/`.
 * @param {import('./libraries.cjs').Library} library
 */
function libraryFolder({ requirement, sha256 }) {
  return path.join(cacheFolder(), `${requirement.replace('==', '-')}-${sha256.slice(0, 8)}`);
}

/** The hash of the binding's sources and of how they are compiled: 16 hexadecimal digits. */
function bindingHash() {
  const hash = createHash('sha256').update(fs.readFileSync(path.join(__dirname, 'binding/compile.mjs')));
  for (const name of fs.readdirSync(BINDING_SOURCES).sort()) {
    hash.update(`${name}\n`).update(fs.readFileSync(path.join(BINDING_SOURCES, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

/**
 * The binding that belongs to this version, beside the library, which it finds there; whether it is there or not. Undefined where
 * there is no library for this platform.
 *
 * @param {Variant} variant
 * @returns {string | undefined}
 */
function bindingFile(variant = savedVariant()) {
  const library = libraryOf(variant);
  return library && path.join(libraryFolder(library), 'tensorflow', `tfjs_binding-${bindingHash()}.node`);
}

module.exports = {
  BINDING_SOURCES,
  PLATFORM,
  bindingFile,
  bindingHash,
  cacheFolder,
  libraryFolder,
  libraryOf,
  savedVariant,
  variantFile,
};
