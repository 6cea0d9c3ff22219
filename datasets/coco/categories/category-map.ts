/** How often LVIS's training images show a category: rarely, commonly, frequently. */
export type Frequency = 'r' | 'c' | 'f';

/** A category of a COCO file. */
export interface CocoCategory {
  /** Id of the category. Ids may have gaps, and need not begin at 1. */
  readonly id: number;
  /** Name of the category; two categories may have the same. */
  readonly name: string;
  /** Names of the keypoints of its objects. Absent: they have none, or none were asked for. */
  readonly keypoints?: readonly string[];
  /** Keypoints that drawings join by a line, counted from 1 as in COCO's JSON. Only with `keypoints`. */
  readonly skeleton?: readonly (readonly [from: number, to: number])[];
  /** The keypoint, from 0, that each becomes in a mirrored picture: YOLO's `flip_idx`. Only with `keypoints`. */
  readonly flipIndices?: readonly number[];
  /** Of its keypoints, as `KeypointLayout.sigmas`. Only with `keypoints`, and where the file has it: COCO's own files do not. */
  readonly sigmas?: readonly number[];
  /** Of LVIS's files. */
  readonly frequency?: Frequency;
}

/** Which category each of a data set's, or a detector's, labels 1..K stands for. Names may occur more than once. */
export class CategoryMap {
  private readonly labels: ReadonlyMap<number, number>;

  /** Labels go by the order of the categories. */
  constructor(
    /** By label - 1. */
    readonly categories: readonly CocoCategory[],
    /** Whose they are, for messages. */
    private readonly owner: string,
  ) {
    this.labels = new Map(categories.map(({ id }, index) => [id, index + 1]));
  }

  /** Whether a label stands for the category with this id. */
  has(id: number): boolean {
    return this.labels.has(id);
  }

  /**
   * The label that stands for a category.
   *
   * @throws RangeError where none does.
   */
  labelOf(id: number): number {
    const label = this.labels.get(id);
    if (label === undefined) throw new RangeError(`${this.owner} has no category ${id}.`);
    return label;
  }

  /**
   * @param label 1..K
   * @throws RangeError where there is no such label.
   */
  categoryOf(label: number): CocoCategory {
    const category = this.categories[label - 1];
    if (category === undefined) throw new RangeError(`${this.owner} has no label ${label}.`);
    return category;
  }

  /** As `categoryOf`. */
  idOf(label: number): number {
    return this.categoryOf(label).id;
  }

  /** As `categoryOf`. */
  nameOf(label: number): string {
    return this.categoryOf(label).name;
  }
}
