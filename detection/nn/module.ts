import * as tf from '@tensorflow/tfjs-core';
import { InferenceOnlyError } from './inference-only-error';
import { hasKernel, runKernelMany } from './kernels';
import type { RandomStream } from './random';

/** How a tensor in memory (NHWC, as the backend likes it) relates to torchvision's on disk. */
export type Layout =
  /** The same shape in both. */
  | 'same'
  /** Memory [kh, kw, in, out], disk [out, in, kh, kw]. */
  | 'convolution'
  /** Memory [kh, kw, channels, 1], disk [channels, 1, kh, kw]. */
  | 'depthwise'
  /** Memory [in, out], disk [out, in]. */
  | 'linear'
  /** A linear layer on a flattened map: memory [h * w * c, out], disk [out, c * h * w]. */
  | FlattenedMap;

/** The map [height, width, channels] that a linear layer gets as one row. */
export interface FlattenedMap {
  /** Channels of the map. */
  readonly channels: number;
  /** Height of the map. */
  readonly height: number;
  /** Width of the map. */
  readonly width: number;
}

/** A named tensor of a module that belongs into its checkpoint. */
export class Parameter {
  /** The variable that holds the value. */
  readonly variable: tf.Variable;
  private isLocked = false;

  /** A tensor of a module; modules make theirs with `parameter` and `buffer`. */
  constructor(
    /** Taken over; a variable is used as it is. */
    initial: tf.Tensor,
    /** How the layout in memory differs from that in a file. */
    readonly layout: Layout,
    /** Whether the optimizer updates it. */
    public trainable: boolean,
  ) {
    if (initial instanceof tf.Variable) {
      this.variable = initial as tf.Variable;
      return;
    }
    this.variable = tf.variable(initial, trainable);
    initial.dispose();
  }

  /** The value in memory. It belongs to the parameter: do not dispose it. */
  get value(): tf.Tensor {
    return this.variable;
  }

  /** Shape on disk: torchvision's. */
  get shapeOnDisk(): number[] {
    const shape = this.variable.shape;
    if (this.layout === 'same') return shape;
    if (this.layout === 'convolution') return [shape[3]!, shape[2]!, shape[0], shape[1]!];
    if (this.layout === 'depthwise') return [shape[2]!, shape[3]!, shape[0], shape[1]!];
    return [shape[1]!, shape[0]];
  }

  /** Lets nobody but its module use it any more. */
  lock(): void {
    this.isLocked = true;
    this.trainable = false;
  }

  private requireUnlocked(): void {
    if (this.isLocked) throw new InferenceOnlyError();
  }

  /**
   * The value with torchvision's shape and order. The caller disposes.
   *
   * @throws InferenceOnlyError where the model has been prepared for inference.
   */
  toDisk(): tf.Tensor {
    this.requireUnlocked();
    return this.asOnDisk(this.value);
  }

  /** Anything of this parameter's shape, its gradient say, with torchvision's shape and order. The caller disposes. */
  asOnDisk(value: tf.Tensor): tf.Tensor {
    const layout = this.layout;
    return tf.tidy(() => {
      if (layout === 'same') return tf.clone(value);
      if (layout === 'convolution') return tf.transpose(value, [3, 2, 0, 1]);
      if (layout === 'depthwise') return tf.transpose(value, [2, 3, 0, 1]);
      if (layout === 'linear') return tf.transpose(value);
      const { channels, height, width } = layout;
      const map = tf.reshape(value, [height, width, channels, -1]);
      return tf.reshape(tf.transpose(map, [3, 2, 0, 1]), this.shapeOnDisk);
    });
  }

  /**
   * Takes a value that has torchvision's shape and order. `value` stays the caller's.
   *
   * @throws InferenceOnlyError where the model has been prepared for inference.
   */
  fromDisk(value: tf.Tensor): void {
    this.requireUnlocked();
    const layout = this.layout;
    tf.tidy(() => {
      let own = value;
      if (layout === 'convolution') own = tf.transpose(value, [2, 3, 1, 0]);
      else if (layout === 'depthwise') own = tf.transpose(value, [2, 3, 0, 1]);
      else if (layout === 'linear') own = tf.transpose(value);
      else if (layout !== 'same') {
        const { channels, height, width } = layout;
        const map = tf.reshape(value, [-1, channels, height, width]);
        own = tf.reshape(tf.transpose(map, [2, 3, 1, 0]), this.variable.shape);
      }
      this.variable.assign(own);
    });
  }

  /** Frees the value; a second time does nothing. */
  dispose(): void {
    if (!this.variable.isDisposed) this.variable.dispose();
  }
}

