import * as tf from '@tensorflow/tfjs-core';
import type { Parameter } from '../nn/module';
import type { Trainable } from '../nn/trainable';
import type { Optimizer } from './optimizer';
import { gather, type Replicas } from './replicas';
import { sumTensors } from './sum-tensors';

/**
 * Gives every replica the parameters, the buffers and the optimizer's state of replica 0, whatever they had.
 *
 * @throws ReplicaLostError; what learns may then be anything.
 */
export async function shareLearner(
  replicas: Replicas,
  model: Pick<Trainable<never>, 'namedParameters' | 'namedBuffers'>,
  optimizer: Optimizer,
): Promise<void> {
  if (replicas.size === 1) return;
  const isSource = replicas.rank === 0;
  const values = [...model.namedParameters(), ...model.namedBuffers()];
  const shared = new Map(
    values.map(([name, { value }]) => [name, isSource ? tf.clone(value) : zeros(value)]),
  );
  try {
    await sumTensors(replicas, shared);
    if (!isSource) assignAll(values, shared);
  } finally {
    tf.dispose([...shared.values()]);
  }
  await shareOptimizer(replicas, optimizer);
}

type Entry = readonly [name: string, shape: readonly number[], dtype: string];

async function shareOptimizer(replicas: Replicas, optimizer: Optimizer): Promise<void> {
  const isSource = replicas.rank === 0;
  const state = isSource ? optimizer.stateDict() : new Map<string, tf.Tensor>();
  try {
    const own = [...state].map(([name, { shape, dtype }]): Entry => [name, shape, dtype]);
    const [entries] = await gather<readonly Entry[]>(replicas, own);
    if (!isSource) {
      for (const [name, shape, dtype] of entries) {
        state.set(name, zeros({ shape: [...shape], dtype: dtype as tf.DataType }));
      }
    }
    await sumTensors(replicas, state);
    if (!isSource) optimizer.loadStateDict(state);
  } finally {
    tf.dispose([...state.values()]);
  }
}

function zeros({ shape, dtype }: Pick<tf.Tensor, 'shape' | 'dtype'>): tf.Tensor {
  return tf.zeros(shape, dtype);
}

function assignAll(values: readonly [string, Parameter][], shared: ReadonlyMap<string, tf.Tensor>): void {
  for (const [name, { variable }] of values) variable.assign(shared.get(name)!);
}
