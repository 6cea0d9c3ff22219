import { isDeepStrictEqual } from 'node:util';
import { InputError } from '../../../detection/errors';
import type { Size } from '../../../detection/structures/size';
import type { CocoFileAnnotation, CocoFileCategory } from '../../coco/coco-file';
import { shownValue } from '../../coco/problems';
import type { DatasetPart } from '../dataset-part';
import { saysNothing } from '../not-kept';
import { isPermutation } from './yolo-keypoints';
import { shareText } from './yolo-numbers';

/** Numbers of a keypoint: x, y, visibility. */
const NUMBERS = 3;
/** ultralytics takes coordinates that are outside by so much of the picture's side for rounding. */
const TOLERATED_OUTSIDE = 0.01;
const VISIBILITIES: readonly unknown[] = [0, 1, 2];

/** What a category's objects have. */
interface CategoryKeypoints {
  readonly count: number;
  readonly names?: readonly unknown[];
  readonly flipIndices?: readonly number[];
}

/**
 * The keypoints of a data set as YOLO's labels of poses hold them: all objects have the same number, that of the category with
 * the most. Those that a category, or an object, lacks are zeros.
 */
export class YoloPose {
  private readonly categories: ReadonlyMap<string, CategoryKeypoints>;
  private readonly counts = { without: 0, outside: 0 };

  /**
   * @throws InputError where keypoints are not three numbers for each of their category's, or two parts name other keypoints of
   *   one category.
   */
  constructor(parts: readonly DatasetPart[]) {
    const counts = new Map<string, number>();
    for (const { name, file } of parts) countKeypoints(name, file, counts);
    this.categories = counts.size === 0 ? new Map() : describeCategories(parts, counts);
  }

  /** Whether any object has keypoints. */
  get hasKeypoints(): boolean {
    return this.count > 0;
  }

  /** The number of keypoints of each object. */
  private get count(): number {
    return Math.max(0, ...[...this.categories.values()].map(({ count }) => count));
  }

  /** What a category's key `flip_idx` becomes: one for all classes, where the categories agree. */
  get flipIndices(): readonly number[] | undefined {
    const all = [...this.categories.values()].filter(({ count }) => count > 0);
    const longest = all.find(({ count }) => count === this.count)?.flipIndices;
    const agree = all.every(
      ({ count, flipIndices }) => longest && isDeepStrictEqual(flipIndices, longest.slice(0, count)),
    );
    return agree ? longest : undefined;
  }

  /** Keys of data.yaml. `kpt_names` has a list for each class, as in ultralytics' own files for poses. */
  dataYaml(classes: readonly CocoFileCategory[]): Record<string, unknown> {
    const names = classes.flatMap(({ name }, index) => {
      const { count, names: known } = this.categories.get(name) ?? { count: 0 };
      const isNeeded = known !== undefined || count < this.count;
      const numbers = Array.from({ length: count }, (_, at) => `${at + 1}`);
      return isNeeded ? [[index, known ?? numbers] as const] : [];
    });
    return {
      kpt_shape: [this.count, NUMBERS],
      ...(this.flipIndices && { flip_idx: this.flipIndices }),
      ...(names.length > 0 && { kpt_names: new Map(names) }),
    };
  }

  /** The keypoints of an object as they stand behind its box. */
  label(annotation: CocoFileAnnotation, category: string, size: Size): string {
    const own = keypointsOf(annotation) ?? [];
    if (own.length === 0 && (this.categories.get(category)?.count ?? 0) > 0) this.counts.without++;
    const texts: string[] = [];
    for (let at = 0; at < NUMBERS * this.count; at += NUMBERS) {
      const [x, y, visibility] = at < own.length ? own.slice(at, at + NUMBERS) : [0, 0, 0];
      if (isOutside(x, size.width) || isOutside(y, size.height)) this.counts.outside++;
      texts.push(shareText(x, size.width), shareText(y, size.height), String(visibility));
    }
    return texts.join(' ');
  }

