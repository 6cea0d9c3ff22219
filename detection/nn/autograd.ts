import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from './trainable';
import type { Parameter } from './module';
import { disposeSaved, recordTape, type TapeNode } from './tfjs-internals';

/** Losses of a forward pass and gradients of their sum. */
export interface LossesAndGradients {
  /** What the forward returned. The caller disposes. */
  losses: Losses;
  /**
   * Gradient of the sum of the losses by each parameter that it depends on, by name. A parameter that no loss
   * depends on (an ROI head without a sample, say) is absent. The caller disposes.
   */
  gradients: Map<string, tf.Tensor>;
}

/**
 * Runs `forward` and walks its tape backwards, once for all losses together.
 *
 * tfjs's `variableGrads` frees nothing until the whole backward is over. Here each operation's saved tensors and
 * each consumed gradient die as soon as they have been used, so activations make room for the gradients that
 * replace them.
 *
 * @param parameters what to differentiate by, with names; frozen ones are left out by the caller.
 * @throws whatever `forward` throws, and an Error when an operation on the way has no gradient; nothing leaks then.
 */
export function lossesAndGradients(
  forward: () => Losses,
  parameters: Iterable<[string, Parameter]>,
): LossesAndGradients {
  const { result: losses, tape } = recordTape(() => tf.tidy(forward));
  // Out of reach of an enclosing tidy: from here on everything is disposed by hand, also on failure.
  for (const loss of Object.values(losses)) tf.keep(loss);
  const names = new Map([...parameters].map(([name, parameter]) => [parameter.value.id, name]));
  try {
    const gradients = backward(Object.values(losses), tape, new Set(names.keys()));
    const byName = [...names].flatMap(([id, name]): [string, tf.Tensor][] => {
      const gradient = gradients.get(id);
      return gradient ? [[name, gradient]] : [];
    });
    return { losses, gradients: new Map(byName) };
  } catch (error) {
    for (const loss of Object.values(losses)) loss.dispose();
    throw error;
  }
}

/**
 * Walks a tape backwards from a one at each loss, and frees it on the way.
 *
 * @param wanted ids of the tensors to differentiate by.
 * @param gradients where the results are added to, by tensor id: the gradients of an earlier walk, if there was one.
 *   The caller disposes.
 * @returns `gradients`; on failure they are all disposed.
 */
export function backward(
  losses: readonly tf.Scalar[],
  tape: readonly TapeNode[],
  wanted: ReadonlySet<number>,
  gradients = new Map<number, tf.Tensor>(),
): Map<number, tf.Tensor> {
  try {
    for (const loss of losses) accumulate(gradients, loss.id, tf.keep(tf.onesLike(loss)));
    runBackward(tape, reachableFrom(tape, wanted), gradients, wanted);
    for (const [id, leftover] of gradients) {
      if (wanted.has(id)) continue;
      leftover.dispose();
      gradients.delete(id);
    }
    return gradients;
  } catch (error) {
    for (const gradient of gradients.values()) gradient.dispose();
    throw error;
  } finally {
    disposeSaved(tape);
  }
}

/** Ids of all tensors that depend on one of `sources`. */
function reachableFrom(tape: readonly TapeNode[], sources: Iterable<number>): Set<number> {
  const reachable = new Set(sources);
  for (const node of tape) {
    if (Object.values(node.inputs).some((input) => reachable.has(input.id))) {
      for (const output of node.outputs) reachable.add(output.id);
    }
  }
  return reachable;
}

function runBackward(
  tape: readonly TapeNode[],
  reachable: ReadonlySet<number>,
  gradients: Map<number, tf.Tensor>,
  wanted: ReadonlySet<number>,
): void {
  for (let i = tape.length - 1; i >= 0; i--) {
    const node = tape[i];
    // All consumers of this node's outputs come later on the tape: their gradients are complete.
    const dys = node.outputs.map((output) => gradients.get(output.id) ?? null);
    const needed = Object.entries(node.inputs).filter(([, input]) => reachable.has(input.id));
    if (needed.length > 0 && dys.some((dy) => dy !== null)) differentiate(node, dys, needed, gradients);
    node.outputs.forEach((output, k) => {
      if (dys[k] === null || wanted.has(output.id)) return;
      dys[k].dispose();
      gradients.delete(output.id);
    });
    for (const tensor of node.saved) tensor.dispose();
  }
}

function differentiate(
  node: TapeNode,
  dys: (tf.Tensor | null)[],
  needed: [string, tf.Tensor][],
  gradients: Map<number, tf.Tensor>,
): void {
  if (!node.gradient) throw new Error(`operation ${node.kernelName} has no gradient`);
  // One tidy for the node: a custom gradient may compute all its results before the first is asked for.
  tf.tidy(() => {
    const inputGradients = node.gradient!(dys);
    for (const [name, input] of needed) {
      const gradientOf = inputGradients[name];
      if (!gradientOf) throw new Error(`operation ${node.kernelName} has no gradient for its input ${name}`);
      const previous = gradients.get(input.id);
      const { addedTo } = gradientOf;
      // A gradient may be handed through, or shared between inputs; each entry of the map owns its own handle.
      const gradient = tf.tidy(() => tf.clone(previous && addedTo ? addedTo(previous) : gradientOf()));
      if (!tf.util.arraysEqual(gradient.shape, input.shape)) {
        throw new Error(
          `operation ${node.kernelName}: gradient of input ${name} has shape [${gradient.shape.join(', ')}], ` +
            `the input [${input.shape.join(', ')}]`,
        );
      }
      if (addedTo) {
        previous?.dispose();
        gradients.delete(input.id);
      }
      accumulate(gradients, input.id, tf.keep(gradient));
    }
  });
}

/** Adds to the gradient of a tensor; takes over `gradient`. */
function accumulate(gradients: Map<number, tf.Tensor>, id: number, gradient: tf.Tensor): void {
  const previous = gradients.get(id);
  if (!previous) {
    gradients.set(id, gradient);
    return;
  }
  gradients.set(id, tf.keep(tf.add(previous, gradient)));
  previous.dispose();
  gradient.dispose();
}
