import type { CocoImage } from '../../datasets/coco/annotations';
import type { GtObject } from '../../datasets/coco/targets';
import { BACKGROUND, lossOfRow, scaleOf, type Scale } from './explanation';
import type { InspectedLosses } from '../../detection/engine/inspect-losses';
import type { SampleTable } from '../../detection/events/samples';
import { boxIou } from '../../detection/ops/iou';
import { nms } from '../../detection/ops/nms';
import type { Boxes } from '../../detection/structures/boxes';
import type { InspectedImage } from './inspect-images';

/** A background candidate counts as a place that may be an object from this score on: a lower one is next to no loss. */
const LEAST_SCORE = 0.05;
/** Of places that overlap more, the surest stays. */
const SAME_PLACE = 0.4;
/** A place that overlaps an object as much is about that object, whose own losses tell of it. */
const ABOUT_OBJECT = 0.3;

/** Where, and as what, a detector sees something. */
export interface Seen {
  /** x1, y1, x2, y2 in pixels of the resized image. */
  readonly box: Boxes;
  /** 1..K. */
  readonly label: number;
  /** 0..1 */
  readonly score: number;
}

/** What the losses say of an object. */
export interface ObjectEvidence {
  readonly object: GtObject;
  /** 1..K, as annotated. */
  readonly label: number;
  /** By table and loss: the mean over the candidates that are to find it, of all draws. */
  readonly means: ReadonlyMap<string, number>;
  /** What the detector sees there. */
  readonly seen?: Seen;
}

/** A place that is annotated as background, and is taken for an object. */
export interface PlaceEvidence extends Seen {
  /** What its surest candidate loses. */
  readonly loss: number;
}

/** What the losses of an image say. */
export interface ImageEvidence {
  readonly image: CocoImage;
  /** Pixels of the image for one of the resized one. */
  readonly scale: Scale;
  /** Sum of its losses, the mean of all draws. */
  readonly loss: number;
  readonly objects: readonly ObjectEvidence[];
  /** Tables and losses that its background has a share in, too: they tell what is there, the others where it is. */
  readonly ofBackground: ReadonlySet<string>;
  readonly places: readonly PlaceEvidence[];
}

/** Collects what the losses of an image say, whatever they are. */
export function evidenceOf({
  image,
  objects,
  labels,
  gtBoxes,
  resized,
  draws,
}: InspectedImage): ImageEvidence {
  const tables = draws.flatMap((draw) => tablesOf(draw));
  const total = (of: Readonly<Record<string, number>>): number =>
    Object.values(of).reduce((sum, loss) => sum + loss, 0);
  return {
    image,
    scale: scaleOf(image, resized),
    loss: draws.reduce((sum, { losses }) => sum + total(losses), 0) / draws.length,
    objects: objects.map((object, gt) => {
      const seen = surest(tables.flatMap(({ table }) => seenIn(table, (match) => match === gt)));
      return { object, label: labels[gt], means: meansOf(tables, gt), ...(seen && { seen }) };
    }),
    ofBackground: new Set(tables.flatMap(lossesOfBackground)),
    places: placesOf(tables, gtBoxes),
  };
}

interface NamedTable {
  readonly name: string;
  readonly table: SampleTable;
}

/** Those with losses, of the one image of the batch. */
function tablesOf({ tables }: InspectedLosses): NamedTable[] {
  return [...tables]
    .map(([name, [table]]) => ({ name, table }))
    .filter(({ table }) => Object.keys(table.losses).length > 0);
}

function lossesOfBackground({ name, table: { matchedGt, losses } }: NamedTable): string[] {
  return Object.entries(losses).flatMap(([loss, values]) =>
    matchedGt?.some((match, row) => match === BACKGROUND && values[row] > 0) ? [keyOf(name, loss)] : [],
  );
}

function keyOf(table: string, loss: string): string {
  return `${table}: ${loss}`;
}

/** What the candidates lose that are to find an object. */
function meansOf(tables: readonly NamedTable[], gt: number): Map<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const { name, table } of tables) {
    for (const [loss, values] of Object.entries(table.losses)) {
      const key = keyOf(name, loss);
      const entry = sums.get(key) ?? { sum: 0, count: 0 };
      sums.set(key, entry);
      table.matchedGt?.forEach((match, row) => {
        if (match !== gt || table.sampled?.[row] !== 1) return;
        entry.sum += values[row];
        entry.count++;
      });
    }
  }
  return new Map([...sums].flatMap(([key, { sum, count }]) => (count > 0 ? [[key, sum / count]] : [])));
}

/** What a head that tells categories sees at the sampled candidates that match so; nothing of other heads. */
function seenIn(table: SampleTable, isMatch: (match: number) => boolean): PlaceEvidence[] {
  const { matchedGt, sampled, scores, labels, boxes, predBoxes, losses } = table;
  if (!matchedGt || !scores || !labels || !boxes) return [];
  const found: PlaceEvidence[] = [];
  matchedGt.forEach((match, row) => {
    if (!isMatch(match) || sampled?.[row] !== 1 || !(scores[row] >= LEAST_SCORE)) return;
    const isPredicted = predBoxes !== undefined && !Number.isNaN(predBoxes[4 * row]);
    const from = isPredicted ? predBoxes : boxes;
    found.push({
      box: from.slice(4 * row, 4 * row + 4),
      label: labels[row],
      score: scores[row],
      loss: lossOfRow(losses, row),
    });
  });
  return found;
}

function surest<T extends Seen>(seen: readonly T[]): T | undefined {
  return seen.reduce<T | undefined>(
    (best, each) => (best && best.score >= each.score ? best : each),
    undefined,
  );
}

/** What is annotated as background and taken for objects, once each, unless it is about an annotated object. */
function placesOf(tables: readonly NamedTable[], gtBoxes: Boxes): PlaceEvidence[] {
  const seen = tables.flatMap(({ table }) => seenIn(table, (match) => match === BACKGROUND));
  const boxes = Float32Array.from(seen.flatMap(({ box }) => [...box]));
  const kept = nms(
    boxes,
    Float32Array.from(seen, ({ score }) => score),
    SAME_PLACE,
  );
  const isFree = (box: Boxes): boolean => {
    for (let gt = 0; gt < gtBoxes.length / 4; gt++)
      if (boxIou(box, 0, gtBoxes, gt) >= ABOUT_OBJECT) return false;
    return true;
  };
  return [...kept].map((index) => seen[index]).filter(({ box }) => isFree(box));
}
