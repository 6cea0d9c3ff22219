import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend, TFEOpAttr } from '#tfjs-node';
import { BFLOAT16, type Bfloat16Binding } from './node-bfloat16';

export type Attribute = TFEOpAttr;

/** What tfjs tells a kernel, by name. */
export type KernelAttributes = Record<string, unknown>;

/** TensorFlow's name of a resource variable that lives as long as its handle (kAnonymousUniqueName). */
const ANONYMOUS_VARIABLE = 'cd2c89b7-88b7-44c8-ad83-06c2a9158347';

/** What tfjs-node has instead of the number of a handle where there is none: disposing such a tensor frees nothing. */
const GIVEN_AWAY = -1;

/** Builds attributes of TensorFlow operations and runs them. */
export class NativeOperations {
  constructor(private readonly backend: NodeJSKernelBackend) {}

  get isOnGpu(): boolean {
    return this.backend.isUsingGpuDevice;
  }

  int(name: string, value: number | number[]): Attribute {
    return { name, type: this.backend.binding.TF_ATTR_INT, value };
  }

  float(name: string, value: number): Attribute {
    return { name, type: this.backend.binding.TF_ATTR_FLOAT, value };
  }

  bool(name: string, value: boolean): Attribute {
    return { name, type: this.backend.binding.TF_ATTR_BOOL, value };
  }

  string(name: string, value: string | string[]): Attribute {
    return { name, type: this.backend.binding.TF_ATTR_STRING, value };
  }

  /** A type attribute that says float32. */
  floatType(name: string): Attribute {
    return { name, type: this.backend.binding.TF_ATTR_TYPE, value: this.backend.binding.TF_FLOAT };
  }

  /** A list of types that says float32 so many times. */
  floatTypes(name: string, count: number): Attribute {
    const { TF_ATTR_TYPE, TF_FLOAT } = this.backend.binding;
    return { name, type: TF_ATTR_TYPE, value: new Array<number>(count).fill(TF_FLOAT) };
  }

  intType(name: string): Attribute {
    return { name, type: this.backend.binding.TF_ATTR_TYPE, value: this.backend.binding.TF_INT32 };
  }

  run(name: string, attributes: Attribute[], inputs: tf.TensorInfo[]): tf.Tensor {
    return this.backend.executeSingleOutput(name, attributes, inputs);
  }

  runMany(name: string, attributes: Attribute[], inputs: tf.TensorInfo[], numOutputs: number): tf.Tensor[] {
    return this.backend.executeMultipleOutputs(name, attributes, inputs, numOutputs);
  }

  /** Frees the kernels that have run, with what they keep; they are made anew when they are needed. */
  clearKernels(): void {
    this.backend.binding.clearKernels();
  }

  /** The sum of one tensor of each process of the group; see ClusterSums. */
  async sumOverCluster(x: tf.Tensor, size: number, key: number): Promise<tf.Tensor> {
    const { backend } = this;
    const idsOf = backend['getInputTensorIds'] as (tensors: readonly tf.Tensor[]) => number[];
    const tensorOf = backend['createOutputTensor'] as (info: object) => tf.Tensor;
    const [id] = idsOf.call(backend, [x]);
    return tensorOf.call(backend, await backend.binding.sumOverCluster(id, size, key));
  }

  /** Sums over the group fail from here on. */
  abortCluster(): void {
    this.backend.binding.abortCluster();
  }

  /** Zeros around a tensor. */
  pad(x: tf.TensorInfo, paddings: [before: number, after: number][]): tf.Tensor {
    const tensor = tf.tensor2d(paddings, [paddings.length, 2], 'int32');
    const padded = this.run('Pad', [this.floatType('T'), this.intType('Tpaddings')], [x, tensor]);
    tensor.dispose();
    return padded;
  }

  /** Part of a tensor: `size` values along each axis, from `begin` on. */
  slice(x: tf.TensorInfo, begin: number[], size: number[]): tf.Tensor {
    return this.withInts(begin, (from) =>
      this.withInts(size, (length) =>
        this.run('Slice', [this.floatType('T'), this.intType('Index')], [x, from, length]),
      ),
    );
  }

