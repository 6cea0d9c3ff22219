import * as tf from '@tensorflow/tfjs-core';
import { getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import '@tensorflow/tfjs-backend-webgpu';
import { correctWasmKernels } from '../../../detection/backend/wasm-corrections';
import { InputError } from '../../../detection/errors';
import type { Runner, WasmFiles } from '../messages';

/**
 * Makes WebGPU or WebAssembly the backend.
 *
 * @returns what runs now, in words
 * @throws InputError where the browser has none of it.
 */
export async function startBackend(runner: Runner, wasm: WasmFiles): Promise<string> {
  return runner === 'webgpu' ? startWebGpu() : startWebAssembly(wasm);
}

async function startWebGpu(): Promise<string> {
  if (!(await isBackend('webgpu'))) {
    throw new InputError('page-webgpu', 'WebGPU does not start in this browser: take WebAssembly.');
  }
  return 'WebGPU';
}

async function startWebAssembly(wasm: WasmFiles): Promise<string> {
  // From a file a worker may read nothing but what it has made itself.
  const urls = Object.entries(wasm).map(([name, bytes]): [string, string] => [
    name,
    URL.createObjectURL(new Blob([bytes], { type: 'application/wasm' })),
  ]);
  setWasmPaths(Object.fromEntries(urls));
  useAllProcessors();
  if (!(await isBackend('wasm'))) {
    throw new InputError(
      'page-webassembly',
      'WebAssembly does not start in this browser: something forbids it, or there is too little memory.',
    );
  }
  correctWasmKernels();
  for (const [, url] of urls) URL.revokeObjectURL(url);
  const threads = getThreadsCount();
  return `WebAssembly, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

/** The backend takes half as many threads as it is told that there are processors, whatever it is told to take. */
function useAllProcessors(): void {
  const { hardwareConcurrency } = navigator;
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: 2 * hardwareConcurrency });
  setThreadsCount(hardwareConcurrency);
}

async function isBackend(name: Runner): Promise<boolean> {
  try {
    return await tf.setBackend(name);
  } catch {
    return false;
  }
}
