import * as tf from '@tensorflow/tfjs-core';

/** Replaces gradients in the map by bounded ones and disposes what it replaced; runs before the optimizer. */
export type GradientClipping = (gradients: Map<string, tf.Tensor>) => void;

/** Keeps torch.nn.utils.clip_grad_norm_'s division finite. */
const NORM_EPSILON = 1e-6;

/** Scales all gradients alike so that their common L2 norm is at most `limit`, as torch's clip_grad_norm_. */
export function clipByGlobalNorm(limit: number): GradientClipping {
  return (gradients) => {
    if (gradients.size === 0) return;
    const scale = tf.tidy(() => {
      const squares = [...gradients.values()].map((gradient) => tf.sum(tf.square(gradient)));
      const norm = tf.sqrt(tf.sum(tf.stack(squares)));
      return tf.minimum(tf.div(limit, tf.add(norm, NORM_EPSILON)), 1);
    });
    replaceEach(gradients, (gradient) => tf.mul(gradient, scale));
    scale.dispose();
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
