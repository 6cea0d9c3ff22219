import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '..', '..', '..');

interface Result {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs a script that may await, in a fresh process: a process loads one backend. */
function run(script: string, environment: NodeJS.ProcessEnv = {}): Result {
  const code = `
    require(${JSON.stringify(path.join(root, 'node_modules/ts-node'))}).register({ swc: true, cwd: ${JSON.stringify(root)} });
    const backend = require(${JSON.stringify(path.join(root, 'detection/backend/node.ts'))});
    const tf = require('@tensorflow/tfjs-core');
    (async () => { ${script} })().catch((error) => { console.log(error.name, error.code, JSON.stringify(error.facts)); });`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: undefined, ...environment };
  return spawnSync(process.execPath, ['-e', code], { cwd: root, env, encoding: 'utf8' });
}

/** Exercises tfjs-node's deprecated helpers (top-k, concatenation) beside a convolution. */
const use = `
  console.log(await backend.loadBackend(), await backend.loadBackend(), tf.getBackend());
  const image = tf.ones([1, 4, 4, 1]), filter = tf.ones([3, 3, 1, 1]);
  console.log(tf.conv2d(image, filter, 1, 1).dataSync().join());
  console.log(tf.topk(tf.concat([tf.tensor1d([1, 3]), tf.tensor1d([2])]), 2).indices.dataSync().join());`;
const convolved = '4,6,6,4,6,9,9,6,6,9,9,6,4,6,6,4\n1,2\n';

describe('loadBackend', () => {
  it('loads the native library once, without a word on stderr', () => {
    expect(run(use)).toMatchObject({
      status: 0,
      stderr: '',
      stdout: `tensorflow tensorflow tensorflow\n${convolved}`,
    });
  });

  it('shows all that TensorFlow says where that is asked for', () => {
    const { stderr } = run('await backend.loadBackend();', { TF_CPP_MIN_LOG_LEVEL: '0' });
    expect(stderr).toMatch(/^I0000 .*(oneDNN custom operations|cpu_feature_guard)/m);
  });

  it('makes the library deterministic unless the environment says otherwise', () => {
    const script = `await backend.loadBackend(); console.log(process.env.TF_DETERMINISTIC_OPS);`;
    expect(run(script, { TF_DETERMINISTIC_OPS: undefined }).stdout).toBe('1\n');
    expect(run(script, { TF_DETERMINISTIC_OPS: '0' }).stdout).toBe('0\n');
  });

  it('takes WebAssembly where it is asked for, and leaves crashes to Node', () => {
    const script = `${use}
      console.log(process.listenerCount('uncaughtException'), process.listenerCount('unhandledRejection'));`;
    expect(run(script, { FASTER_RCNN_BACKEND: 'wasm' })).toMatchObject({
      status: 0,
      stderr: '',
      stdout: `wasm wasm wasm\n${convolved}0 0\n`,
    });
  });

  it('refuses another FASTER_RCNN_BACKEND', () => {
    expect(run(use, { FASTER_RCNN_BACKEND: 'webgl' }).stdout).toBe(
      'InputError backend-unknown {"backend":"webgl"}\n',
    );
  });
});

describe('without a binding that loads', () => {
  let cache: string;
  let binding: string;

  /** A cache to which set-up has brought nothing, and in it the place of the binding. */
  beforeAll(() => {
    cache = fs.mkdtempSync(path.join(os.tmpdir(), 'faster-rcnn-backend-'));
    const { stdout } = run("console.log(require('./tools/setup/native-paths.cjs').bindingFile());", {
      FASTER_RCNN_CACHE: cache,
    });
    binding = stdout.trim();
    expect(binding.startsWith(cache)).toBe(true);
  });
  afterAll(() => fs.rmSync(cache, { recursive: true, force: true }));
  afterEach(() => fs.rmSync(binding, { force: true }));

  const remedy = 'Run `npx rcnn setup`: it installs the library, or says what is in the way.';
  const onWebAssembly = 'Running on WebAssembly, many times slower.\n';
  const missing = (): string => `TensorFlow's native library is not there: no file ${binding}. ${remedy}`;

  it('runs on WebAssembly with a notice of one line', () => {
    expect(run(use, { FASTER_RCNN_CACHE: cache })).toMatchObject({
      status: 0,
      stderr: `${missing()} ${onWebAssembly}`,
      stdout: `wasm wasm wasm\n${convolved}`,
    });
  });

  it('does so too where the binding does not load, and says what the loader says', () => {
    fs.mkdirSync(path.dirname(binding), { recursive: true });
    fs.writeFileSync(binding, 'not an addon');
    const { status, stderr } = run(use, { FASTER_RCNN_CACHE: cache });
    expect({ status, stderr }).toEqual({
      status: 0,
      stderr: `TensorFlow's native library is not there: it does not load: ${binding}: file too short. ${remedy} ${onWebAssembly}`,
    });
  });

  it('says what a binding that was moved without its library misses', () => {
    fs.mkdirSync(path.dirname(binding), { recursive: true });
    const { bindingFile } = jest.requireActual<{ bindingFile: () => string }>(
      '../../../tools/setup/native-paths.cjs',
    );
    fs.copyFileSync(bindingFile(), binding);
    const { stdout } = run(
      'await backend.loadNativeBackend().catch((error) => console.log(error.message));',
      {
        FASTER_RCNN_CACHE: cache,
      },
    );
    expect(stdout).toBe(
      "TensorFlow's native library is not there: it does not load: libtensorflow_cc.so.2: cannot open shared object file: " +
        `No such file or directory. ${remedy}\n`,
    );
  });

  it('says what training needs', () => {
    const { stdout } = run('await backend.loadNativeBackend();', { FASTER_RCNN_CACHE: cache });
    expect(stdout).toBe(`NativeLibraryError native-library ${JSON.stringify({ binding })}\n`);
  });
});
