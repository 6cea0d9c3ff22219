import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend, TFEOpAttr } from '#tfjs-node';
import { loadNativeBackend } from '../../../../detection/backend/node';

/** JavaScript, since set-up runs before there is a compiler: so without declarations. */
const file: string = '../../../../tools/setup/binding/patches.mjs';
const patches = import(file) as Promise<{ patched: (name: string, text: string) => string }>;

let backend: NodeJSKernelBackend;
beforeAll(async () => {
  await loadNativeBackend();
  backend = tf.backend() as NodeJSKernelBackend;
});

describe('the patched binding', () => {
  test('takes a list of types', () => {
    const { TF_ATTR_TYPE, TF_FLOAT, TF_INT32 } = backend.binding;
    const types: TFEOpAttr = { name: 'T', type: TF_ATTR_TYPE, value: [TF_FLOAT, TF_INT32] };
    const inputs = [tf.tensor1d([0.5, 1.5]), tf.tensor1d([3, 4], 'int32')];
    const outputs = backend.executeMultipleOutputs('IdentityN', [types], inputs, 2);
    expect(outputs.map((output) => [output.dtype, ...output.dataSync()])).toEqual([
      ['float32', 0.5, 1.5],
      ['int32', 3, 4],
    ]);
    tf.dispose([inputs, outputs]);
  });

  test('takes a list of strings: a convolution that adds a bias and rectifies', () => {
    const { TF_ATTR_TYPE, TF_ATTR_STRING, TF_ATTR_INT, TF_FLOAT } = backend.binding;
    const attributes: TFEOpAttr[] = [
      { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
      { name: 'num_args', type: TF_ATTR_INT, value: 1 },
      { name: 'TArgs', type: TF_ATTR_TYPE, value: [TF_FLOAT] },
      { name: 'num_host_args', type: TF_ATTR_INT, value: 0 },
      { name: 'strides', type: TF_ATTR_INT, value: [1, 1, 1, 1] },
      { name: 'padding', type: TF_ATTR_STRING, value: 'VALID' },
      { name: 'fused_ops', type: TF_ATTR_STRING, value: ['BiasAdd', 'Relu'] },
    ];
    const image = tf.tensor4d([1, 2, 3, 4], [1, 2, 2, 1]);
    const filter = tf.tensor4d([1, -1], [1, 1, 1, 2]);
    const bias = tf.tensor1d([10, 2.5]);
    const output = backend.executeSingleOutput('_FusedConv2D', attributes, [image, filter, bias]);
    expect([...output.dataSync()]).toEqual([11, 1.5, 12, 0.5, 13, 0, 14, 0]);
    tf.dispose([image, filter, bias, output]);
  });
});

describe('patched', () => {
  test('leaves what needs no change, to the byte', async () => {
    const { patched } = await patches;
    expect(patched('binding/utils.h', 'int a;\n')).toBe('int a;\n');
    expect(patched('kernels/Abs.js', 'var a = 1;\n')).toBe('var a = 1;\n');
  });

  test('says of each file that it has been changed', async () => {
    const { patched } = await patches;
    expect(patched('kernels/Abs.js', 'var tf = require("@tensorflow/tfjs");\n')).toMatch(
      /^\/\/ Changed for this project: see .*\nvar tf = require\("@tensorflow\/tfjs-core"\);\n$/,
    );
  });

  test('refuses sources of another version', async () => {
    const { patched } = await patches;
    expect(() => patched('kernels/TopK.js', 'var a = 1;\n')).toThrow(
      /^kernels\/TopK\.js has nothing to replace that is like .*isNullOrUndefined/,
    );
  });
});
