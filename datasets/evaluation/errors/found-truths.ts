/** What a detection has to do with the objects of its image; see `JudgedDetection`. */
export interface MeantTruth {
  /** What is wrong with it, or `none`. */
  readonly error: string;
  /** The object that is found, or meant where it is misnamed or misplaced; -1 where there is none. */
  readonly truth: number;
}

/** What detections find of the objects of an image. */
export interface FoundTruths {
  /** For each detection whether, put right, it would find an object that no detection finds: the best of those that mean it. */
  readonly findsTruth: readonly boolean[];
  /** Objects that no detection finds. */
  readonly notFound: readonly number[];
  /** Those of them that no detection means either: TIDE's missed objects. */
  readonly missed: readonly number[];
}

/**
 * What detections of an image find of its objects.
 *
 * @param detections best first: all of them, or those that reach a score
 * @param objects those that are no crowds, as `truth` names them
 */
export function findTruths(detections: readonly MeantTruth[], objects: readonly number[]): FoundTruths {
  const taken = new Set<number>();
  for (const { error, truth } of detections) if (error === 'none') taken.add(truth);
  const meant = new Set<number>();
  const findsTruth = detections.map(({ error, truth }) => {
    const finds = error !== 'none' && truth >= 0 && !taken.has(truth) && !meant.has(truth);
    if (finds) meant.add(truth);
    return finds;
  });
  const notFound = objects.filter((g) => !taken.has(g));
  return { findsTruth, notFound, missed: notFound.filter((g) => !meant.has(g)) };
}
