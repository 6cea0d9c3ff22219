import * as tf from '@tensorflow/tfjs-core';

/**
 * Replaces gradients in the map by bounded ones and disposes what it replaced; runs before the optimizer.
 *
 * @param norm the common L2 norm of the gradients given, finite.
 */
export type GradientClipping = (gradients: Map<string, tf.Tensor>, norm: number) => void;

/** Keeps torch.nn.utils.clip_grad_norm_'s division finite. */
const NORM_EPSILON = 1e-6;

/** Scales all gradients alike so that their common L2 norm is at most `limit`, as torch's clip_grad_norm_. */
export function clipByGlobalNorm(limit: number): GradientClipping {
  return (gradients, norm) => {
    const scale = limit / (norm + NORM_EPSILON);
    if (scale < 1) replaceEach(gradients, (gradient) => tf.mul(gradient, scale));
  };
}

/** Bounds each element to [-limit, limit], as torch's clip_grad_value_. */
export function clipByValue(limit: number): GradientClipping {
  return (gradients) => replaceEach(gradients, (gradient) => tf.clipByValue(gradient, -limit, limit));
}

function replaceEach(gradients: Map<string, tf.Tensor>, f: (gradient: tf.Tensor) => tf.Tensor): void {
  for (const [name, gradient] of gradients) {
    gradients.set(name, f(gradient));
    gradient.dispose();
  }
}
