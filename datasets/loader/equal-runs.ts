/** Items in their order, in lists of at most `length`; those of a list have one key. */
export function* equalRuns<T>(
  items: readonly T[],
  length: number,
  keyOf: (item: T) => string,
): Generator<[T, ...T[]]> {
  let run: T[] = [];
  for (const item of items) {
    const [first] = run;
    if (first !== undefined && (run.length === length || keyOf(first) !== keyOf(item))) {
      yield run as [T, ...T[]];
      run = [];
    }
    run.push(item);
  }
  if (run.length > 0) yield run as [T, ...T[]];
}
