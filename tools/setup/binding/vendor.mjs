import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { patched } from './patches.mjs';

const PACKAGE = 'node_modules/@tensorflow/tfjs-node-gpu';
const TARGET = 'dist/tfjs-node';
/** What the binding has besides. */
const OWN_SOURCES = ['cluster.cc', 'start.cc'];
const MODULES = ['nodejs_kernel_backend', 'int64_tensors', 'register_all_kernels', 'tfjs_binding'];

const INDEX = `// The kernels of tfjs-node on tfjs-core, without the rest of TensorFlow.js.
'use strict';
require('@tensorflow/tfjs-core'); // first: its class of tensors is the one that all share
require('./tfjs-core-extras');
require('./register_all_kernels');
exports.NodeJSKernelBackend = require('./nodejs_kernel_backend').NodeJSKernelBackend;
`;
const INDEX_TYPES = `export { NodeJSKernelBackend } from './nodejs_kernel_backend';
export { TFEOpAttr } from './tfjs_binding';
`;

/** What tfjs-core has only as ES modules without file extensions, which Node cannot load: gradients, and methods of tensors. */
const EXTRAS = `import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
`;

/**
 * Copies what this project uses of tfjs-node, patched, to dist/tfjs-node: its kernels, and the sources of its binding together with
 * this project's own. The package has it instead of a dependency on tfjs-node, whose install script downloads a library that is no longer served.
 *
 * @param {string} root of the clone
 */
export async function vendorTfjsNode(root) {
  const draft = path.join(root, `${TARGET}.${process.pid}`);
  fs.rmSync(draft, { recursive: true, force: true });
  fs.mkdirSync(path.join(draft, 'kernels'), { recursive: true });
  fs.mkdirSync(path.join(draft, 'binding'));
  const from = path.join(root, PACKAGE);
  /** @param {string} source @param {string} name */
  const copy = (source, name) =>
    fs.writeFileSync(path.join(draft, name), patched(name, fs.readFileSync(path.join(from, source), 'utf8')));
  for (const module of [...MODULES, ...kernels(from)]) {
    for (const ending of ['js', 'd.ts']) copy(`dist/${module}.${ending}`, `${module}.${ending}`);
  }
  for (const name of fs.readdirSync(path.join(from, 'binding'))) copy(`binding/${name}`, `binding/${name}`);
  for (const name of OWN_SOURCES) {
    fs.copyFileSync(path.join(root, 'tools/setup/binding', name), path.join(draft, 'binding', name));
  }
  fs.writeFileSync(path.join(draft, 'index.js'), INDEX);
  fs.writeFileSync(path.join(draft, 'index.d.ts'), INDEX_TYPES);
  await bundleExtras(root, path.join(draft, 'tfjs-core-extras.js'));
  const target = path.join(root, TARGET);
  fs.rmSync(target, { recursive: true, force: true });
  fs.renameSync(draft, target);
}

/** @param {string} from */
function kernels(from) {
  return fs
    .readdirSync(path.join(from, 'dist/kernels'))
    .filter((name) => name.endsWith('.js'))
    .map((name) => `kernels/${path.basename(name, '.js')}`);
}

/**
 * Gradients and methods join the registries of the tfjs-core that is loaded: these are global to the process.
 * @param {string} root
 * @param {string} file
 */
async function bundleExtras(root, file) {
  /** @type {typeof import('esbuild')} */
  const { build } = createRequire(path.join(root, 'package.json'))('esbuild');
  await build({
    stdin: { contents: EXTRAS, resolveDir: root },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    legalComments: 'inline',
    outfile: file,
    logLevel: 'warning',
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await vendorTfjsNode(process.cwd());
