/** The one file that meets TensorFlow.js below its public API (version 4.22, pinned). */
import * as tf from '@tensorflow/tfjs-core';

/** Computes the gradient of an operation by one of its inputs. */
export interface InputGradient {
  (): tf.Tensor;
  /**
   * The sum with the gradient that other operations have contributed before; given where it is cheaper than both and
   * their sum, as for a gradient that is zero almost everywhere.
   */
  readonly addedTo?: (previous: tf.Tensor) => tf.Tensor;
}

/** A recorded operation. `gradient` maps gradients of the outputs to that of each input. */
export interface TapeNode {
  readonly kernelName: string;
  readonly inputs: Record<string, tf.Tensor>;
  readonly outputs: tf.Tensor[];
  readonly saved: tf.Tensor[];
  readonly gradient?: (dys: (tf.Tensor | null)[]) => Record<string, InputGradient>;
}

type GradientFunction<Dy> = (dy: Dy, saved: tf.Tensor[]) => Record<string, InputGradient>;

interface KernelInvocation {
  readonly kernelName?: string;
  readonly inputs: Record<string, tf.Tensor>;
}

interface BufferInfo {
  readonly bytes: number;
  readonly shape: number[];
}

interface EngineInternals {
  readonly state: {
    activeTape: TapeNode[] | null;
    gradientDepth: number;
    kernelDepth: number;
    /** The innermost tidy: `track` holds what has been made in it. */
    activeScope: { readonly track: readonly tf.Tensor[] } | null;
    /** Every buffer that the engine holds, by its data id. */
    tensorInfo: WeakMap<object, BufferInfo>;
  };
  startTape(): void;
  endTape(): void;
  isTapeOn(): boolean;
  addTapeNode(
    name: string,
    inputs: Record<string, tf.Tensor>,
    outputs: tf.Tensor[],
    gradient: GradientFunction<tf.Tensor | tf.Tensor[]>,
    saved: tf.Tensor[],
    attributes: object,
  ): void;
  runKernelFunc(invocation: KernelInvocation): tf.Tensor | tf.Tensor[];
}

function engine(): EngineInternals {
  return tf.engine() as unknown as EngineInternals;
}

/**
 * Runs `f` and adds every tensor that it made, and that is still there, to `made`: out of reach of any tidy, so that they
 * outlast an await. The caller disposes them. Also where `f` throws.
 */
export function keepingAll<T>(made: tf.Tensor[], f: () => T): T {
  tf.engine().startScope();
  try {
    return f();
  } finally {
    const left = engine().state.activeScope?.track.filter((tensor) => !tensor.isDisposed) ?? [];
    made.push(...left.map((tensor) => tf.keep(tensor)));
    tf.engine().endScope();
  }
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
    disposeSaved(state.activeTape!);
    throw error;
  } finally {
    engine().endTape();
    state.activeTape = null;
  }
}

const innerTapes = new WeakSet<readonly TapeNode[]>();

/**
 * Runs `f` while a tape is being recorded, but records its operations on a tape of their own.
 *
 * @returns that tape, and the one that goes on being recorded.
 * @throws Error where no tape is being recorded, or an inner one is already.
 */
export function recordInnerTape<T>(f: () => T): {
  result: T;
  tape: TapeNode[];
  outerTape: readonly TapeNode[];
} {
  const { state } = engine();
  const outerTape = state.activeTape;
  if (!outerTape) throw new Error('an inner tape needs an outer one: no tape is being recorded');
  if (innerTapes.has(outerTape)) throw new Error('inner tapes do not nest');
  const tape: TapeNode[] = [];
  innerTapes.add(tape);
  state.activeTape = tape;
  try {
    return { result: f(), tape, outerTape };
  } catch (error) {
    disposeSaved(tape);
    throw error;
  } finally {
    state.activeTape = outerTape;
  }
}

