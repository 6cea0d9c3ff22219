/** The one file that meets TensorFlow.js below its public API (version 4.22, pinned). */
import * as tf from '@tensorflow/tfjs-core';

/** A recorded operation. `gradient` maps gradients of the outputs to a thunk for each input's gradient. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Record<string, tf.Tensor>;
  readonly outputs: tf.Tensor[];
  readonly saved: tf.Tensor[];
  readonly gradient?: (dys: (tf.Tensor | null)[]) => Record<string, () => tf.Tensor>;
}

type GradientFunction = (dy: tf.Tensor, saved: tf.Tensor[]) => Record<string, () => tf.Tensor>;

interface EngineInternals {
  readonly state: { activeTape: TapeNode[] | null; gradientDepth: number; kernelDepth: number };
  startTape(): void;
  endTape(): void;
  isTapeOn(): boolean;
  addTapeNode(
    name: string,
    inputs: Record<string, tf.Tensor>,
    outputs: tf.Tensor[],
    gradient: GradientFunction,
    saved: tf.Tensor[],
    attributes: object,
  ): void;
}

function engine(): EngineInternals {
  return tf.engine() as unknown as EngineInternals;
}

/** Runs `f` while the engine records every differentiable operation; returns what it recorded. */
export function recordTape<T>(f: () => T): { result: T; tape: TapeNode[] } {
  const { state } = engine();
  if (state.gradientDepth !== 0) throw new Error('gradients do not nest: a tape is being recorded already');
  engine().startTape();
  try {
    const result = f();
    return { result, tape: state.activeTape! };
  } catch (error) {
    // tfjs forgets what a failed forward saved; a failing step must not leak.
    for (const node of state.activeTape!) for (const tensor of node.saved) tensor.dispose();
    throw error;
  } finally {
    engine().endTape();
    state.activeTape = null;
  }
}

/** Whether a tape is being recorded, even where `noGradient` has paused it. */
export function isTrainingStep(): boolean {
  return engine().state.gradientDepth > 0;
}

/**
 * Runs `f` with the tape off, as torch.no_grad: nothing in it is recorded or saved, so its intermediates die with
 * the nearest tidy.
 */
export function noGradient<T>(f: () => T): T {
  const { state } = engine();
  state.kernelDepth++;
  try {
    return f();
  } finally {
    state.kernelDepth--;
  }
}

/**
 * Records one operation whose gradient is written by hand. `inputs` are what it is differentiated by, `saved` what
 * the gradient needs (kept until the backward has used it; nothing else lives on).
 */
export function recordOperation(
  name: string,
  inputs: Record<string, tf.Tensor>,
  output: tf.Tensor,
  saved: tf.Tensor[],
  gradient: GradientFunction,
): void {
  if (!engine().isTapeOn()) return;
  const kept = saved.map((tensor) => tf.keep(noGradient(() => tf.clone(tensor))));
  engine().addTapeNode(name, inputs, [output], gradient, kept, {});
}
