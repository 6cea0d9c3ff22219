import type { Problem } from '../../../datasets/coco/problems';
import { groupBy } from '../../../datasets/group-by';

/** What is wrong, by the place in the file's lists. */
export interface ProblemsByPlace {
  readonly images: ReadonlyMap<number, readonly Problem[]>;
  readonly annotations: ReadonlyMap<number, readonly Problem[]>;
  /** Of the file as a whole, and of categories. */
  readonly others: readonly Problem[];
}

/** Problems like `images[3].width` and `annotations[17].bbox` by their list and their number. */
export function problemsByPlace(problems: readonly Problem[]): ProblemsByPlace {
  const placed = problems
    // What is left out together with something that is wrong is not wrong itself.
    .filter(({ kind }) => kind !== 'image left out' && kind !== 'incomplete image')
    .map((problem) => {
      const [, list, index] = /^(images|annotations)\[(\d+)\]/.exec(problem.place) ?? [];
      return { problem, list, index: Number(index) };
    });
  const of = (wanted: string): Map<number, Problem[]> => {
    const groups = groupBy(
      placed.filter(({ list }) => list === wanted),
      ({ index }) => index,
    );
    return new Map([...groups].map(([index, group]) => [index, group.map(({ problem }) => problem)]));
  };
  return {
    images: of('images'),
    annotations: of('annotations'),
    others: placed.filter(({ list }) => list === undefined).map(({ problem }) => problem),
  };
}
