import { join } from 'node:path';
import { reachesOut } from '../../../datasets/coco/annotation-entries';
import type { CocoCategory } from '../../../datasets/coco/categories/category-map';
import { staysInFolder } from '../../../datasets/coco/file-name';
import type { Problem, ProblemKind } from '../../../datasets/coco/problems';
import type { CocoDetection } from '../../../datasets/evaluation/detections';
import { groupBy } from '../../../datasets/group-by';
import type { Size } from '../../../detection/structures/size';
import { idText, type FileAnnotation, type FileImage } from './file-entries';
import { judgedDetections } from './judged-detections';
import type { OpenedSet } from './open-set';
import { roundedBox, type PageData, type PageObject, type PagePicture, type PageProblem } from '../page-data';
import { problemsByPlace } from './problems-by-place';

/** A side of a picture without a size, pixels: a broken file may have any number. */
const MAX_REACH = 1e5;
/** Problems that belong to no picture: a file may have a million. */
const MAX_LOOSE = 200;

/** With these there is nothing to show. */
const NO_PICTURE: ReadonlySet<ProblemKind> = new Set([
  'file name',
  'missing picture',
  'unreadable picture',
  'too large picture',
]);

/** A picture of a page, and where it comes from. */
export interface CollectedPicture {
  readonly page: PagePicture;
  /** Its path, or the bytes of its file; undefined where there is none that can be shown, or its name must not be followed. */
  readonly file: string | Uint8Array | undefined;
}

/** What a page shows. */
export interface Collected {
  readonly data: Omit<PageData, 'pictures'>;
  readonly pictures: readonly CollectedPicture[];
}

/** What there is to say of a set besides what its file says. */
export interface CollectOptions {
  readonly title: string;
  readonly subtitle: string;
  /** Detections of images of the valid part; others are left out. */
  readonly results?: readonly CocoDetection[];
  /** Detections below do not count when the page opens. */
  readonly minScore: number;
}

/** Brings together what a page shows of a data set: all that its file says, what is wrong with it, what was detected. */
export function collect(
  { folder, entries, valid, problems }: OpenedSet,
  { title, subtitle, results, minScore }: CollectOptions,
): Collected {
  const categories = new CategoryIndex(entries.categories);
  const found = problemsByPlace(problems);
  const annotationsOf = groupBy(entries.annotations, ({ imageId }) => idText(imageId));
  const known = new Set(entries.images.map(({ id }) => idText(id)).filter((id) => id !== ''));
  const objectOf = (annotation: FileAnnotation, image: FileImage): PageObject => {
    const { index, box, categoryId, area, isCrowd } = annotation;
    const own = found.annotations.get(index)?.map(pageProblem) ?? boxNotes(annotation, image);
    return {
      category: categories.of(categoryId),
      ...(box && { box: roundedBox(box) }),
      area,
      ...annotation.shape,
      ...(isCrowd && { isCrowd }),
      ...(own.length > 0 && { problems: own }),
    };
  };
  const detectionsOf = valid && results && judgedDetections(valid, results, (id) => categories.of(id));
  const pictures = entries.images.map((image): CollectedPicture => {
    const { id, index, fileName } = image;
    const own = found.images.get(index) ?? [];
    const isMissing = own.some(({ kind }) => NO_PICTURE.has(kind)) || !staysInFolder(fileName);
    const annotations = (known.has(idText(id)) && annotationsOf.get(idText(id))) || [];
    const isValid = typeof id === 'number' && own.length === 0 && valid?.dataset.imageOf(id) !== undefined;
    return {
      page: {
        id: idText(id),
        file: fileName,
        ...sizeOf(image, annotations),
        ...(isMissing && { isMissing }),
        objects: annotations.map((annotation) => objectOf(annotation, image)),
        ...(isValid && detectionsOf && { isJudged: true }),
        detections: (isValid && detectionsOf?.(id, annotations)) || [],
        problems: own.map(pageProblem),
      },
      file: isMissing ? undefined : join(folder, fileName),
    };
  });
  const skeleton = valid && skeletonOf(valid.dataset.categories);
  const loose = [
    ...found.others,
    ...entries.annotations
      .filter(({ imageId }) => !known.has(idText(imageId)))
      .flatMap(({ index }) => found.annotations.get(index) ?? []),
  ].map((problem) => pageProblem(problem).text);
  const rest = loose.length - MAX_LOOSE;
  return {
    data: {
      title,
      subtitle,
      categories: categories.names,
      ...(skeleton && { skeleton }),
      notes: valid?.dataset.notes ?? [],
      looseProblems: rest > 0 ? [...loose.slice(0, MAX_LOOSE), `... and ${rest} more`] : loose,
      ...(results && { detections: { minScore } }),
    },
    pictures,
  };
}

/** Indices from 0; that of the first category that has one. */
export function skeletonOf(categories: readonly CocoCategory[]): PageData['skeleton'] {
  return categories
    .find(({ skeleton = [] }) => skeleton.length > 0)
    ?.skeleton?.map(([from, to]) => [from - 1, to - 1]);
}

/** Gives categories their places in the page's list; those that the file lacks too. */
class CategoryIndex {
  readonly names: string[] = [];
  private readonly indices = new Map<string, number>();

  constructor(known: ReadonlyMap<string, string>) {
    for (const [id, name] of known) this.add(id, name);
  }

  /** -1 where there is no id. */
  of(id: unknown): number {
    const key = idText(id);
    if (key === '') return -1;
    return this.indices.get(key) ?? this.add(key, `category ${key}`);
  }

  private add(id: string, name: string): number {
    this.indices.set(id, this.names.length);
    return this.names.push(name) - 1;
  }
}

function pageProblem({ kind, place, reason }: Problem): PageProblem {
  return { kind, text: `${place}: ${reason}` };
}

/** What training puts right or leaves out. */
function boxNotes({ index, box }: FileAnnotation, image: FileImage): PageProblem[] {
  const note = (kind: string, text: string): PageProblem[] => [
    { kind, text: `annotations[${index}].bbox: ${text}`, isNote: true },
  ];
  if (box === undefined) return [];
  if (box[2] === 0 || box[3] === 0) {
    return note('box without size', 'it has no width or no height: training leaves it out');
  }
  return reachesOut(box, image) ? note('box beyond the image', 'training clips it') : [];
}

/** What boxes refer to; where the file gives no size, what its boxes reach. */
function sizeOf({ width, height }: FileImage, annotations: readonly FileAnnotation[]): Size {
  if (!Number.isNaN(width + height)) return { width, height };
  const reach = (at: 0 | 1): number =>
    annotations.reduce((most, { box }) => Math.max(most, box ? box[at] + box[at + 2] : 0), 1);
  return { width: Math.min(reach(0), MAX_REACH), height: Math.min(reach(1), MAX_REACH) };
}
