import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend, TFEOpAttr } from '#tfjs-node';

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

  /** Zeros around a tensor. */
  pad(x: tf.TensorInfo, paddings: [before: number, after: number][]): tf.Tensor {
    const tensor = tf.tensor2d(paddings, [paddings.length, 2], 'int32');
    const padded = this.run('Pad', [this.floatType('T'), this.intType('Tpaddings')], [x, tensor]);
    tensor.dispose();
    return padded;
  }

  /** The pixels of x [N, H, W, C] in every nth row and every nth column, each with an n of its own. */
  everyNthPixel(x: tf.TensorInfo, [rows, columns]: [number, number]): tf.Tensor {
    const masks = ['begin', 'end', 'ellipsis', 'new_axis', 'shrink_axis'];
    const attributes = [
      this.floatType('T'),
      this.intType('Index'),
      ...masks.map((name) => this.int(`${name}_mask`, 0)),
    ];
    return this.withInts([0, 0, 0, 0], (begin) =>
      this.withInts(x.shape, (end) =>
        this.withInts([1, rows, columns, 1], (strides) =>
          this.run('StridedSlice', attributes, [x, begin, end, strides]),
        ),
      ),
    );
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
      const stored = (this.backend['tensorMap'] as tf.DataStorage<{ id: number }>).get(x.dataId);
      this.backend.binding.deleteTensor(stored.id);
      stored.id = GIVEN_AWAY;
    }
    return variable;
  }

  /** The values of a resource variable. */
  read(variable: tf.Tensor): tf.Tensor {
    return this.run('ReadVariableOp', [this.floatType('dtype')], [variable]);
  }
}