/** Frees what a tape holds for a backward; a second time does nothing. */
export function disposeSaved(tape: readonly TapeNode[]): void {
  for (const node of tape) for (const tensor of node.saved) tensor.dispose();
}

/** Whether a tape is being recorded, even where `noGradient` has paused it. */
export function isTrainingStep(): boolean {
  return engine().state.gradientDepth > 0;
}

/** Whether operations are being recorded right now. */
export function isRecording(): boolean {
  return engine().isTapeOn();
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
 * Records one operation whose gradient is written by hand. `inputs` are what it is differentiated by, in this order;
 * `saved` is what the gradient needs (kept until the backward has used it; nothing else lives on). The gradient
 * function may dispose each saved tensor as soon as it is done with it.
 */
export function recordOperation(
  name: string,
  inputs: Record<string, tf.Tensor>,
  output: tf.Tensor,
  saved: tf.Tensor[],
  gradient: GradientFunction<tf.Tensor>,
): void {
  recordOperations(name, inputs, [output], saved, ([dy], tensors) => gradient(dy, tensors));
}

/** The same with several outputs: `gradient` gets one for each, zeros where there is none. */
export function recordOperations(
  name: string,
  inputs: Record<string, tf.Tensor>,
  outputs: tf.Tensor[],
  saved: tf.Tensor[],
  gradient: GradientFunction<tf.Tensor[]>,
): void {
  if (!engine().isTapeOn()) return;
  const kept = saved.map((tensor) => tf.keep(noGradient(() => tf.clone(tensor))));
  // The engine hands over an array where there are several outputs, and one tensor where there is one.
  const ofAll = (dy: tf.Tensor | tf.Tensor[], tensors: tf.Tensor[]) =>
    gradient(Array.isArray(dy) ? dy : [dy], tensors);
  engine().addTapeNode(name, inputs, outputs, ofAll, kept, {});
}

/** Inputs whose memory becomes that of a kernel's results, in the results' order. */
const REUSED_INPUTS: Readonly<Record<string, readonly string[]>> = {
  Reshape: ['x'],
  MomentumStep: ['parameter', 'buffer'],
};

/**
 * Tells of every buffer that the engine comes to hold and lets go: of memory itself, not of the tensors that share
 * it. `kernelName` is the operation that made it; `sharedWith` is the buffer whose memory it is a view of (a
 * reshape). Returns what ends the telling.
 */
export function observeBuffers(observer: {
  allocated(buffer: object, info: BufferInfo, kernelName: string | undefined, sharedWith?: object): void;
  freed(buffer: object): void;
}): () => void {
  const internals = engine();
  const { state } = internals;
  const runKernelFunc = internals.runKernelFunc.bind(internals);
  const known = state.tensorInfo;
  const running: { invocation: KernelInvocation; reused: tf.Tensor[] }[] = [];
  internals.runKernelFunc = (invocation) => {
    const reused = REUSED_INPUTS[invocation.kernelName ?? '']?.map((name) => invocation.inputs[name]) ?? [];
    running.push({ invocation, reused });
    try {
      return runKernelFunc(invocation);
    } finally {
      running.pop();
    }
  };
  state.tensorInfo = new (class extends WeakMap<object, BufferInfo> {
    override has = (buffer: object) => known.has(buffer);
    override get = (buffer: object) => known.get(buffer);
    override set = (buffer: object, info: BufferInfo) => {
      const kernel = running.at(-1);
      // Beside its results a kernel makes small tensors of its own: shapes, handles.
      const x = kernel?.reused[0];
      const isView = x && tf.util.sizeFromShape(info.shape) === x.size;
      if (isView) kernel.reused.shift();
      observer.allocated(buffer, info, kernel?.invocation.kernelName, isView ? x.dataId : undefined);
      known.set(buffer, info);
      return this;
    };
    override delete = (buffer: object) => {
      observer.freed(buffer);
      return known.delete(buffer);
    };
  })();
  return () => {
    state.tensorInfo = known;
    internals.runKernelFunc = runKernelFunc;
  };
}
