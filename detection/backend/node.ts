import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '#tfjs-node';
import { InputError } from '../errors';
import { withBfloat16 } from './node-bfloat16';
import { registerNodeKernels } from './node-kernels';
import { loadBinding, NativeLibraryError } from './node-library';
import { NativeOperations } from './node-operations';
import { collectUploads } from './node-upload-garbage';
import { registerPortableKernels } from './portable-kernels';
import { correctWasmKernels } from './wasm-corrections';

export { NativeLibraryError } from './node-library';

/** Backends of TensorFlow.js that run here: TensorFlow's native library, and WebAssembly. */
export type BackendName = 'tensorflow' | 'wasm';

/** tfjs asks for a backend by name when it has several. */
const NATIVE = 'tensorflow';

/** A process loads each once, whoever asks first and however often. */
let native: Promise<void> | undefined;
let loading: Promise<BackendName> | undefined;

/**
 * Makes TensorFlow's native library the backend. Where it does not load, the WebAssembly backend takes over, with a notice on
 * stderr that says why: it detects and trains, many times slower. So it does where the environment variable
 * FASTER_RCNN_BACKEND is `wasm`.
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
 * Makes TensorFlow's native library the backend.
 *
 * @throws NativeLibraryError where it is not set up, or does not load.
 */
export function loadNativeBackend(): Promise<void> {
  native ??= loadNativeLibrary();
  return native;
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
    try {
      await loadNativeBackend();
      return NATIVE;
    } catch (error) {
      if (!(error instanceof NativeLibraryError)) throw error;
      process.stderr.write(`${error.message} Running on WebAssembly, many times slower.\n`);
    }
  }
  await loadWebAssembly();
  return 'wasm';
}

async function loadNativeLibrary(): Promise<void> {
  // Repeatable to the bit: the gradient of CropAndResize races without it (measured: 8.8 ms racing, 16.5 ms not).
  process.env['TF_DETERMINISTIC_OPS'] ??= '1';
  const binding = withBfloat16(loadBinding());
  const { NodeJSKernelBackend } = await import('#tfjs-node');
  const backend = new NodeJSKernelBackend(binding, 'faster-rcnn');
  tf.registerBackend(NATIVE, () => backend);
  await tf.setBackend(NATIVE);
  registerNodeKernels();
  collectUploads(backend);
}

async function loadWebAssembly(): Promise<void> {
  // It registers the gradients of operations, which serve any backend. The library itself is not loaded.
  await import('#tfjs-node');
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  setWasmPaths(path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep);
  const before = crashEvents.map((event) => process.rawListeners(event));
  await tf.setBackend('wasm');
  correctWasmKernels();
  registerPortableKernels('wasm');
  // Emscripten throws every crash of the process anew, from a minified line of its own: leave crashes to Node.
  crashEvents.forEach((event, i) => {
    for (const listener of process.rawListeners(event)) {
      if (!before[i].includes(listener)) process.removeListener(event, listener as () => void);
    }
  });
}

const crashEvents = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Whether a buffer of the backend holds bfloat16, of which tfjs believes that it is float32: it has half as many bytes. To be asked
 * as long as a tensor has the buffer.
 */
export function isBfloat16(dataId: object): boolean {
  if (tf.getBackend() !== NATIVE) return false;
  return new NativeOperations(tf.backend() as NodeJSKernelBackend).isBfloat16({ dataId });
}
