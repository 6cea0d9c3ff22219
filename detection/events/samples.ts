import type { Boxes } from '../structures/boxes';
import type { Size } from '../structures/size';

/** A map of candidates: the anchors or places of one level of a feature pyramid. */
export interface SampleLevel {
  /** Places of the map. */
  readonly map: Size;
  /** Candidates on it: by row, by column, by anchor. */
  readonly numRows: number;
}

/**
 * A part of a table of candidates (anchors, places, proposals) of one image: some of its rows, some of its columns. Each part of a
 * model puts what it knows, whoever matches the boxes and the matches, whoever computes a loss the losses; `joinSamples` makes the
 * table of it. Boxes are in pixels of the resized image.
 */
export interface SampleRows {
  /** Index of the image in its batch. */
  readonly image: number;
  /** What the table shows, in a sentence or two. */
  readonly about?: string;
  /** Of the table, finest first, where its rows lie on maps. */
  readonly levels?: readonly SampleLevel[];
  /** The level that `rows` are counted on; through all levels if left out. */
  readonly level?: number;
  /** [R] which rows these are; 0..R - 1 if left out. */
  readonly rows?: Int32Array;
  /** [R] the candidates themselves. */
  readonly boxes?: Boxes;
  /** [R] index of the matched object; -1 background, -2 neither (ignored): the numbers of `Matcher`. */
  readonly matchedGt?: Int32Array;
  /** [R] 1 of what enters the losses. */
  readonly sampled?: Uint8Array;
  /**
   * [R] what each row adds to the losses, by their names: over all tables of all images it is the losses of the batch. Where a
   * row is there twice, it adds both.
   */
  readonly losses?: Readonly<Record<string, Float32Array>>;
  /** [R] 0..1: how sure the head is of an object, or of its likeliest category. */
  readonly scores?: Float32Array;
  /** [R] that category, 1..K. */
  readonly labels?: Int32Array;
  /** [R] where the head sees the object. */
  readonly predBoxes?: Boxes;
}

/** All that is known of the candidates of one image, R of them. Columns that nobody put are absent. */
export interface SampleTable extends Omit<SampleRows, 'level' | 'rows' | 'losses'> {
  /** R. */
  readonly numRows: number;
  /** [R] by name; 0 of rows that have no part in one. */
  readonly losses: Readonly<Record<string, Float32Array>>;
}

/** Columns of one number a row, or of four, and what stands where nobody put anything. */
const COLUMNS = {
  matchedGt: { type: Int32Array, width: 1, unknown: -1 },
  sampled: { type: Uint8Array, width: 1, unknown: 0 },
  scores: { type: Float32Array, width: 1, unknown: NaN },
  labels: { type: Int32Array, width: 1, unknown: 0 },
  boxes: { type: Float32Array, width: 4, unknown: NaN },
  predBoxes: { type: Float32Array, width: 4, unknown: NaN },
} as const;

/** Joins the parts of one table of a batch, row by row: a table for each image, in their order. */
export function joinSamples(parts: readonly SampleRows[]): SampleTable[] {
  const images = [...new Set(parts.map(({ image }) => image))].sort((a, b) => a - b);
  return images.map((image) => joinImage(parts.filter((part) => part.image === image)));
}

function joinImage(parts: readonly SampleRows[]): SampleTable {
  const levels = parts.find((part) => part.levels)?.levels;
  const about = parts.find((part) => part.about)?.about;
  const placed = parts.map((part) => ({ part, rows: rowsOf(part, levels ?? []) }));
  const numRows = placed.reduce((most, { rows }) => rows.reduce((m, row) => Math.max(m, row + 1), most), 0);
  const join = <Name extends keyof typeof COLUMNS>(name: Name) => {
    const { type, width, unknown } = COLUMNS[name];
    const column = new type(numRows * width).fill(unknown);
    for (const { part, rows } of placed) {
      const values = part[name];
      if (!values) continue;
      rows.forEach((row, i) => {
        for (let k = 0; k < width; k++) column[row * width + k] = values[i * width + k];
      });
    }
    return column;
  };
  const isPut = (name: keyof typeof COLUMNS): boolean => parts.some((part) => part[name] !== undefined);
  const losses: Record<string, Float32Array> = {};
  for (const { part, rows } of placed) {
    for (const [name, values] of Object.entries(part.losses ?? {})) {
      const sum = (losses[name] ??= new Float32Array(numRows));
      rows.forEach((row, i) => (sum[row] += values[i]));
    }
  }
  return {
    image: parts[0].image,
    numRows,
    losses,
    ...(about !== undefined && { about }),
    ...(levels && { levels }),
    ...(isPut('boxes') && { boxes: join('boxes') as Boxes }),
    ...(isPut('matchedGt') && { matchedGt: join('matchedGt') as Int32Array }),
    ...(isPut('sampled') && { sampled: join('sampled') as Uint8Array }),
    ...(isPut('scores') && { scores: join('scores') as Float32Array }),
    ...(isPut('labels') && { labels: join('labels') as Int32Array }),
    ...(isPut('predBoxes') && { predBoxes: join('predBoxes') as Boxes }),
  };
}

/** The rows of a part, counted through all levels. */
function rowsOf(part: SampleRows, levels: readonly SampleLevel[]): Int32Array {
  const { level = 0, rows } = part;
  const first = levels.slice(0, level).reduce((sum, { numRows }) => sum + numRows, 0);
  return rows
    ? rows.map((row) => row + first)
    : Int32Array.from({ length: lengthOf(part) }, (_, row) => row + first);
}

function lengthOf({ boxes, matchedGt, sampled, scores, labels, predBoxes, losses = {} }: SampleRows): number {
  const ofOne = matchedGt ?? sampled ?? scores ?? labels ?? Object.values(losses).at(0);
  return ofOne?.length ?? ((boxes ?? predBoxes)?.length ?? 0) / 4;
}
