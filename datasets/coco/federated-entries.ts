import type { CocoCategory, CocoImage } from './annotations';

type Entry = Readonly<Record<string, unknown>>;

/** What an image's entry of an LVIS file says of what it has been searched for. */
export type SearchedFor = Pick<CocoImage, 'absentCategories' | 'incompleteCategories'>;

/**
 * What an image's entry says of what it has been searched for; nothing in files other than LVIS's.
 *
 * @param idOf what the id of a category stands for; ids of which it is undefined are left out
 */
export function searchedFor(
  { neg_category_ids: absent, not_exhaustive_category_ids: incomplete }: Entry,
  idOf: (id: unknown) => number | undefined,
): SearchedFor {
  const idsIn = (list: readonly unknown[]): number[] => list.flatMap((id) => idOf(id) ?? []);
  return {
    ...(Array.isArray(absent) && { absentCategories: idsIn(absent) }),
    ...(Array.isArray(incomplete) && { incompleteCategories: idsIn(incomplete) }),
  };
}

/** How often LVIS's training images show a category, where its entry says so. */
export function frequencyOf({ frequency }: Entry): Pick<CocoCategory, 'frequency'> {
  return frequency === 'r' || frequency === 'c' || frequency === 'f' ? { frequency } : {};
}

/** The picture that a URL ends with, in the folder of its split, as LVIS's images are named: `val2017/000000397133.jpg`. */
export function nameInUrl(url: unknown): string | undefined {
  return typeof url === 'string' ? /[^/]+\/[^/]+$/.exec(url)?.[0] : undefined;
}
