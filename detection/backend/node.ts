import path from 'node:path';
import util from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '@tensorflow/tfjs-node-gpu/dist/nodejs_kernel_backend';
import { InputError } from '../errors';
import { registerNodeKernels } from './node-kernels';
import { collectUploads } from './node-upload-garbage';

export type BackendName = 'tensorflow' | 'wasm';

/** Training was asked for where only WebAssembly runs: that backend lacks the gradients of convolutions. */
export class TrainingUnavailableError extends InputError {
  override readonly name = 'TrainingUnavailableError';

  constructor() {
    super(
      'training-unavailable',
      "Training needs TensorFlow's native library, which is not set up here. Run `npm run setup`: " +
        'it installs the library, or says what is in the way.',
    );
  }
}

/** A process loads one backend, whoever asks first and however often. */
let loading: Promise<BackendName> | undefined;

/**
 * Makes TensorFlow's native library the backend, through the binding that set-up has compiled. Where it is not set
 * up, the WebAssembly backend takes over, with a notice on stderr: it detects, but does not train. So it does where
 * the environment variable FASTER_RCNN_BACKEND is `wasm`.
 *
 * Environment variables that the library reads when it loads are set here, so call this before anything else
 * touches it. Calls after the first cost nothing.
 *
 * @throws InputError where FASTER_RCNN_BACKEND has another value.
 */
export function loadBackend(): Promise<BackendName> {
  loading ??= chooseBackend();
  return loading;
}

/**
 * Loads the backend for training.
 *
 * @throws TrainingUnavailableError where the native library is not set up.
 */
export async function loadTrainingBackend(): Promise<void> {
  if ((await loadBackend()) !== 'tensorflow') throw new TrainingUnavailableError();
}

async function chooseBackend(): Promise<BackendName> {
  const wanted = process.env['FASTER_RCNN_BACKEND'];
  if (wanted !== undefined && wanted !== 'wasm') {
    throw new InputError(
      'backend-unknown',
      `FASTER_RCNN_BACKEND is "${wanted}"; it may be "wasm", or not set.`,
      { backend: wanted },
    );
  }
  if (wanted === undefined) {
    if (await loadNativeLibrary()) return 'tensorflow';
    process.stderr.write(
      "TensorFlow's native library is not set up (npm run setup); running on WebAssembly, slower and without training.\n",
    );
  }
  await loadWebAssembly();
  return 'wasm';
}

async function loadNativeLibrary(): Promise<boolean> {
  // Repeatable to the bit: the gradient of CropAndResize races without it (measured: 8.8 ms racing, 16.5 ms not).
  process.env['TF_DETERMINISTIC_OPS'] ??= '1';
  replaceDeprecatedHelpers();
  try {
    await import('@tensorflow/tfjs-node-gpu');
  } catch (error) {
    if (isNotSetUp(error)) return false;
    throw error;
  }
  await tf.setBackend('tensorflow');
  registerNodeKernels();
  collectUploads(tf.backend() as NodeJSKernelBackend);
  return true;
}

/**
 * tfjs-node 4.22.0 calls `util.isNullOrUndefined` and `util.isArray`; Node 22 prints a deprecation warning at the
 * first call of each.
 */
function replaceDeprecatedHelpers(): void {
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
}

/** Whether an import of tfjs-node failed because its binding or the library behind the binding is not there. */
function isNotSetUp(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return code === 'ERR_DLOPEN_FAILED' || error.message.startsWith('The Node.js native addon module');
}

async function loadWebAssembly(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep);
  const before = crashEvents.map((event) => process.rawListeners(event));
  await tf.setBackend('wasm');
  // Emscripten throws every crash of the process anew, from a minified line of its own: leave crashes to Node.
  crashEvents.forEach((event, i) => {
    for (const listener of process.rawListeners(event)) {
      if (!before[i].includes(listener)) process.removeListener(event, listener as () => void);
    }
  });
}

const crashEvents = ['uncaughtException', 'unhandledRejection'] as const;
