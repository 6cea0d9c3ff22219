import type { ErrorKind } from '../../../datasets/evaluation/errors/error-kinds';
import { AREA_RANGES, type AreaName } from '../../../datasets/evaluation/parameters';
import { compareWorst, type Entry, type JudgedPicture } from './judged-picture';

/** What a user wants to see, and in which order. Empty text stands for anything. */
export interface Query {
  /** Part of the file's name, or the id. */
  readonly text: string;
  /** Index of a category; `none` for pictures without objects and detections. */
  readonly category: number | 'none' | '';
  readonly size: Exclude<AreaName, 'all'> | '';
  /** `error` is any of the kinds. */
  readonly verdict: ErrorKind | 'right' | 'crowd' | 'error' | '';
  /** Scores of detections. What is below the first does not count; what is above the second is not shown. */
  readonly minScore: number;
  readonly maxScore: number;
  /** A kind that `rcnn check` tells; `problem` is any of them. */
  readonly problem: string;
  readonly sort: SortName;
}

const orders = {
  worst: compareWorst,
  id: (a, b) => compareIds(a.picture.id, b.picture.id) || a.index - b.index,
  name: (a, b) => collator.compare(a.picture.file, b.picture.file) || a.index - b.index,
  objects: (a, b) => b.picture.objects.length - a.picture.objects.length || a.index - b.index,
} as const satisfies Record<string, (a: JudgedPicture, b: JudgedPicture) => number>;

export type SortName = keyof typeof orders;
/** Numbers in names go by their value. */
const collator = new Intl.Collator('en', { numeric: true });

/** A picture that was asked for, and which of its entries were. */
export interface Match {
  readonly judged: JudgedPicture;
  /** Those to be shown. */
  readonly shown: readonly Entry[];
  /** Those that the query asks for; all, where it asks for none in particular. */
  readonly meant: ReadonlySet<Entry>;
}

/**
 * The pictures that a query asks for, in its order. One object or detection has to fulfil all that the query says of
 * objects: a small one of a category that is missed, say.
 */
export function matches(pictures: readonly JudgedPicture[], query: Query): Match[] {
  const text = query.text.trim().toLowerCase();
  const asksForEntries =
    typeof query.category === 'number' || query.size !== '' || query.verdict !== '' || query.maxScore < 1;
  const found = pictures.flatMap((judged): Match[] => {
    const { picture, problems } = judged;
    if (text !== '' && picture.id !== text && !picture.file.toLowerCase().includes(text)) return [];
    if (query.problem === 'problem' && problems.length === 0) return [];
    if (
      query.problem !== '' &&
      query.problem !== 'problem' &&
      !problems.some(({ kind }) => kind === query.problem)
    )
      return [];
    const shown = judged.entries.filter(({ score = 0 }) => score <= query.maxScore);
    if (query.category === 'none' && shown.length > 0) return [];
    const meant = new Set(shown.filter((entry) => isMeant(entry, query)));
    return asksForEntries && meant.size === 0 ? [] : [{ judged, shown, meant }];
  });
  const order = orders[query.sort];
  return found.sort((a, b) => order(a.judged, b.judged));
}

function isMeant(entry: Entry, { category, size, verdict, maxScore }: Query): boolean {
  if (typeof category === 'number' && entry.category !== category && entry.trueCategory !== category)
    return false;
  if (size !== '' && sizeOf(entry) !== size) return false;
  if (verdict === 'error' && (entry.verdict === undefined || ['right', 'crowd'].includes(entry.verdict)))
    return false;
  if (verdict !== '' && verdict !== 'error' && entry.verdict !== verdict) return false;
  return maxScore === 1 || entry.isDetection;
}

/** COCO's class of an object's size. */
export function sizeOf({ area }: Entry): Exclude<AreaName, 'all'> {
  const { name } = AREA_RANGES.find(({ name, max }) => name !== 'all' && area <= max) ?? { name: 'large' };
  return name === 'all' ? 'large' : name;
}

/** Numbers by their value, before anything else. */
function compareIds(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (Number.isNaN(x) || Number.isNaN(y))
    return Number(Number.isNaN(x)) - Number(Number.isNaN(y)) || collator.compare(a, b);
  return x - y;
}
