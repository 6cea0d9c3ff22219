import type { DetectionError } from './detection-errors';
import type { ErrorKind } from './error-kinds';
import { findTruths } from './found-truths';

/** What became of an object or a detection; what lies in a crowd is neither right nor wrong. */
export type Verdict = 'right' | ErrorKind | 'crowd';

/** What has been found out about a detection; see `JudgedDetection`. */
export interface DetectionToJudge {
  /** What is wrong with it. */
  readonly error: DetectionError | 'none';
  /** The object found or meant; -1 where there is none. */
  readonly truth: number;
  /** Lies in a crowd of its category. */
  readonly inCrowd: boolean;
  /** Its confidence. */
  readonly score: number;
}

/** What is right and wrong in an image, for who looks at it. */
export interface ImageVerdicts {
  /** Of each detection. */
  readonly detections: readonly Verdict[];
  /** Of each object: an object that a wrong detection means shares its verdict. */
  readonly objects: ReadonlyMap<number, Verdict>;
  /** Wrong detections and missed objects. */
  readonly numErrors: number;
  /** Sum over the wrong detections. */
  readonly wrongScores: number;
}

/**
 * The verdicts on an image. A detection in a crowd is an error only where it stands for an object that would be missed
 * without it.
 *
 * @param detections best first: all of them, or those that reach a score. What is wrong with a detection does not depend on
 *   those with lower scores, but which objects are missed does.
 * @param objects those that are no crowds, as `truth` names them
 */
export function imageVerdicts(
  detections: readonly DetectionToJudge[],
  objects: readonly number[],
): ImageVerdicts {
  const { findsTruth, missed } = findTruths(detections, objects);
  const verdicts = detections.map(({ error, inCrowd }, k): Verdict => {
    if (error === 'none') return 'right';
    return inCrowd && !findsTruth[k] ? 'crowd' : error;
  });
  const ofObjects = new Map<number, Verdict>(objects.map((object) => [object, 'right']));
  for (const object of missed) ofObjects.set(object, 'missed');
  detections.forEach(({ truth }, k) => {
    if (findsTruth[k]) ofObjects.set(truth, verdicts[k]);
  });
  const isWrong = (verdict: Verdict): boolean => verdict !== 'right' && verdict !== 'crowd';
  const wrong = detections.filter((_, k) => isWrong(verdicts[k]));
  return {
    detections: verdicts,
    objects: ofObjects,
    numErrors: wrong.length + missed.length,
    wrongScores: wrong.reduce((sum, { score }) => sum + score, 0),
  };
}

/** Orders images: most errors first; of equals those whose wrong detections are surer of themselves. */
export function worstFirst(
  a: Pick<ImageVerdicts, 'numErrors' | 'wrongScores'>,
  b: Pick<ImageVerdicts, 'numErrors' | 'wrongScores'>,
): number {
  return b.numErrors - a.numErrors || b.wrongScores - a.wrongScores;
}
