import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from './trainable';
import { backward } from './autograd';
import { isRecording, noGradient, recordInnerTape, recordOperations, type TapeNode } from './tfjs-internals';

/**
 * When the gradients of a detector's heads are taken: right in the forward, head by head, or in the backward of the
 * whole model. Losses and gradients are the same; memory and time are not.
 */
export type HeadGradients = 'in-forward' | 'at-the-end';

/**
 * Runs a head that ends in losses of the model, and takes its gradients at once: by what it reads of the rest of the
 * model, and by its own parameters. Its activations die here, before the next head runs, instead of living to the
 * backward of the whole model. This is possible because the losses are the model's own: where they are computed
 * outside, nobody knows yet what follows the head.
 *
 * On the tape stays one node, from the tensors that the head reads to its losses, which saves the gradients. They have
 * been taken of the sum of the losses, so all losses may be scaled by one number afterwards (gradient accumulation),
 * but not by different ones, and none may be left out: the backward refuses that. Weights of losses belong into the
 * head.
 *
 * Where no tape is being recorded (validation, detection), or gradients are to be taken at the end, the head just runs.
 *
 * @param pieces of the head, run one after the other: losses of one name are summed, and so are the gradients. More
 *   than one where the activations of all at once would be too much, a piece for each part of the ROIs say. Each
 *   returns the same names, so divide by what is known of all pieces beforehand.
 * @returns the losses. The caller disposes.
 * @throws Error when called inside of another head, or of a piece that returns other losses than the first; whatever
 *   a piece throws. Nothing leaks then.
 */
export function headLosses(
  pieces: readonly (() => Losses)[],
  gradients: HeadGradients = 'in-forward',
): Losses {
  return tf.tidy(() =>
    gradients === 'in-forward' && isRecording()
      ? differentiated(pieces)
      : sumByName(pieces.map((piece) => tf.tidy(piece))),
  );
}

/** Runs the pieces, differentiates each at once, and records all of them as one node. */
function differentiated(pieces: readonly (() => Losses)[]): Losses {
  const inputs = new Map<number, tf.Tensor>();
  const gradients = new Map<number, tf.Tensor>();
  try {
    const lossesOfPieces = pieces.map((piece) => {
      const { result: losses, tape, outerTape } = recordInnerTape(() => tf.tidy(piece));
      for (const input of inputsOf(tape, losses, outerTape)) inputs.set(input.id, input);
      noGradient(() => backward(Object.values(losses), tape, new Set(inputs.keys()), gradients));
      return losses;
    });
    // Clones at least: a piece may return what it was given.
    const losses = noGradient(() => sumByName(lossesOfPieces));
    recordGradients(losses, inputs, gradients);
    return losses;
  } finally {
    for (const gradient of gradients.values()) gradient.dispose();
  }
}

/** What the operations on a tape read that is to be differentiated by: parameters, and results of the outer tape. */
function inputsOf(tape: readonly TapeNode[], losses: Losses, outerTape: readonly TapeNode[]): tf.Tensor[] {
  const outer = new Set(outerTape.flatMap((node) => node.outputs.map(({ id }) => id)));
  const read = [...tape.flatMap((node) => Object.values(node.inputs)), ...Object.values(losses)];
  return read.filter((tensor) => tensor instanceof tf.Variable || outer.has(tensor.id));
}

function recordGradients(
  losses: Losses,
  inputs: ReadonlyMap<number, tf.Tensor>,
  gradients: ReadonlyMap<number, tf.Tensor>,
): void {
  const names = [...gradients.keys()].map((id) => `input${id}`);
  recordOperations(
    'HeadLosses',
    Object.fromEntries([...gradients.keys()].map((id, k) => [names[k], inputs.get(id)!])),
    Object.values(losses),
    [...gradients.values()],
    (dys, saved) => {
      const factor = commonFactor(Object.keys(losses), dys);
      const scaled = (gradient: tf.Tensor) => (factor === 1 ? tf.clone(gradient) : tf.mul(gradient, factor));
      return Object.fromEntries(names.map((name, k) => [name, () => scaled(saved[k])]));
    },
  );
}

/** By what all losses have been scaled since: their gradients, which must be equal. */
function commonFactor(names: readonly string[], dys: tf.Tensor[]): number {
  const factors = tf.tidy(() => tf.stack(dys).dataSync());
  if (factors.every((factor) => Object.is(factor, factors[0]))) return factors[0];
  const list = names.map((name, k) => `${name} by ${factors[k]}`).join(', ');
  throw new Error(
    'losses of a head that has been differentiated in the forward were scaled differently afterwards ' +
      `(${list}; a loss left out counts as 0): put their weights into the head`,
  );
}

/** Adds up losses of the same name; all have the same names. The caller disposes. */
export function sumByName(pieces: readonly Losses[]): Losses {
  const [first, ...others] = pieces;
  const names = Object.keys(first);
  for (const other of others) {
    const found = Object.keys(other);
    if (found.length !== names.length || !names.every((name) => name in other)) {
      throw new Error(
        `a piece of the head returned the losses ${found.join(', ')}, the first ${names.join(', ')}`,
      );
    }
  }
  const sum = (name: string): tf.Scalar =>
    others.length === 0 ? tf.clone(first[name]) : tf.addN(pieces.map((losses) => losses[name]));
  return Object.fromEntries(names.map((name) => [name, sum(name)]));
}
