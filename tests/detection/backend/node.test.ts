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
function run(script: string, environment: NodeJS.ProcessEnv = {}, folder = root): Result {
  const code = `
    require(${JSON.stringify(path.join(root, 'node_modules/ts-node'))}).register({ swc: true, cwd: ${JSON.stringify(root)} });
    const backend = require(${JSON.stringify(path.join(folder, 'detection/backend/node.ts'))});
    const tf = require('@tensorflow/tfjs-core');
    (async () => { ${script} })().catch((error) => { console.log(error.name, error.code, JSON.stringify(error.facts)); });`;
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: undefined, ...environment };
  return spawnSync(process.execPath, ['-e', code], { cwd: folder, env, encoding: 'utf8' });
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
  let folder: string;

  /** A project whose tfjs-node has no binding; everything else is this one's. */
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'faster-rcnn-backend-'));
    fs.cpSync(path.join(root, 'detection'), path.join(folder, 'detection'), { recursive: true });
    fs.cpSync(path.join(root, 'tsconfig.json'), path.join(folder, 'tsconfig.json'));
    const link = (name: string) => {
      const target = path.join(folder, 'node_modules', name);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      fs.symlinkSync(path.join(root, 'node_modules', name), target);
    };
    const scope = path.join('node_modules', '@tensorflow');
    const packages = fs
      .readdirSync(path.join(root, 'node_modules'))
      .filter((name) => !/^(\.|@tensorflow$)/.test(name));
    packages.forEach(link);
    for (const name of fs.readdirSync(path.join(root, scope))) {
      if (name !== 'tfjs-node-gpu') link(path.join('@tensorflow', name));
    }
    fs.cpSync(path.join(root, scope, 'tfjs-node-gpu'), path.join(folder, scope, 'tfjs-node-gpu'), {
      recursive: true,
      filter: (source) => !source.endsWith('.node'),
    });
  });
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

  const notice: unknown = expect.stringMatching(
    /^TensorFlow's native library is not set up \(npm run setup\); .*WebAssembly.*\n$/,
  );

  it('runs on WebAssembly with a notice of one line', () => {
    expect(run(use, {}, folder)).toMatchObject({
      status: 0,
      stderr: notice,
      stdout: `wasm wasm wasm\n${convolved}`,
    });
  });

  it('does so too where the binding does not load', () => {
    const binding = path.join(folder, 'node_modules/@tensorflow/tfjs-node-gpu/lib/napi-v8/tfjs_binding.node');
    fs.mkdirSync(path.dirname(binding), { recursive: true });
    fs.writeFileSync(binding, 'not an addon');
    expect(run(use, {}, folder)).toMatchObject({ status: 0, stderr: notice });
  });

  it('says what training needs', () => {
    const { stdout } = run('await backend.loadTrainingBackend();', {}, folder);
    expect(stdout).toBe('TrainingUnavailableError training-unavailable {}\n');
  });
});
