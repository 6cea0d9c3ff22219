/** Indices of the values of which something holds, ascending. */
export function indicesWhere(values: Int8Array | Int32Array, holds: (value: number) => boolean): Int32Array {
  const indices = new Int32Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (holds(values[i])) indices[count++] = i;
  return indices.slice(0, count);
}
