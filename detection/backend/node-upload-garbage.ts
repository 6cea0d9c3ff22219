import * as tf from '@tensorflow/tfjs-core';
import v8 from 'node:v8';
import vm from 'node:vm';
import type { NodeJSKernelBackend } from '#tfjs-node';

/** Bytes of uploads between two collections, of 20 ms each: those of 20 pictures of 512 x 512. */
const COLLECTED_AFTER = 64 * 2 ** 20;

/**
 * Collects the typed arrays whose values have been handed to TensorFlow, which copies them. They are garbage from then on, but
 * V8 looks for garbage when JavaScript allocates much, and a process that trains hardly does: the arrays of ResNet-50-FPN's
 * first weights, 130 MB, stayed beside the weights for a whole run.
 *
 * The kernel CollectUploads collects at once what is left: of a model that is to detect from now on.
 */
export function collectUploads(backend: NodeJSKernelBackend): void {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const { binding } = backend;
  let uploaded = 0;
  const createTensor: typeof binding.createTensor = (shape, type, values) => {
    const id = binding.createTensor(shape, type, values);
    uploaded += ArrayBuffer.isView(values) ? values.byteLength : 0;
    if (uploaded > COLLECTED_AFTER) {
      collect();
      uploaded = 0;
    }
    return id;
  };
  tf.registerKernel({
    kernelName: 'CollectUploads',
    backendName: 'tensorflow',
    kernelFunc: () => {
      collect();
      uploaded = 0;
      return [];
    },
  });
  backend.binding = Object.create(binding, { createTensor: { value: createTensor } }) as typeof binding;
}
