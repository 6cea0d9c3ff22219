import * as tf from '@tensorflow/tfjs-core';
import type { Replicas } from './replicas';

/**
 * Elements from which a tensor is added up by itself. Each sum takes a millisecond whatever its size; smaller ones share one, at the
 * price of a copy.
 */
const LARGE = 2 ** 18;

/**
 * Replaces each tensor of a map by its sum over all replicas, which have the same names, shapes and types in the same order.
 *
 * @throws ReplicaLostError; each tensor is then as it was, or the sum.
 */
export async function sumTensors(replicas: Replicas, tensors: Map<string, tf.Tensor>): Promise<void> {
  for (const names of sharingSums(tensors)) {
    const parts = names.map((name) => tensors.get(name)!);
    const sums = await sumTogether(replicas, parts);
    names.forEach((name, k) => {
      parts[k].dispose();
      tensors.set(name, sums[k]);
    });
  }
}

/** The names of those that share a sum. */
function sharingSums(tensors: ReadonlyMap<string, tf.Tensor>): string[][] {
  const groups: string[][] = [];
  const open = new Map<string, { readonly names: string[]; elements: number }>();
  for (const [name, { size, dtype }] of tensors) {
    if (size >= LARGE) {
      groups.push([name]);
      continue;
    }
    let group = open.get(dtype);
    if (!group || group.elements + size > LARGE) {
      group = { names: [], elements: 0 };
      open.set(dtype, group);
      groups.push(group.names);
    }
    group.names.push(name);
    group.elements += size;
  }
  return groups;
}

async function sumTogether(replicas: Replicas, parts: readonly tf.Tensor[]): Promise<tf.Tensor[]> {
  if (parts.length === 1) return [await replicas.sum(parts[0])];
  const packed = tf.tidy(() => tf.concat1d(parts.map((part) => tf.reshape(part, [part.size]))));
  try {
    const sum = await replicas.sum(packed);
    try {
      return tf.tidy(() =>
        tf
          .split(
            sum,
            parts.map(({ size }) => size),
          )
          .map((flat, k) => tf.reshape(flat, parts[k].shape)),
      );
    } finally {
      sum.dispose();
    }
  } finally {
    packed.dispose();
  }
}
