import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../onnx/value';
import { runKernel } from './kernels';
import { lowered, type Precision } from './precision';

/** torch.nn.ReLU, ReLU6 and Hardswish. */
export type Nonlinearity = 'relu' | 'relu6' | 'hardswish';

interface ActivationFunction {
  forward(x: tf.Tensor4D): tf.Tensor4D;
  /** Which side of the function its gradient is computed from. */
  readonly saves: 'input' | 'output';
  gradient(dy: tf.Tensor, saved: tf.Tensor): tf.Tensor;
  exportTo(x: Value): Value;
}

const functions: Record<Nonlinearity, ActivationFunction> = {
  relu: {
    forward: (x) => tf.relu(x),
    saves: 'output',
    gradient: (dy, y) => runKernel('ReluGrad', { dy, y }),
    exportTo: (x) => x.op('Relu'),
  },
  relu6: {
    forward: (x) => tf.relu6(x),
    saves: 'output',
    gradient: (dy, y) => runKernel('Relu6Grad', { dy, y }),
    exportTo: (x) => x.op('Clip', [0, 6]),
  },
  // x * relu6(x + 3) / 6 (Howard et al. 2019). It falls before it rises, so its output does not tell its slope.
  hardswish: {
    forward: (x) => tf.tidy(() => tf.mul(tf.mul(x, tf.relu6(tf.add(x, 3))), 1 / 6)),
    saves: 'input',
    gradient: (dy, x) => {
      const shifted = tf.add(x, 3);
      const slope = tf.add(tf.relu6(shifted), runKernel('Relu6Grad', { dy: x, y: shifted }));
      return tf.mul(dy, tf.mul(slope, 1 / 6));
    },
    exportTo: (x) => x.op('HardSwish'),
  },
};

export type Activated = {
  output: tf.Tensor4D;
  /** What `activationGradient` needs: `output`, or x itself; nothing without an activation. */
  saved: tf.Tensor4D | undefined;
};

/** Applies an activation, if any. The caller disposes. */
export function activate(x: tf.Tensor4D, nonlinearity: Nonlinearity | undefined): Activated {
  if (nonlinearity === undefined) return { output: x, saved: undefined };
  const activation = functions[nonlinearity];
  const output = activation.forward(x);
  return { output, saved: activation.saves === 'input' ? x : output };
}

/** The same in a precision. Takes over what it is given; the caller disposes. */
export function loweredInto({ output, saved }: Activated, precision: Precision): Activated {
  if (precision === 'float32') return { output, saved };
  const low = lowered(output, precision);
  const lowSaved = saved === output ? low : saved && lowered(saved, precision);
  output.dispose();
  saved?.dispose();
  return { output: low, saved: lowSaved };
}

/** Gradient by the input of the activation. The caller disposes (or a tidy around it). */
export function activationGradient(
  dy: tf.Tensor,
  saved: tf.Tensor | undefined,
  nonlinearity: Nonlinearity | undefined,
): tf.Tensor {
  return nonlinearity && saved ? functions[nonlinearity].gradient(dy, saved) : dy;
}

/** An activation, if any, in an ONNX graph. */
export function exportActivation(x: Value, nonlinearity: Nonlinearity | undefined): Value {
  return nonlinearity ? functions[nonlinearity].exportTo(x) : x;
}
