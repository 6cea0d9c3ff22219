// What a user of the package gets: packs the project, installs the tarball in a fresh project, and there compiles the program
// of programs/train.ts strictly, under each way in which TypeScript resolves modules, and runs it, as a CommonJS module with
// ts-node and as an ES module with tsx. The program that runs trains a tiny detector for two steps, from weights that it makes
// itself.
//
//   node tests/package/check.mjs            the tarball, installed from the registry that npm is set to
//   node tests/package/check.mjs --linked   the working copy, linked, as `npm run build` has left it; needs no network

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');
const own = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
const isLinked = process.argv.includes('--linked');
/** What the user's project has beside the package, in the versions of this one. */
const USERS_PACKAGES = ['@types/node', 'ts-node', 'tsx', 'typescript'];
const program = fs.readFileSync(path.join(root, 'tests/package/programs/train.ts'), 'utf8');

/** What makes of the program one that runs in seconds. */
const CHANGES = [
  [
    'await loadNativeBackend();\n',
    `await loadNativeBackend();
const start = createDetector('fasterrcnn_tiny_fpn', { categories: ['plate', 'car'], seed: 1 });
writeSafetensors('start.safetensors', saveStateDict(start));
start.dispose();
`,
  ],
  ['CheckpointHook, loadWeights', 'CheckpointHook, loadWeights, saveStateDict, writeSafetensors'],
  ["'fasterrcnn_resnet18_fpn'", "'fasterrcnn_tiny_fpn'"],
  ["'IMAGENET1K_V1'", "'start.safetensors'"],
  ['iterations: 600', 'iterations: 2'],
];
const shortProgram = CHANGES.reduce((text, [from, to]) => {
  assert(text.includes(from), `the program has no ${from}`);
  return text.replace(from, to);
}, program);

/** CommonJS has no `await` outside of functions. */
function inFunction(text) {
  const imports = text.match(/^import .*$/gm) ?? [];
  const rest = text.replace(/^import .*\n/gm, '');
  return `${imports.join('\n')}\n\nasync function main(): Promise<void> {\n${rest}}\n\nvoid main();\n`;
}

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'faster-rcnn-user-'));

/** Runs a command, which has to succeed; returns what it prints. */
function run(folder, command, ...args) {
  const label = `${path.basename(folder)}: ${[command, ...args].map((word) => path.basename(word)).join(' ')}`;
  const started = performance.now();
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  assert.equal(status, 0, `${label}\n${stdout}\n${stderr}`);
  console.log(`${label}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return stdout;
}

/** @param {string} file relative to the project @param {object | string} contents */
function write(file, contents) {
  const text = typeof contents === 'string' ? contents : `${JSON.stringify(contents, null, 2)}\n`;
  fs.mkdirSync(path.dirname(path.join(home, file)), { recursive: true });
  fs.writeFileSync(path.join(home, file), text);
}

function link(name) {
  const place = path.join(home, 'node_modules', name);
  fs.mkdirSync(path.dirname(place), { recursive: true });
  fs.symlinkSync(name === own.name ? root : path.join(root, 'node_modules', name), place);
}

function installTarball() {
  run(root, 'npm', 'pack', '--ignore-scripts=false', '--pack-destination', home);
  const tarball = fs.readdirSync(home).find((name) => name.endsWith('.tgz'));
  assert(tarball, 'npm pack has made no tarball');
  const names = run(home, 'tar', '-tzf', tarball)
    .split('\n')
    .map((name) => name.replace(/^package\//, ''));
  assert(names.includes('dist/detection/index.js'), 'the tarball has no compiled code');
  assert.deepEqual(
    names.filter((name) => /^(tests|runs)\/|\.test\./.test(name)),
    [],
    'the tarball has what is no use to users',
  );
  const versions = USERS_PACKAGES.map((name) => `${name}@${own.devDependencies[name]}`);
  run(home, 'npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', `./${tarball}`, ...versions);
}

/** The program under one way of resolving modules; `types` as `tsc --init` has it would be all that there are. */
function compile(folder, module, moduleResolution) {
  write(`${folder}/tsconfig.json`, {
    compilerOptions: {
      target: 'ES2022',
      module,
      moduleResolution,
      strict: true,
      noEmit: true,
      skipLibCheck: false,
      types: ['node'],
    },
  });
  run(path.join(home, folder), process.execPath, tool('typescript', 'tsc'), '-p', '.');
}

function tool(name, program) {
  const folder = path.join(home, 'node_modules', name);
  const { bin } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  return path.join(folder, typeof bin === 'string' ? bin : bin[program]);
}

function expectResults(folder, printed) {
  assert.match(printed, /iouType: 'bbox'/, printed);
  const state = path.join(home, folder, 'runs/a/last/state.json');
  assert.equal(JSON.parse(fs.readFileSync(state, 'utf8')).iteration, 2);
}

try {
  write('package.json', { private: true });
  if (isLinked) [own.name, ...USERS_PACKAGES].forEach(link);
  else installTarball();

  write('commonjs/package.json', { private: true, type: 'commonjs' });
  write('commonjs/train.ts', inFunction(program));
  write('module/package.json', { private: true, type: 'module' });
  write('module/train.ts', program);
  for (const folder of ['commonjs', 'module']) {
    compile(folder, 'NodeNext', 'NodeNext');
    compile(folder, 'Node16', 'Node16');
  }
  compile('module', 'ESNext', 'Bundler');

  write('commonjs/train.ts', inFunction(shortProgram));
  write('module/train.ts', shortProgram);
  for (const [folder, runner, name] of [
    ['commonjs', 'ts-node', 'ts-node'],
    ['module', 'tsx', 'tsx'],
  ]) {
    const file = path.join(home, folder);
    expectResults(folder, run(file, process.execPath, tool(runner, name), 'train.ts'));
  }

  for (const inside of ['dist/detection/index.js', 'dist/tools/cli/main.js', 'detection']) {
    const code = `require('${own.name}/${inside}')`;
    const { stderr } = spawnSync(process.execPath, ['-e', code], { cwd: home, encoding: 'utf8' });
    assert.match(stderr, /ERR_PACKAGE_PATH_NOT_EXPORTED/, `${inside} can be imported`);
  }
  console.log(`${own.name}, as ${isLinked ? 'linked' : 'packed and installed'}: compiles and runs`);
} finally {
  fs.rmSync(home, { recursive: true });
}
