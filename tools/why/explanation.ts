import type { SampleTable } from '../../detection/events/samples';
import type { Boxes } from '../../detection/structures/boxes';
import type { Size } from '../../detection/structures/size';
import type { InspectedImage } from './inspect-images';

/** Corners x1, y1, x2, y2 in pixels of the picture. */
export type Corners = readonly [number, number, number, number];

/** What became of a candidate: an anchor, a place or a proposal. */
export interface Candidate {
  readonly row: number;
  /** Counted from the finest; absent where there are no levels. */
  readonly level?: number;
  readonly box: Corners;
  /** Index among the objects; null of background. */
  readonly object: number | null;
  readonly sampled: boolean;
  /** What it adds to each loss that it has a part in. */
  readonly losses: Readonly<Record<string, number>>;
  /** 0..1, how sure the head is of an object, or of `category`. */
  readonly score?: number;
  readonly category?: string;
  /** Where the head sees the object. */
  readonly predicted?: Corners;
}

/** How many candidates of a kind there are. */
export interface Counts {
  readonly total: number;
  readonly positive: number;
  readonly ignored: number;
  readonly sampledPositive: number;
  readonly sampledBackground: number;
}

/** The candidates of one level of a pyramid, or all where there are no levels. */
export interface ExplainedLevel extends Counts {
  /** Places, of a level. */
  readonly map?: Size;
  /** Whose boxes are in pixels of the picture. Of background, those that lose most; ignored ones are not listed. */
  readonly candidates: readonly Candidate[];
}

/** What one part of the model made of the picture. */
export interface ExplainedTable extends Counts {
  readonly name: string;
  readonly about: string;
  readonly losses: Readonly<Record<string, number>>;
  readonly levels: readonly ExplainedLevel[];
}

/** An object of the picture, or its background, and what it adds to each loss. */
export interface ExplainedObject {
  /** Undefined of the background. */
  readonly annotationId?: number;
  readonly category?: string;
  readonly box?: Corners;
  readonly losses: Readonly<Record<string, number>>;
  /** Positive candidates, by table. */
  readonly positives: Readonly<Record<string, number>>;
}

/** Why the losses of a picture are what they are. */
export interface Explanation {
  readonly file: string;
  readonly imageId: number;
  readonly size: Size;
  readonly resized: Size;
  readonly losses: Readonly<Record<string, number>>;
  readonly objects: readonly ExplainedObject[];
  readonly background: ExplainedObject;
  readonly tables: readonly ExplainedTable[];
}

/** What a row of the background matches, in `matchedGt`. */
export const BACKGROUND = -1;
const IGNORED = -2;
/** Background candidates of a level that are listed, those that lose most. */
const MAX_BACKGROUND = 200;

/** Puts the samples of an image's first draw in order. @param categories of the detector, by label - 1 */
export function explain(
  { image, objects, labels, resized, draws: [{ losses, tables }] }: InspectedImage,
  categories: readonly string[],
): Explanation {
  const scale = scaleOf(image, resized);
  const ofImage = [...tables].map(([name, [table]]) => [name, table] as const);
  const shareOf = (gt: number): Record<string, number> =>
    shares(
      ofImage.map(([, table]) => table),
      Object.keys(losses),
      gt,
    );
  const positivesOf = (gt: number): Record<string, number> =>
    Object.fromEntries(
      ofImage.map(([name, { matchedGt }]) => [name, count(matchedGt, (match) => match === gt)]),
    );
  return {
    file: image.fileName,
    imageId: image.id,
    size: { width: image.width, height: image.height },
    resized,
    losses,
    objects: objects.map(({ annotation, corners }, gt) => ({
      annotationId: annotation.id,
      category: categories[labels[gt] - 1],
      box: corners,
      losses: shareOf(gt),
      positives: positivesOf(gt),
    })),
    background: { losses: shareOf(BACKGROUND), positives: {} },
    tables: ofImage.map(([name, table]) => explainTable(name, table, scale, categories)),
  };
}

/** What the rows that match an object, or -1 the background, add to each loss. */
function shares(
  tables: readonly SampleTable[],
  names: readonly string[],
  gt: number,
): Record<string, number> {
  const sums = Object.fromEntries(names.map((name) => [name, 0]));
  for (const { matchedGt, losses } of tables) {
    for (const [name, values] of Object.entries(losses)) {
      values.forEach((value, row) => {
        if (matchedGt?.[row] === gt) sums[name] += value;
      });
    }
  }
  return sums;
}

