import { isObject } from '../../coco/entries';
import type { Federated } from '../federated';
import type { Frequency } from '../parameters';
import type { FileIds } from './file-ids';

/** What the lists of a file say of LVIS's evaluation; undefined where no image says what it has been searched for. */
export function federatedTruth(
  images: readonly unknown[],
  categories: readonly unknown[],
  imageIds: FileIds,
  categoryIds: FileIds,
): Federated | undefined {
  const negative = new Map<number, ReadonlySet<number>>();
  const notExhaustive = new Map<number, ReadonlySet<number>>();
  const idsIn = (list: readonly unknown[]): Set<number> =>
    new Set(list.flatMap((id) => categoryIds.numberOf(id) ?? []));
  for (const image of images) {
    if (!isObject(image)) continue;
    const id = imageIds.numberOf(image.id);
    const { neg_category_ids: without, not_exhaustive_category_ids: incomplete } = image;
    if (id === undefined) continue;
    if (Array.isArray(without)) negative.set(id, idsIn(without));
    if (Array.isArray(incomplete)) notExhaustive.set(id, idsIn(incomplete));
  }
  if (negative.size === 0 && notExhaustive.size === 0) return undefined;
  const frequencies = new Map<number, Frequency>();
  for (const category of categories) {
    if (!isObject(category)) continue;
    const id = categoryIds.numberOf(category.id);
    if (id !== undefined && isFrequency(category.frequency)) frequencies.set(id, category.frequency);
  }
  return { negative, notExhaustive, frequencies };
}

function isFrequency(value: unknown): value is Frequency {
  return value === 'r' || value === 'c' || value === 'f';
}
