/** Something wrong in a file. */
export interface Problem {
  readonly kind: ProblemKind;
  /** Like `annotations[12].bbox`. */
  readonly place: string;
  /** What is wrong there. */
  readonly reason: string;
  readonly imageId?: number;
  readonly annotationId?: number;
}

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
  | 'segmentation';

/** So many of each kind are listed, the others counted. */
const LISTED_PER_KIND = 20;

/** Collects what is wrong in a file, so that one message can tell all of it. */
export class ProblemList {
  private readonly listed: Problem[] = [];
  private readonly counts = new Map<ProblemKind, number>();

  add(problem: Problem): void {
    const count = (this.counts.get(problem.kind) ?? 0) + 1;
    this.counts.set(problem.kind, count);
    if (count <= LISTED_PER_KIND) this.listed.push(problem);
  }

  get isEmpty(): boolean {
    return this.listed.length === 0;
  }

  /** The first 20 of each kind, in the order of the file. */
  get problems(): readonly Problem[] {
    return this.listed;
  }

  describe(file: string): string {
    const lines = this.listed.map(describeProblem);
    for (const [kind, count] of this.counts) {
      if (count > LISTED_PER_KIND)
        lines.push(`... and ${count - LISTED_PER_KIND} more of the kind "${kind}"`);
    }
    if (lines.length === 1) return `${file}: ${lines[0]}.`;
    const total = [...this.counts.values()].reduce((sum, count) => sum + count, 0);
    return `${file}: ${total} things are wrong:\n${lines.map((line) => `  ${line}`).join('\n')}`;
  }
}

function describeProblem({ place, reason, imageId, annotationId }: Problem): string {
  const ids = [
    ...(imageId === undefined ? [] : [`image ${imageId}`]),
    ...(annotationId === undefined ? [] : [`annotation ${annotationId}`]),
  ];
  return `${place}${ids.length === 0 ? '' : ` (${ids.join(', ')})`}: ${reason}`;
}

/** A value of a file for a message: short, quoted, on one line. */
export function shownValue(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = typeof value === 'number' ? String(value) : jsonText(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // JSON.parse takes any depth; JSON.stringify runs out of stack.
    return 'something nested too deep to show';
  }
}