function explainTable(
  name: string,
  table: SampleTable,
  scale: Scale,
  categories: readonly string[],
): ExplainedTable {
  const { levels: given, numRows, about = '', losses } = table;
  let first = 0;
  const levels = (given ?? [{ map: undefined, numRows }]).map((level, index): ExplainedLevel => {
    const rows = Int32Array.from({ length: level.numRows }, (_, row) => first + row);
    first += level.numRows;
    const listed = listedRows(table, rows);
    return {
      ...countsOf(table, rows),
      ...(level.map && { map: level.map }),
      candidates: listed.map((row) => candidateOf(table, row, given ? index : undefined, scale, categories)),
    };
  });
  const total = (of: keyof Counts): number => levels.reduce((sum, level) => sum + level[of], 0);
  return {
    name,
    about,
    total: total('total'),
    positive: total('positive'),
    ignored: total('ignored'),
    sampledPositive: total('sampledPositive'),
    sampledBackground: total('sampledBackground'),
    losses: Object.fromEntries(
      Object.entries(losses).map(([loss, values]) => [loss, values.reduce((sum, value) => sum + value, 0)]),
    ),
    levels,
  };
}

function countsOf({ matchedGt, sampled }: SampleTable, rows: Int32Array): Counts {
  const of = (matches: (match: number, isSampled: boolean) => boolean): number =>
    count(rows, (row) => matches(matchedGt?.[row] ?? BACKGROUND, sampled?.[row] === 1));
  return {
    total: rows.length,
    positive: of((match) => match >= 0),
    ignored: of((match) => match === IGNORED),
    sampledPositive: of((match, isSampled) => isSampled && match >= 0),
    sampledBackground: of((match, isSampled) => isSampled && match === BACKGROUND),
  };
}

/** What a row adds to all losses together. */
export function lossOfRow(losses: SampleTable['losses'], row: number): number {
  return Object.values(losses).reduce((sum, values) => sum + values[row], 0);
}

/** The positive rows, and of the sampled background those that lose most. */
function listedRows({ matchedGt, sampled, losses }: SampleTable, rows: Int32Array): number[] {
  const lost = (row: number): number => lossOfRow(losses, row);
  const isPositive = (row: number): boolean => (matchedGt?.[row] ?? BACKGROUND) >= 0;
  const background = [...rows]
    .filter((row) => matchedGt?.[row] === BACKGROUND && sampled?.[row] === 1)
    .sort((a, b) => lost(b) - lost(a))
    .slice(0, MAX_BACKGROUND);
  return [...background, ...[...rows].filter(isPositive)];
}

function candidateOf(
  { boxes, matchedGt, sampled, losses, scores, labels, predBoxes }: SampleTable,
  row: number,
  level: number | undefined,
  scale: Scale,
  categories: readonly string[],
): Candidate {
  const match = matchedGt?.[row] ?? BACKGROUND;
  const score = scores?.[row] ?? NaN;
  const label = labels?.[row] ?? 0;
  const predicted = predBoxes && cornersOf(predBoxes, row, scale);
  return {
    row,
    ...(level !== undefined && { level }),
    box: cornersOf(boxes!, row, scale),
    object: match >= 0 ? match : null,
    sampled: sampled?.[row] === 1,
    losses: Object.fromEntries(
      Object.entries(losses).flatMap(([name, values]) => (values[row] === 0 ? [] : [[name, values[row]]])),
    ),
    ...(!Number.isNaN(score) && { score }),
    ...(label > 0 && { category: categories[label - 1] }),
    ...(predicted && !Number.isNaN(predicted[0]) && { predicted }),
  };
}

/** Pixels of a picture for one of the resized one. */
export interface Scale {
  readonly x: number;
  readonly y: number;
}

export function scaleOf(size: Size, resized: Size): Scale {
  return { x: size.width / resized.width, y: size.height / resized.height };
}

function cornersOf(boxes: Boxes, row: number, { x, y }: Scale): Corners {
  const [x1, y1, x2, y2] = boxes.subarray(4 * row, 4 * row + 4);
  return [x1 * x, y1 * y, x2 * x, y2 * y];
}

function count(values: ArrayLike<number> | undefined, isCounted: (value: number) => boolean): number {
  let found = 0;
  for (let i = 0; i < (values?.length ?? 0); i++) if (isCounted(values![i])) found++;
  return found;
}
