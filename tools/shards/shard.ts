import { InvalidArgumentError } from 'commander';

/** About the option `--shard`. */
export const SHARD_HELP =
  'do a share of the pictures: 2/8 is the second of eight; --json gets it, for rcnn merge-results';

/** One of several equal shares of some pictures, for processes that know nothing of each other. */
export interface Shard {
  /** From 1 up. */
  readonly number: number;
  /** How many shares there are. */
  readonly of: number;
}

/** Parses `2/8`, for commander. */
export function parseShard(text: string): Shard {
  const [, number, of] = /^(\d{1,9})\/(\d{1,9})$/.exec(text)?.map(Number) ?? [];
  if (number >= 1 && number <= of) return { number, of };
  throw new InvalidArgumentError('It has to be the number of a share, from 1, and how many there are: 2/8.');
}

/** A share of some things with their places among all of them: every nth, so that neighbors, which are alike, are in different ones. */
export function inShard<T>(all: readonly T[], { number, of }: Shard): { place: number; item: T }[] {
  return all.map((item, place) => ({ place, item })).filter(({ place }) => place % of === number - 1);
}