  /** The same memory in another shape: tfjs's operation, which those who count bytes know. */
  reshape(x: tf.TensorInfo, shape: number[]): tf.Tensor {
    return tf.reshape(x as tf.Tensor, shape);
  }

  /** The pixels of x [N, H, W, C] in every nth row and every nth column, each with an n of its own. */
  everyNthPixel(x: tf.TensorInfo, [rows, columns]: [number, number]): tf.Tensor {
    const attributes = [
      this.floatType('T'),
      this.int('ksize', [1, 1, 1, 1]),
      this.int('strides', [1, rows, columns, 1]),
      this.string('padding', 'VALID'),
      this.string('data_format', 'NHWC'),
    ];
    // The largest of one pixel. StridedSlice copies value by value: 11.7 ms for 128x128x256, this 0.4.
    return this.run('MaxPool', attributes, [x]);
  }

  /** Runs `f` with a shape as the int32 tensor that TensorFlow wants it as. */
  withInts<T>(values: number[], f: (tensor: tf.Tensor) => T): T {
    const tensor = tf.tensor1d(values, 'int32');
    try {
      return f(tensor);
    } finally {
      tensor.dispose();
    }
  }

  /** Runs `f` with a number as the tensor that TensorFlow wants it as. */
  withFloat<T>(value: number, f: (tensor: tf.Tensor) => T): T {
    const tensor = tf.scalar(value, 'float32');
    try {
      return f(tensor);
    } finally {
      tensor.dispose();
    }
  }

  /** Whether TensorFlow has a tensor as bfloat16, which tfjs knows as float32. */
  isBfloat16(x: Pick<tf.TensorInfo, 'dataId'>): boolean {
    return (this.backend.binding as Bfloat16Binding).isBfloat16(this.stored(x).id);
  }

  /** x as bfloat16, or as float32: `x` itself where it is that already. */
  cast(x: tf.TensorInfo, type: 'bfloat16' | 'float32'): tf.TensorInfo {
    if (this.isBfloat16(x) === (type === 'bfloat16')) {
      this.backend.incRef(x.dataId);
      return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
    }
    const { TF_ATTR_TYPE, TF_FLOAT } = this.backend.binding;
    const target = { name: 'DstT', type: TF_ATTR_TYPE, value: type === 'bfloat16' ? BFLOAT16 : TF_FLOAT };
    return this.run('Cast', [this.floatType('SrcT'), target, this.bool('Truncate', false)], [x]);
  }

  /**
   * The handle of a resource variable with the values of `x`. Where no other tensor shares its memory, `x` gives it away
   * and may only be disposed afterwards. The caller disposes the handle, and with it goes the variable.
   */
  variableOf(x: tf.TensorInfo): tf.Tensor {
    const shape = { name: 'shape', type: this.backend.binding.TF_ATTR_SHAPE, value: x.shape };
    const names = [this.string('shared_name', ANONYMOUS_VARIABLE), this.string('container', '')];
    const variable = this.run('VarHandleOp', [this.floatType('dtype'), shape, ...names], []);
    this.runMany('AssignVariableOp', [this.floatType('dtype')], [variable, x], 0);
    if (this.backend.refCount(x.dataId) === 1) {
      const stored = this.stored(x);
      this.backend.binding.deleteTensor(stored.id);
      stored.id = GIVEN_AWAY;
    }
    return variable;
  }

  /** The values of a resource variable. */
  read(variable: tf.Tensor): tf.Tensor {
    return this.run('ReadVariableOp', [this.floatType('dtype')], [variable]);
  }

  /** What tfjs-node keeps of a tensor. */
  private stored({ dataId }: Pick<tf.TensorInfo, 'dataId'>): { id: number } {
    return (this.backend['tensorMap'] as tf.DataStorage<{ id: number }>).get(dataId);
  }
}
