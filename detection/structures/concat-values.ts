/** The values of all lists, one list behind the other. */
export function concatValues(lists: readonly Float32Array[]): Float32Array {
  const values = new Float32Array(lists.reduce((length, list) => length + list.length, 0));
  let offset = 0;
  for (const list of lists) {
    values.set(list, offset);
    offset += list.length;
  }
  return values;
}