/**
 * A tree of named parts, as torch.nn.Module: names joined with dots are torchvision's state_dict names.
 * A module owns its parameters and buffers; `dispose` frees the whole tree.
 */
export abstract class Module {
  private readonly ownParameters = new Map<string, Parameter>();
  private readonly ownBuffers = new Map<string, Parameter>();
  private readonly ownStreams: RandomStream[] = [];
  /** With what their names begin, as seen from here. */
  private readonly children: (readonly [prefix: string, module: Module])[] = [];
  private inferenceOnly = false;

  /** Registers a part. */
  protected child<M extends Module>(name: string, module: M): M {
    this.children.push([`${name}.`, module]);
    return module;
  }

  /** Registers a part that has no name: what is in it is called as if it were this module's own. */
  protected part<M extends Module>(module: M): M {
    this.children.push(['', module]);
    return module;
  }

  /** Registers a tensor that training changes. Takes over `initial`. */
  protected parameter(name: string, initial: tf.Tensor, layout: Layout = 'same'): Parameter {
    const parameter = new Parameter(initial, layout, true);
    this.ownParameters.set(name, parameter);
    return parameter;
  }

  /** Registers a tensor that belongs into the checkpoint but has no gradient (running statistics). */
  protected buffer(name: string, initial: tf.Tensor): Parameter {
    const buffer = new Parameter(initial, 'same', false);
    this.ownBuffers.set(name, buffer);
    return buffer;
  }

  /** Registers a stream that the forward draws from. */
  protected stream(stream: RandomStream): RandomStream {
    this.ownStreams.push(stream);
    return stream;
  }

  /**
   * Every parameter of the tree under its torchvision name, in order of registration.
   *
   * @throws InferenceOnlyError after `prepareForInference`.
   */
  *namedParameters(prefix = ''): Generator<[string, Parameter]> {
    if (this.inferenceOnly) throw new InferenceOnlyError();
    for (const [name, parameter] of this.ownParameters) yield [prefix + name, parameter];
    for (const [own, module] of this.children) yield* module.namedParameters(prefix + own);
  }

  /**
   * Every buffer of the tree under its torchvision name.
   *
   * @throws InferenceOnlyError after `prepareForInference`.
   */
  *namedBuffers(prefix = ''): Generator<[string, Parameter]> {
    if (this.inferenceOnly) throw new InferenceOnlyError();
    for (const [name, buffer] of this.ownBuffers) yield [prefix + name, buffer];
    for (const [own, module] of this.children) yield* module.namedBuffers(prefix + own);
  }

  /** This module and every part of it: torch.nn.Module.modules. */
  *modules(): Generator<Module> {
    yield this;
    for (const [, module] of this.children) yield* module.modules();
  }

  /** Every random stream of the tree. */
  *randomStreams(): Generator<RandomStream> {
    yield* this.ownStreams;
    for (const [, module] of this.children) yield* module.randomStreams();
  }

  /** Parameters and buffers: torchvision's state_dict. */
  stateDict(): Map<string, Parameter> {
    return new Map([...this.namedParameters(), ...this.namedBuffers()]);
  }

  /** Whether any parameter of the tree is trained. */
  get trainable(): boolean {
    for (const { ownParameters } of this.modules()) {
      for (const parameter of ownParameters.values()) if (parameter.trainable) return true;
    }
    return false;
  }

  /** Keeps the optimizer away from every parameter of the tree. */
  freeze(): void {
    for (const [, parameter] of this.namedParameters()) parameter.trainable = false;
  }

  /**
   * Gives training up for detecting faster: each layer replaces its weights, when it is first used, by what inference needs of
   * them, filters that normalization is folded into, and a backend that can keeps these in the order that its kernels like
   * best. From now on the tree has no parameters to train, save or load: whoever asks for them gets an InferenceOnlyError.
   */
  prepareForInference(): void {
    for (const module of this.modules()) {
      module.inferenceOnly = true;
      for (const entry of [...module.ownParameters.values(), ...module.ownBuffers.values()]) entry.lock();
    }
    // Of what weights have come from.
    if (hasKernel('CollectUploads')) runKernelMany('CollectUploads', {});
  }

  /** Whether `prepareForInference` has been called. */
  protected get isInferenceOnly(): boolean {
    return this.inferenceOnly;
  }

  /** Frees every parameter and buffer of the tree. */
  dispose(): void {
    for (const entry of [...this.ownParameters.values(), ...this.ownBuffers.values()]) entry.dispose();
    for (const [, module] of this.children) module.dispose();
  }
}
