import { truncateText } from '../../detection/errors';

/** Something wrong in a file. */
export interface Problem<Kind extends string = ProblemKind> {
  /** What kind of thing is wrong. */
  readonly kind: Kind;
  /** Of a segmentation: the RleError's. */
  readonly code?: string;
  /** Like `annotations[12].bbox`. */
  readonly place: string;
  /** What is wrong there. */
  readonly reason: string;
  /** Id of the image concerned, where it is known. */
  readonly imageId?: number;
  /** Id of the annotation concerned, where it is known. */
  readonly annotationId?: number;
}

/** Kinds of things that can be wrong in a file of annotations or detections. */
export type ProblemKind =
  | 'structure'
  | 'id'
  | 'duplicate id'
  | 'unknown image'
  | 'unknown category'
  | 'box'
  | 'area'
  | 'iscrowd'
  | 'size'
  | 'file name'
  | 'name'
  | 'score'
  | 'segmentation'
  | 'keypoints'
  | 'num_keypoints'
  | 'missing picture'
  | 'unreadable picture'
  | 'picture size'
  | 'too large picture'
  | 'incomplete image'
  | 'image left out';

/** Something wrong in an entry. Its place is one in the entry, like `segmentation[0]`. */
export type Fault = Omit<Problem, 'imageId' | 'annotationId'>;

/** So many of each kind are listed, the others counted. */
const LISTED_PER_KIND = 20;

/** Collects what is wrong in a file, so that one message can tell all of it. */
export class ProblemList<Kind extends string = ProblemKind> {
  private readonly kinds = new Map<Kind, { readonly kept: Problem<Kind>[]; count: number }>();

  /** @param keptPerKind A file may be wrong in a million places: more than are listed are kept only on demand. */
  constructor(private readonly keptPerKind = LISTED_PER_KIND) {}

  add(problem: Problem<Kind>): void {
    const ofKind = this.kinds.get(problem.kind) ?? { kept: [], count: 0 };
    this.kinds.set(problem.kind, ofKind);
    if (++ofKind.count <= this.keptPerKind) ofKind.kept.push(problem);
  }

  get isEmpty(): boolean {
    return this.kinds.size === 0;
  }

  /** Those that are kept, kind by kind, each in the order of the file. */
  get problems(): readonly Problem<Kind>[] {
    return [...this.kinds.values()].flatMap(({ kept }) => kept);
  }

  /** How many of each kind there are: `number as text: 12, null: 3`. */
  counts(): string {
    return [...this.kinds].map(([kind, { count }]) => `${kind}: ${count}`).join(', ');
  }

  describe(file: string): string {
    const lines = this.lines();
    if (lines.length === 1) return `${file}: ${lines[0]}.`;
    const total = [...this.kinds.values()].reduce((sum, { count }) => sum + count, 0);
    return `${file}: ${total} problems:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  }

  /** The first 20 of each kind, one line each, and how many more there are. */
  lines(): string[] {
    return [...this.kinds].flatMap(([kind, { kept, count }]) => [
      ...kept.slice(0, LISTED_PER_KIND).map(describeProblem),
      ...(count > LISTED_PER_KIND ? [`... and ${count - LISTED_PER_KIND} more of the kind "${kind}"`] : []),
    ]);
  }
}

function describeProblem({ place, reason, imageId, annotationId }: Omit<Problem, 'kind'>): string {
  const ids = [
    ...(imageId === undefined ? [] : [`image ${imageId}`]),
    ...(annotationId === undefined ? [] : [`annotation ${annotationId}`]),
  ];
  return `${place}${ids.length === 0 ? '' : ` (${ids.join(', ')})`}: ${reason}`;
}

/** A value of a file for a message: short, quoted, on one line. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'missing';
  return truncateText(typeof value === 'number' ? String(value) : jsonText(value), 60);
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // JSON.parse takes any depth; JSON.stringify runs out of stack.
    return 'something nested too deep to show';
  }
}
