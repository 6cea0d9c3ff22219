import type * as tf from '@tensorflow/tfjs-core';
import { runKernel } from './kernels';
import { Module } from './module';

/** The numbers that layers compute in: float32, or bfloat16, which has the range of float32 and 8 bits of its precision. */
export type Precision = 'float32' | 'bfloat16';

/**
 * A layer with weights. In bfloat16 are what it reads, the copy of its weights that it multiplies, its output, what it saves for
 * its gradient, and the gradients that pass through it; in float32 its weights and the gradients by them. What stands between
 * layers follows its inputs (detection/backend/node-bfloat16.ts); losses, statistics and the optimizer compute in float32.
 */
export abstract class Layer extends Module {
  /** What the layer computes in. `setPrecision` sets it for all layers of a model. */
  precision: Precision = 'float32';

  /** @internal x as the layer computes with it: `x` itself in float32. The caller disposes (or a tidy around it) what is not `x`. */
  protected lowered<T extends tf.Tensor>(x: T): T {
    return lowered(x, this.precision);
  }

  /** @internal What the layer has computed in float32: `x` itself where it computes in float32. As `lowered`. */
  protected raised<T extends tf.Tensor>(x: T): T {
    return raised(x, this.precision);
  }
}

/** x in a precision: `x` itself in float32. The caller disposes (or a tidy around it) what is not `x`. */
export function lowered<T extends tf.Tensor>(x: T, precision: Precision): T {
  return precision === 'float32' ? x : (runKernel('InBfloat16', { x }) as T);
}

/** In float32 what has been computed in a precision: `x` itself in float32. As `lowered`. */
export function raised<T extends tf.Tensor>(x: T, precision: Precision): T {
  return precision === 'float32' ? x : (runKernel('InFloat32', { x }) as T);
}

/**
 * Has every layer of a model compute in a precision from now on. Its weights and checkpoints stay float32.
 *
 * bfloat16 needs the native backend, and a processor with instructions for it to gain anything (`choosePrecision` of `faster-rcnn/node` looks).
 */
export function setPrecision(model: { modules(): Iterable<Module> }, precision: Precision): void {
  for (const module of model.modules()) if (module instanceof Layer) module.precision = precision;
}