  /** What users should know: one line each. */
  notes(): string[] {
    const fewer = [...this.categories.values()].filter(({ count }) => count < this.count).length;
    const told = [
      [this.counts.without, 'objects have no keypoints: zeros are written'],
      [fewer, 'categories have fewer keypoints: zeros fill them up, and kpt_names says how many are theirs'],
      [
        this.counts.outside,
        'keypoints are outside of their pictures by more than a hundredth of a side: ultralytics leaves these pictures out',
      ],
    ] as const;
    return [
      `labels have boxes and ${this.count} keypoints, as YOLO’s programs for poses read them`,
      ...told.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : [])),
      ...(this.flipIndices
        ? []
        : [
            'data.yaml has no flip_idx, since the categories have no key flip_idx that is the same for all: ultralytics trains without mirrored pictures then',
          ]),
    ];
  }
}

/** The numbers of an object's keypoints; undefined where it has none. */
export function keypointsOf({ keypoints }: CocoFileAnnotation): readonly number[] | undefined {
  return saysNothing(keypoints) ? undefined : (keypoints as readonly number[]);
}

/** How many keypoints are labeled. */
export function countLabeled(keypoints: readonly number[]): number {
  return keypoints.filter((value, index) => index % NUMBERS === NUMBERS - 1 && value > 0).length;
}

function isOutside(pixel: number, side: number): boolean {
  return pixel < -TOLERATED_OUTSIDE * side || pixel > (1 + TOLERATED_OUTSIDE) * side;
}

/** Adds the number of keypoints that the objects of each category have, by its name. */
function countKeypoints(
  part: string,
  { annotations, categories }: DatasetPart['file'],
  counts: Map<string, number>,
): void {
  const byId = new Map(categories.map((category) => [category.id, category]));
  for (const annotation of annotations) {
    const keypoints = keypointsOf(annotation);
    if (keypoints === undefined || annotation.iscrowd) continue;
    const { name, keypoints: names } = byId.get(annotation.category_id)!;
    const expected = counts.get(name) ?? (Array.isArray(names) ? names.length : undefined);
    if (!isKeypointList(keypoints, expected)) {
      throw refusal(
        `${part}: the keypoints of annotation ${annotation.id} (category ${shownValue(name)}) are not x, y and a visibility of 0, 1 or 2 of ` +
          (expected === undefined ? 'each' : `each of ${expected}`),
      );
    }
    counts.set(name, keypoints.length / NUMBERS);
  }
}

function isKeypointList(value: unknown, expected: number | undefined): boolean {
  return (
    Array.isArray(value) &&
    value.length % NUMBERS === 0 &&
    value.length === (expected ?? value.length / NUMBERS) * NUMBERS &&
    value.every((each, index) =>
      index % NUMBERS === NUMBERS - 1 ? VISIBILITIES.includes(each) : Number.isFinite(each),
    )
  );
}

/** What the objects and the categories say, by the names of the categories. */
function describeCategories(
  parts: readonly DatasetPart[],
  counts: ReadonlyMap<string, number>,
): Map<string, CategoryKeypoints> {
  const described = new Map<string, CategoryKeypoints>();
  for (const { name: part, file } of parts) {
    for (const { name, keypoints, flip_idx: flips } of file.categories) {
      const known = described.get(name);
      const names = Array.isArray(keypoints) ? (keypoints as readonly unknown[]) : known?.names;
      if (known?.names && !isDeepStrictEqual(names, known.names)) {
        throw refusal(
          `${part}: the category ${shownValue(name)} has other keypoints than in the parts before, or in another order`,
        );
      }
      const count = counts.get(name) ?? names?.length ?? 0;
      if (names && names.length !== count) {
        throw refusal(
          `${part}: the category ${shownValue(name)} has ${names.length} keypoints, but its objects in other parts ${count}`,
        );
      }
      const flipIndices =
        Array.isArray(flips) && isPermutation(flips as readonly number[], count)
          ? (flips as readonly number[])
          : known?.flipIndices;
      described.set(name, { count, names, flipIndices });
    }
  }
  return described;
}

function refusal(reason: string): InputError {
  return new InputError('yolo-keypoints', `${reason}. Correct the file, or convert without keypoints`);
}
