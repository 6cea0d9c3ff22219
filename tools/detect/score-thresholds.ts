import { InvalidArgumentError } from 'commander';
import type { CategoryMap } from '../../datasets/coco/categories/category-map';
import { InputError } from '../../detection/errors';
import type { ScoreThresholds } from '../../weights/detectors/score-thresholds';
import { suggest } from '../../weights/settings/suggest';
import { logLine } from '../terminal/progress';

/** What the user says of the scores from which on detections count. */
export interface GivenThresholds {
  /** Of categories that are not named; `auto`: what is stored with the weights. */
  readonly others?: number | 'auto';
  /** By category name. */
  readonly byName: ReadonlyMap<string, number>;
}

/** Users look at the sure ones; torchvision's own examples draw from 0.5 on too. */
export const DEFAULT_SCORE_THRESHOLD = 0.5;

const NUMBER = String.raw`\d*\.?\d+(?:e-?\d+)?`;
const FOR_ALL = new RegExp(`^(${NUMBER}|auto)(?:,|$)`);
/** A name may itself contain commas and equal signs. */
const FOR_ONE = new RegExp(`(.+?)=(${NUMBER})(?:,|$)`, 'gy');

/**
 * Parses `0.5` or `auto`, `person=0.7,car=0.3`, or both after one another, for commander; what is given later counts.
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
  const others = general?.[1] === 'auto' ? 'auto' : general && Number(general[1]);
  const numbers = [others === 'auto' ? 0 : (others ?? 0), ...named.map(([, , number]) => Number(number))];
  const isRead = text !== '' && named.reduce((length, [all]) => length + all.length, 0) === rest.length;
  if (!isRead || numbers.some((number) => number > 1)) {
    throw new InvalidArgumentError(
      'It has to be a number from 0 to 1, auto, or such numbers for categories: person=0.7,car=0.3.',
    );
  }
  return {
    others: others ?? before.others,
    byName: new Map([...before.byName, ...named.map(([, name, number]) => [name, Number(number)] as const)]),
  };
}

/**
 * The score from which on detections of each category count, by label - 1.
 *
 * @param stored with the weights
 * @throws InputError where the detector has no category of a name that is given, or the weights have none where theirs are
 *   wanted.
 */
export function thresholdsByLabel(
  { others = DEFAULT_SCORE_THRESHOLD, byName }: GivenThresholds = { byName: new Map() },
  { categories }: CategoryMap,
  stored: ScoreThresholds | undefined,
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
  const ofOthers = others === 'auto' ? storedScores(stored) : known.map(() => others);
  const withoutOne = known.filter((name, k) => !byName.has(name) && (ofOthers[k] ?? null) === null);
  if (withoutOne.length > 0) {
    logLine(`no score threshold is stored for ${withoutOne.join(', ')}: ${DEFAULT_SCORE_THRESHOLD} is used`);
  }
  return known.map((name, k) => byName.get(name) ?? ofOthers[k] ?? DEFAULT_SCORE_THRESHOLD);
}

function storedScores(stored: ScoreThresholds | undefined): ScoreThresholds['scores'] {
  if (stored) return stored.scores;
  throw new InputError(
    'no-thresholds',
    '--score-threshold auto: the weights have no score thresholds; rcnn evaluate --thresholds, with --weights, --annotations ' +
      'and --images of a validation set, finds and stores them',
  );
}
