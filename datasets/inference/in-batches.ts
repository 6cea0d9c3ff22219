/** The items in their order, so many together; the last batch has what is left. */
export function* inBatches<T>(items: readonly T[], size: number): Generator<T[], void> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}
