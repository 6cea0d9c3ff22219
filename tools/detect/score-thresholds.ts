import { InvalidArgumentError } from 'commander';
import type { CategoryMap } from '../../datasets/coco/category-map';
import { InputError } from '../../detection/errors';
import { suggest } from '../../weights/settings/suggest';

/** What the user says of the scores from which on detections count. */
export interface GivenThresholds {
  /** Of categories that are not named. */
  readonly others?: number;
  /** By category name. */
  readonly byName: ReadonlyMap<string, number>;
}

/** Users look at the sure ones; torchvision's own examples draw from 0.5 on too. */
export const DEFAULT_SCORE_THRESHOLD = 0.5;

const NUMBER = String.raw`\d*\.?\d+(?:e-?\d+)?`;
const FOR_ALL = new RegExp(`^(${NUMBER})(?:,|$)`);
/** A name may itself contain commas and equal signs. */
const FOR_ONE = new RegExp(`(.+?)=(${NUMBER})(?:,|$)`, 'gy');

/**
 * Parses `0.5`, `person=0.7,car=0.3` or both after one another, for commander; what is given later counts.
 *
 * @param before what the same option has said before
 */
export function parseThresholds(
  text: string,
  before: GivenThresholds = { byName: new Map() },
): GivenThresholds {
  const general = FOR_ALL.exec(text);
  const rest = text.slice(general?.[0].length ?? 0);
  const named = [...rest.matchAll(FOR_ONE)];
  const numbers = [...(general ? [general[1]] : []), ...named.map(([, , number]) => number)].map(Number);
  const isRead = text !== '' && named.reduce((length, [all]) => length + all.length, 0) === rest.length;
  if (!isRead || numbers.some((number) => number > 1)) {
    throw new InvalidArgumentError(
      'It has to be a number from 0 to 1, or such numbers for categories: person=0.7,car=0.3.',
    );
  }
  return {
    others: general ? Number(general[1]) : before.others,
    byName: new Map([...before.byName, ...named.map(([, name, number]) => [name, Number(number)] as const)]),
  };
}

/**
 * The score from which on detections of each category count, by label - 1.
 *
 * @throws InputError where the detector has no category of a name that is given.
 */
export function thresholdsByLabel(
  { others = DEFAULT_SCORE_THRESHOLD, byName }: GivenThresholds,
  { categories }: CategoryMap,
): readonly number[] {
  const known = categories.map(({ name }) => name);
  const unknown = [...byName.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const meant = suggest(unknown, known);
    const hint = meant === undefined ? '' : `; did you mean ${meant}?`;
    throw new InputError(
      'unknown-category',
      `--score-threshold: the detector has no category ${unknown}${hint}`,
      { name: unknown, meant },
    );
  }
  return known.map((name) => byName.get(name) ?? others);
}
