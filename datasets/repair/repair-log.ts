import { isId } from '../coco/entries';
import { ProblemList, type Problem } from '../coco/problems';
import type { Item, ListName } from './items';

/** Kinds of things that have one meaning and are put right. */
export type RepairKind =
  | 'image id'
  | 'category id'
  | 'number as text'
  | 'file name'
  | 'polygons'
  | 'box from segmentation'
  | 'size from the picture'
  | 'size of the other orientation'
  | 'size of run lengths'
  | 'keypoints'
  | 'num_keypoints'
  | 'skeleton'
  | 'null'
  | 'copy'
  | 'annotation id'
  | 'picture under several ids'
  | 'root category';

/** Something that has been put right: `reason` says what was there and what is there now. */
export type Repair = Problem<RepairKind>;

/** Something that could mean several things. It stays as it is. */
export type Undecided = Problem<'undecided'>;

/** What happens to a file while it is repaired. */
export class RepairLog {
  readonly repairs: ProblemList<RepairKind>;
  readonly undecided: ProblemList<'undecided'>;

  /** @param keptPerKind So many of each kind are kept, the others counted. */
  constructor(keptPerKind: number) {
    this.repairs = new ProblemList(keptPerKind);
    this.undecided = new ProblemList(keptPerKind);
  }

  /** @param key of the entry; undefined where all of it is meant. */
  repaired(kind: RepairKind, list: ListName, item: Item, key: string | undefined, reason: string): void {
    this.repairs.add({ kind, reason, ...placeOf(list, item, key) });
  }

  /** As `repaired`. */
  undecidedAt(list: ListName, item: Item, key: string, reason: string): void {
    this.undecided.add({ kind: 'undecided', reason, ...placeOf(list, item, key) });
  }
}

function placeOf(
  list: ListName,
  { index, entry }: Item,
  key: string | undefined,
): Pick<Problem, 'place' | 'imageId' | 'annotationId'> {
  const imageId = list === 'annotations' ? entry.image_id : entry.id;
  return {
    place: `${list}[${index}]${key === undefined ? '' : `.${key}`}`,
    ...(list !== 'categories' && isId(imageId) && { imageId }),
    ...(list === 'annotations' && isId(entry.id) && { annotationId: entry.id }),
  };
}
