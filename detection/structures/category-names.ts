/** What categories are called that nobody has named: `category 1` and so on, by label - 1. */
export function numberedCategories(count: number): string[] {
  return Array.from({ length: count }, (_, k) => `category ${k + 1}`);
}

/** Whether names are those of categories that nobody has named. */
export function areNumbered(names: readonly string[]): boolean {
  return numberedCategories(names.length).every((name, k) => names[k] === name);
}
