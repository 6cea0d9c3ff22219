import * as tf from '@tensorflow/tfjs-core';

/** A tensor, an array or a number that passes from a model to its loss function. */
export interface Crossing {
  /** `a.b` is a property, `a[0]` an element. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly bytes: number;
  /** What identifies its values: a clone has those of its tensor; undefined of a number. */
  readonly values: object | undefined;
  /** Whether it is a tensor. */
  readonly isTensor: boolean;
}

/** Everything in the outputs of a forward, whatever their structure. */
export function crossingsIn(value: unknown, name = ''): Crossing[] {
  if (value instanceof tf.Tensor) {
    const { shape, size, dtype, dataId } = value as tf.Tensor;
    const bytes = size * tf.util.bytesPerElement(dtype);
    return [{ name, shape, bytes, values: dataId, isTensor: true }];
  }
  if (tf.util.isTypedArray(value as object)) {
    const array = value as Float32Array;
    return [{ name, shape: [array.length], bytes: array.byteLength, values: array, isTensor: false }];
  }
  if (typeof value === 'number') {
    return [{ name, shape: [], bytes: Float64Array.BYTES_PER_ELEMENT, values: undefined, isTensor: false }];
  }
  if (Array.isArray(value)) {
    return value.flatMap((element, i) => crossingsIn(element, `${name}[${i}]`));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, property]) =>
      crossingsIn(property, name === '' ? key : `${name}.${key}`),
    );
  }
  return [];
}

/** All crossings of one name: of each level, image or head. */
export interface CrossingGroup {
  /** Without indices: `a[].b`. */
  readonly name: string;
  readonly count: number;
  /** Of the first and, where that is another, of the last. */
  readonly shapes: readonly (readonly number[])[];
  /** Of all together; what several have in common is counted once. */
  readonly bytes: number;
}

/** Crossings by their name, in the order in which they appear. */
export function groupCrossings(crossings: readonly Crossing[]): CrossingGroup[] {
  const groups = new Map<string, Crossing[]>();
  const seen = new Set<object>();
  for (const crossing of crossings) {
    const name = crossing.name.replace(/\[\d+\]/g, '[]');
    const isNew = crossing.values === undefined || !seen.has(crossing.values);
    if (crossing.values) seen.add(crossing.values);
    groups.set(name, [...(groups.get(name) ?? []), isNew ? crossing : { ...crossing, bytes: 0 }]);
  }
  return [...groups].map(([name, group]) => {
    const ends = [
      group[0].shape,
      ...group
        .slice(1)
        .slice(-1)
        .map(({ shape }) => shape),
    ];
    return {
      name,
      count: group.length,
      shapes: ends.filter((shape, i) => i === 0 || String(shape) !== String(ends[0])),
      bytes: group.reduce((sum, { bytes }) => sum + bytes, 0),
    };
  });
}
