import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../nn/module';

/** Parameters that are treated alike. The first group whose `matches` accepts a parameter's name counts. */
export interface ParameterGroup {
  /** Whether a parameter belongs to the group. */
  matches(name: string): boolean;
  /** Multiplies the schedule's rate. 1 if left out. */
  readonly learningRateFactor?: number;
  /** Instead of the optimizer's. */
  readonly weightDecay?: number;
}

/** Changes parameters along their gradients. State is kept by parameter name. */
export interface Optimizer {
  /**
   * One update. Frozen parameters are left alone, and so is, state included, a parameter without a gradient, as
   * PyTorch does with `grad` None. The gradients stay the caller's.
   */
  step(gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number): void;
  /** What `step` remembers, as `<parameter name>.<PyTorch's name of it>`, in the layout in memory. The caller disposes. */
  stateDict(): Map<string, tf.Tensor>;
  /**
   * Replaces what `step` remembers; the tensors stay the caller's.
   * @throws Error, with nothing changed, when an entry fits no parameter.
   */
  loadStateDict(state: ReadonlyMap<string, tf.Tensor>): void;
  /** Frees what `step` remembers. The parameters stay: they are the model's. */
  dispose(): void;
}

/** What SGD and AdamW share: finding a gradient's parameter and group, and tensors remembered by name. */
export abstract class NamedStateOptimizer implements Optimizer {
  private readonly parameters: ReadonlyMap<string, Parameter>;
  /** By slot (`momentum_buffer`), then by parameter name. */
  private readonly slots: ReadonlyMap<string, Map<string, tf.Variable>>;

  /**
   * An optimizer that remembers nothing yet.
   *
   * @param slotNames PyTorch's names of what is remembered of each parameter.
   */
  protected constructor(
    parameters: Iterable<[string, Parameter]>,
    private readonly groups: readonly ParameterGroup[],
    private readonly weightDecay: number,
    slotNames: readonly string[],
  ) {
    this.parameters = new Map(parameters);
    this.slots = new Map(slotNames.map((slot) => [slot, new Map<string, tf.Variable>()]));
  }

  /** Updates one parameter; runs inside a tidy. */
  protected abstract update(
    name: string,
    parameter: tf.Variable,
    gradient: tf.Tensor,
    learningRate: number,
    weightDecay: number,
  ): void;

  step(gradients: ReadonlyMap<string, tf.Tensor>, learningRate: number): void {
    for (const [name, gradient] of gradients) {
      const parameter = this.parameters.get(name);
      if (!parameter) throw new Error(`the optimizer has no parameter named ${name}`);
      if (!parameter.trainable) continue;
      const group = this.groups.find((candidate) => candidate.matches(name));
      const rate = learningRate * (group?.learningRateFactor ?? 1);
      const decay = group?.weightDecay ?? this.weightDecay;
      tf.tidy(() => this.update(name, parameter.variable, gradient, rate, decay));
    }
  }

  /** What is remembered of a parameter in a slot; undefined before the first time. */
  protected remembered(slot: string, name: string): tf.Tensor | undefined {
    return this.slots.get(slot)!.get(name);
  }

  /** `value` may be disposed afterwards. */
  protected remember(slot: string, name: string, value: tf.Tensor): void {
    const variables = this.slots.get(slot)!;
    const variable = variables.get(name);
    if (variable) variable.assign(value);
    else variables.set(name, tf.variable(value, false));
  }

  stateDict(): Map<string, tf.Tensor> {
    const state = new Map<string, tf.Tensor>();
    for (const [slot, variables] of this.slots) {
      for (const [name, variable] of variables) state.set(`${name}.${slot}`, tf.keep(tf.clone(variable)));
    }
    return state;
  }

  loadStateDict(state: ReadonlyMap<string, tf.Tensor>): void {
    const entries = [...state].map(([key, tensor]) => {
      const dot = key.lastIndexOf('.');
      const [name, slot] = [key.slice(0, dot), key.slice(dot + 1)];
      const parameter = this.parameters.get(name);
      if (!this.slots.has(slot) || !parameter) throw new Error(`optimizer state ${key} fits no parameter`);
      const { shape } = parameter.value;
      if (!tf.util.arraysEqual(tensor.shape, shape)) {
        throw new Error(
          `optimizer state ${key} has shape [${tensor.shape.join(', ')}], its parameter [${shape.join(', ')}]`,
        );
      }
      return { slot, name, tensor };
    });
    this.dispose();
    for (const { slot, name, tensor } of entries) this.remember(slot, name, tensor);
  }

  dispose(): void {
    for (const variables of this.slots.values()) {
      for (const variable of variables.values()) variable.dispose();
      variables.clear();
    }
  }
}
