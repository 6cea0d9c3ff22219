import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const repository = path.resolve(__dirname, '..', '..', '..');
/** The interpreter itself: what `python3` names may be a script that needs a PATH. */
const realPython = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
  encoding: 'utf8',
}).stdout.trim();

/** What a run of set-up came to. */
export interface Outcome {
  status: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

type Program = 'npm' | 'python3' | 'g++';

/**
 * A clone in miniature with the real set-up code, a cache of its own, and a PATH that holds nothing but fakes:
 * `npm ci` copies prepared packages, pip copies a small wheel, g++ copies a small addon. Each notes its call.
 */
export class FakeProject {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'faster-rcnn-setup-'));
  readonly root = path.join(this.folder, 'clone');
  readonly cache = path.join(this.folder, 'cache');
  private readonly bin = path.join(this.folder, 'bin');
  private readonly calls = path.join(this.folder, 'calls');

  constructor() {
    for (const folder of [this.bin, this.cache, path.join(this.root, 'src')])
      fs.mkdirSync(folder, { recursive: true });
    fs.cpSync(path.join(repository, 'tools/setup'), path.join(this.root, 'tools/setup'), { recursive: true });
    fs.cpSync(path.join(repository, 'tools/rcnn.mjs'), path.join(this.root, 'tools/rcnn.mjs'));
    this.write('clone/package.json', JSON.stringify({ name: 'clone', type: 'commonjs' }));
    this.write('clone/tsconfig.json', '{}');
    this.write('clone/tsconfig.build.json', JSON.stringify({ include: ['src'] }));
    this.write('clone/src/cli.ts', '// the fake compiler does not read it');
    this.lockPackages('1.0.0');
    this.makePackages();
    this.makeWheel();
    this.makeAddon();
    this.restore('npm');
    this.restore('python3');
    this.restore('g++');
  }

  /** Writes a file below the project's folder. */
  write(name: string, content: string): void {
    const file = path.join(this.folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, content);
  }

  lockPackages(version: string): void {
    const packages = {
      '': { name: 'clone' },
      'node_modules/typescript': { version, integrity: 'sha512-x' },
      'node_modules/elsewhere-only': { version, optional: true, os: ['elsewhere'] },
    };
    this.write('clone/package-lock.json', JSON.stringify({ packages }));
  }

  /** Replaces a program by the body of a Node script; `args` is what it was called with. */
  fake(program: Program, body: string): void {
    const script = `#!${process.execPath}
const fs = require('node:fs'), path = require('node:path'), { spawnSync } = require('node:child_process');
const args = process.argv.slice(2), folder = ${JSON.stringify(this.folder)};
fs.appendFileSync(path.join(folder, 'calls'), ${JSON.stringify(program)} + ' ' + args.join(' ').split('\\n')[0] + '\\n');
const optionValue = (name) => args[args.indexOf(name) + 1];
${body}
`;
    const file = path.join(this.bin, program);
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, script, { mode: 0o755 });
  }

  remove(program: Program): void {
    fs.rmSync(path.join(this.bin, program));
  }

  /** Puts the working fake back. */
  restore(program: Program): void {
    this.fake(program, workingFakes[program]);
  }

  /** Changes what the project's set-up code knows of the libraries. */
  patchLibraries(pattern: RegExp, replacement: string): void {
    const file = path.join(this.root, 'tools/setup/libraries.cjs');
    const text = fs.readFileSync(file, 'utf8');
    const patched = text.replace(pattern, replacement);
    if (patched === text) throw new Error(`libraries.cjs has nothing that matches ${pattern.source}`);
    fs.writeFileSync(file, patched);
  }

  /** Lines `program arguments`, one a call since the last time. */
  takeCalls(): string[] {
    if (!fs.existsSync(this.calls)) return [];
    const lines = fs.readFileSync(this.calls, 'utf8').trim().split('\n');
    fs.rmSync(this.calls);
    return lines;
  }

  start(script: string, args: string[] = [], environment: NodeJS.ProcessEnv = {}): Run {
    const env = { PATH: this.bin, HOME: this.folder, FASTER_RCNN_CACHE: this.cache, ...environment };
    const child = spawn(process.execPath, [path.join(this.root, script), ...args], { env, cwd: this.root });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const outcome = new Promise<Outcome>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status, signal) => resolve({ status, signal, stderr }));
    });
    return { child, outcome, output: () => stderr };
  }

  run(args: string[] = [], environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
    return this.start('tools/setup/main.mjs', args, environment).outcome;
  }

  /** The files of a folder of the project, recursively, sorted. */
  files(name: string): string[] {
    const folder = path.join(this.folder, name);
    const entries = fs.readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
      .sort();
  }

  delete(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  /** What the fake `npm ci` installs: a compiler that copies a ready command line, the binding's sources, headers. */
  private makePackages(): void {
    const packages = 'packages';
    const compiler = `
const fs = require('node:fs');
fs.appendFileSync(${JSON.stringify(this.calls)}, 'tsc\\n');
if (fs.readFileSync('src/cli.ts', 'utf8').includes('wrong type')) {
  console.log('src/cli.ts(1,1): error TS2322: Type is wrong.');
  process.exit(2);
}
fs.mkdirSync('dist/tools/cli', { recursive: true });
fs.writeFileSync('dist/tools/cli/main.js', 'exports.main = async (argv) => { console.log("ran", ...argv); return argv.length; };');
`;
    this.write(`${packages}/typescript/bin/tsc`, compiler);
    this.write(`${packages}/node-api-headers/package.json`, '{"version":"1.0.0"}');
    this.write(`${packages}/esbuild/index.js`, 'exports.build = async () => {};');
    const tfjsNode = 'node_modules/@tensorflow/tfjs-node-gpu';
    const target = path.join(this.folder, packages, '@tensorflow/tfjs-node-gpu');
    const wanted =
      /^(dist|dist\/[a-z0-9_]+\.(js|d\.ts)|dist\/kernels|dist\/kernels\/TopK\.(js|d\.ts)|binding(\/.*)?)?$/;
    const from = path.join(repository, tfjsNode);
    fs.cpSync(from, target, {
      recursive: true,
      filter: (source) => wanted.test(path.relative(from, source)),
    });
  }

  /** Makes of a clone that is set up what npm would install of it: no lock file, no sources to compile, a binding for this platform. */
  becomePackage(prebuilt: 'same' | 'of other sources' | 'broken'): void {
    const { binding } = this;
    for (const name of ['package-lock.json', 'tsconfig.build.json', 'src', 'dist/.sources']) {
      fs.rmSync(path.join(this.root, name), { recursive: true });
    }
    const hash = /tfjs_binding-([0-9a-f]{16})\.node$/.exec(binding)![1];
    const mark = `faster-rcnn binding sources ${prebuilt === 'of other sources' ? '0'.repeat(16) : hash}`;
    const addon =
      prebuilt === 'broken' ? Buffer.from('no addon') : fs.readFileSync(path.join(this.folder, 'addon'));
    const file = path.join(this.root, 'dist/prebuilt', `${process.platform}-${process.arch}.node`);
    fs.mkdirSync(path.dirname(file));
    fs.writeFileSync(file, Buffer.concat([addon, Buffer.from(mark)]));
    fs.rmSync(binding);
  }

  /** Path of the binding that set-up has put beside the library. */
  get binding(): string {
    const name = this.files('cache').find((file) =>
      /tensorflow\/tfjs_binding-[0-9a-f]{16}\.node$/.test(file),
    );
    if (name === undefined) throw new Error('there is no binding in the cache');
    return path.join(this.cache, name);
  }

  private makeWheel(): void {
    const entries = [
      ...['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'],
      ...['tensorflow/include/tensorflow/c/c_api.h', 'tensorflow/python/not-needed.py'],
    ];
    const wheel = path.join(this.folder, 'wheel');
    const code =
      'import sys, zipfile\nwith zipfile.ZipFile(sys.argv[1], "w") as z: [z.writestr(e, e) for e in sys.argv[2:]]';
    spawnSync(realPython, ['-c', code, wheel, ...entries]);
    const hash = createHash('sha256').update(fs.readFileSync(wheel)).digest('hex');
    this.patchLibraries(/(cpu: \{[^}]*sha256: ')[0-9a-f]+'/, `$1${hash}'`);
    this.patchLibraries(/(cpu: \{[^}]*neededBytes: )[\d_]+/, '$11000');
  }

  /** The smallest addon that Node loads. */
  private makeAddon(): void {
    this.write('addon.c', 'void *napi_register_module_v1(void *env, void *exports) { return exports; }');
    spawnSync('g++', [
      '-x',
      'c',
      '-shared',
      '-fPIC',
      '-o',
      path.join(this.folder, 'addon'),
      path.join(this.folder, 'addon.c'),
    ]);
  }
}

/** A run of set-up under way. */
export interface Run {
  child: ReturnType<typeof spawn>;
  outcome: Promise<Outcome>;
  output: () => string;
}

/** The bodies of the programs that do what set-up hopes for. */
export const workingFakes: Record<Program, string> = {
  npm: `
fs.rmSync('node_modules', { recursive: true, force: true });
fs.cpSync(path.join(folder, 'packages'), 'node_modules', { recursive: true });
const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
delete packages[''], delete packages['node_modules/elsewhere-only'];
fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));`,
  python3: `
if (args[0] === '-c') process.exit(spawnSync(${JSON.stringify(realPython)}, args, { stdio: 'inherit' }).status);
if (args[2] === 'download') {
  const name = args.at(-1).startsWith('tensorflow-cpu') ? 'tensorflow_cpu' : 'tensorflow';
  const wheel = name + '-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl';
  fs.copyFileSync(path.join(folder, 'wheel'), path.join(optionValue('--dest'), wheel));
}`,
  'g++': `fs.copyFileSync(path.join(folder, 'addon'), optionValue('-o'));`,
};
