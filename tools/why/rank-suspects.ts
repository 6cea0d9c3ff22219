import type { CocoCategory } from '../../datasets/coco/categories/category-map';
import type { ImageEvidence, Seen } from './evidence';

/** An annotation that may be wrong, or a place where one may be missing. Boxes are x, y, width, height in pixels of the picture. */
export interface Suspect {
  readonly kind: 'object' | 'missing';
  readonly image_id: number;
  readonly file_name: string;
  /** Of an object. */
  readonly annotation_id?: number;
  /** Of a missing one: what the detector takes it for. */
  readonly category_id: number;
  readonly category: string;
  readonly bbox: readonly number[];
  /** How many times a typical object, or place, loses so much. */
  readonly suspicion: number;
  /** Table and loss that say so. */
  readonly because: string;
  /** What the detector sees there. */
  readonly seen?: { readonly category: string; readonly score: number; readonly bbox: readonly number[] };
}

/** An image, and its losses. */
export interface SuspectImage {
  readonly image_id: number;
  readonly file_name: string;
  readonly loss: number;
}

/** A data set by its losses, what is most suspicious first. */
export interface Ranking {
  readonly suspects: readonly Suspect[];
  readonly images: readonly SuspectImage[];
}

/** What is said of a place. */
const BACKGROUND = 'background';

/**
 * Ranks objects, places that look like missing ones, and images. Each loss of an object is compared with its mean over all objects, and what
 * stands out most counts; a place's loss is compared with the mean over all places. One list then has labels, boxes and missing objects.
 *
 * Of an object count the losses that the background has a share in, too. A box that is wrong stands out there: what it covers does not look like
 * an object to the head. Losses that objects alone have say how hard an object is to delimit (docs/decisions.md).
 *
 * @param categories by label - 1
 */
export function rankSuspects(
  evidence: readonly ImageEvidence[],
  categories: readonly CocoCategory[],
): Ranking {
  const counted = new Set(evidence.flatMap(({ ofBackground }) => [...ofBackground]));
  const typical = meansOver(evidence.flatMap(({ objects }) => objects.map(({ means }) => means)));
  const losses = evidence.flatMap(({ places }) => places.map(({ loss }) => loss));
  const typicalPlace = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
  const suspects = evidence.flatMap((ofImage): Suspect[] => {
    const { image, objects, places } = ofImage;
    const where = { image_id: image.id, file_name: image.fileName };
    const ofObjects = objects.flatMap(({ object: { annotation }, label, means, seen }): Suspect[] => {
      const standing = [...means]
        .filter(([loss]) => counted.has(loss))
        .map(([because, mean]) => ({
          because,
          suspicion: mean / typical.get(because)!,
        }));
      const most = standing.reduce((a, b) => (b.suspicion > a.suspicion ? b : a), {
        because: '',
        suspicion: 0,
      });
      const { id: category_id, name: category } = categories[label - 1];
      const what = { annotation_id: annotation.id, category_id, category, bbox: annotation.bbox };
      return [
        {
          kind: 'object',
          ...where,
          ...what,
          ...most,
          ...(seen && { seen: seenIn(seen, ofImage, categories) }),
        },
      ];
    });
    const ofPlaces = places.map((place): Suspect => {
      const seen = seenIn(place, ofImage, categories);
      const { id: category_id, name: category } = categories[place.label - 1];
      const suspicion = place.loss / typicalPlace;
      return {
        kind: 'missing',
        ...where,
        category_id,
        category,
        bbox: seen.bbox,
        suspicion,
        because: BACKGROUND,
        seen,
      };
    });
    return [...ofObjects, ...ofPlaces];
  });
  const images = evidence.map(({ image, loss }) => ({ image_id: image.id, file_name: image.fileName, loss }));
  return {
    suspects: suspects.sort((a, b) => b.suspicion - a.suspicion),
    images: images.sort((a, b) => b.loss - a.loss),
  };
}

/** The mean of each loss over the objects that have it; 1 where all are 0. */
function meansOver(objects: readonly ReadonlyMap<string, number>[]): Map<string, number> {
  const sums = new Map<string, { sum: number; count: number }>();
  for (const means of objects) {
    for (const [key, mean] of means) {
      const { sum, count } = sums.get(key) ?? { sum: 0, count: 0 };
      sums.set(key, { sum: sum + mean, count: count + 1 });
    }
  }
  return new Map([...sums].map(([key, { sum, count }]) => [key, sum / count || 1]));
}

function seenIn(
  { box: [x1, y1, x2, y2], label, score }: Seen,
  { scale }: ImageEvidence,
  categories: readonly CocoCategory[],
): NonNullable<Suspect['seen']> {
  const bbox = [x1 * scale.x, y1 * scale.y, (x2 - x1) * scale.x, (y2 - y1) * scale.y];
  return { category: categories[label - 1].name, score, bbox };
}
