import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { lastLines, runCommand } from './command.mjs';
import { NativeLibraryError } from './errors.mjs';

const PACKAGE = 'node_modules/@tensorflow/tfjs-node-gpu';
const HEADERS = 'node_modules/node-api-headers/include';
/** Where @mapbox/node-pre-gyp looks on Node 20 and 22. */
const INSTALLED = `${PACKAGE}/lib/napi-v8/tfjs_binding.node`;
const LIBRARY_NAMES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/**
 * Whether the binding in node_modules is the one for this library.
 * @param {string} root of the clone
 * @param {string} cache
 * @param {string} library folder
 */
export function hasBinding(root, cache, library) {
  if (!fs.existsSync(path.join(root, PACKAGE, 'binding'))) return false;
  const cached = cachedBinding(root, cache, library);
  const installed = path.join(root, INSTALLED);
  return (
    fs.existsSync(cached) &&
    fs.existsSync(installed) &&
    fs.readFileSync(cached).equals(fs.readFileSync(installed))
  );
}

/**
 * Compiles the unchanged sources of tfjs-node's binding, and binding-start.cc, against the library, or takes the result from the cache, and
 * puts it into node_modules. The binding finds the library in the cache by its absolute path.
 *
 * @param {string} root of the clone
 * @param {string} cache
 * @param {string} library folder
 * @param {import('./reporter.mjs').Reporter} reporter
 * @throws {NativeLibraryError}
 */
export async function installBinding(root, cache, library, reporter) {
  const cached = cachedBinding(root, cache, library);
  if (!fs.existsSync(cached)) {
    await reporter.step('compiling the binding with g++', () => compileBinding(root, library, cached));
  }
  const installed = path.join(root, INSTALLED);
  const draft = `${installed}.${process.pid}`;
  fs.mkdirSync(path.dirname(installed), { recursive: true });
  fs.copyFileSync(cached, draft);
  fs.renameSync(draft, installed);
}

/** @param {string} root */
function sources(root) {
  const folder = path.join(root, PACKAGE, 'binding');
  const names = fs.readdirSync(folder).sort();
  return [...names.map((name) => path.join(folder, name)), path.join(root, 'tools/setup/binding-start.cc')];
}

/**
 * What g++ is told, the files aside.
 * @param {string} library
 */
function compilerFlags(library) {
  const folder = path.join(library, 'tensorflow');
  return {
    compile: [
      '-shared',
      '-fPIC',
      '-O2',
      '-std=c++17',
      '-DNAPI_VERSION=8',
      // binding-start.cc registers the module, and calls this.
      '-Dnapi_register_module_v1=tfjs_register_module',
      `-I${path.join(folder, 'include')}`,
    ],
    link: [
      ...[`-L${folder}`, ...LIBRARY_NAMES.map((name) => `-l:${name}`)],
      ...[`-Wl,-rpath,${folder}`, '-Wl,-z,initfirst'],
    ],
  };
}

/**
 * The binding's place in the cache, named by a hash of all that it is made of.
 * @param {string} root
 * @param {string} cache
 * @param {string} library
 */
function cachedBinding(root, cache, library) {
  const hash = createHash('sha256');
  for (const file of sources(root)) hash.update(path.basename(file)).update(fs.readFileSync(file));
  hash.update(fs.readFileSync(path.join(root, HEADERS, '../package.json')));
  hash.update(JSON.stringify(compilerFlags(library)));
  return path.join(cache, `tfjs_binding-${hash.digest('hex').slice(0, 16)}.node`);
}

/** Loads an addon and says in one line why that fails. */
const LOAD = `
try {
  process.dlopen({ exports: {} }, process.argv[1]);
} catch (error) {
  console.error(error.message);
  process.exit(1);
}`;

/**
 * @param {string} root
 * @param {string} library
 * @param {string} target
 */
async function compileBinding(root, library, target) {
  const draft = `${target}.partial`;
  const { compile, link } = compilerFlags(library);
  const files = sources(root).filter((file) => file.endsWith('.cc'));
  const headers = `-I${path.join(root, HEADERS)}`;
  try {
    const built = await runCommand('g++', [...compile, headers, ...files, ...link, '-o', draft]);
    if (!built.found) {
      throw new NativeLibraryError(
        'g++ was not found; it compiles the binding between Node and TensorFlow.\n' +
          'Install it (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++).',
      );
    }
    if (built.status !== 0) {
      throw new NativeLibraryError(
        `g++ could not compile the binding between Node and TensorFlow:\n${lastLines(built.output)}\n` +
          'It needs g++ 7 or newer with its standard library and a linker (Debian, Ubuntu: apt-get install g++).',
      );
    }
    const loaded = await runCommand(process.execPath, ['-e', LOAD, draft]);
    if (loaded.status !== 0) {
      throw new NativeLibraryError(
        `TensorFlow's native library cannot be loaded on this machine:\n${lastLines(loaded.output)}\n` +
          'It needs glibc 2.27 or newer and a processor with AVX.',
      );
    }
    fs.renameSync(draft, target);
  } finally {
    fs.rmSync(draft, { force: true });
  }
}
