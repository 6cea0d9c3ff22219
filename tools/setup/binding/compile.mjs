import fs from 'node:fs';
import path from 'node:path';
import { lastLines, runCommand } from '../command.mjs';
import { NativeLibraryError } from '../errors.mjs';
import paths from '../native-paths.cjs';

const HEADERS = 'node_modules/node-api-headers/include';
const LIBRARY_NAMES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];

/**
 * Compiles the binding. It finds the library beside itself, wherever that is, and need not have it while it is compiled: empty
 * libraries of the same names stand in for it. So a compiler for another platform makes that platform's binding.
 *
 * @param {string} root of the package
 * @param {string} include folder of TensorFlow's headers
 * @param {string} target what to write; it appears whole or not at all
 * @param {string} compiler
 * @throws {NativeLibraryError}
 */
export async function compileBinding(root, include, target, compiler = 'g++') {
  const folder = `${target}.${process.pid}`;
  fs.mkdirSync(folder, { recursive: true });
  try {
    for (const name of LIBRARY_NAMES) {
      await run(compiler, [
        '-shared',
        `-Wl,-soname,${name}`,
        '-x',
        'c++',
        '/dev/null',
        '-o',
        path.join(folder, name),
      ]);
    }
    const draft = path.join(folder, 'binding');
    const sources = fs.readdirSync(paths.BINDING_SOURCES).filter((name) => name.endsWith('.cc'));
    await run(compiler, [
      ...['-shared', '-fPIC', '-O2', '-std=c++17', '-DNAPI_VERSION=8'],
      `-DBINDING_SOURCES=${paths.bindingHash()}`,
      ...[`-I${include}`, `-I${path.join(root, HEADERS)}`],
      ...sources.map((name) => path.join(paths.BINDING_SOURCES, name)),
      ...['-Wl,--no-as-needed', `-L${folder}`, ...LIBRARY_NAMES.map((name) => `-l:${name}`)],
      ...['-Wl,-rpath,$ORIGIN', '-Wl,-z,initfirst', '-s'],
      // Of its own, so that it runs where the C++ library is older than the compiler's.
      ...['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL'],
      ...['-o', draft],
    ]);
    fs.renameSync(draft, target);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} compiler
 * @param {string[]} args
 */
async function run(compiler, args) {
  const { found, status, output } = await runCommand(compiler, args);
  if (!found) {
    throw new NativeLibraryError(
      `${compiler} was not found; it compiles the binding between Node and TensorFlow.\n` +
        'Install it (Debian, Ubuntu: apt-get install g++; Fedora: dnf install gcc-c++).',
    );
  }
  if (status !== 0) {
    throw new NativeLibraryError(
      `${compiler} could not compile the binding between Node and TensorFlow:\n${lastLines(output)}\n` +
        'It needs g++ 7 or newer with its standard library and a linker (Debian, Ubuntu: apt-get install g++).',
    );
  }
}
