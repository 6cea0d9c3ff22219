import { imageVerdicts, worstFirst, type Verdict } from '../../../datasets/evaluation/errors/verdicts';
import type { PageBox, PageObject, PagePicture, PageProblem, PageShape } from '../page-data';

/** An object or a detection of a picture, to be drawn and to be found. */
export interface Entry extends PageShape {
  readonly isDetection: boolean;
  readonly category: number;
  readonly box?: PageBox;
  /** Square pixels. */
  readonly area: number;
  /** Of a detection. */
  readonly score?: number;
  /** Absent where nothing was judged: no detections are shown, or `rcnn check` refuses the picture. */
  readonly verdict?: Verdict;
  /** Of a misnamed detection: the object's own category. */
  readonly trueCategory?: number;
  readonly isCrowd: boolean;
  readonly problems: readonly PageProblem[];
}

/** A picture with what is right and wrong in it at a score. */
export interface JudgedPicture {
  /** Place in the page's list. */
  readonly index: number;
  readonly picture: PagePicture;
  /** Objects, then detections, best first. */
  readonly entries: readonly Entry[];
  readonly numErrors: number;
  readonly wrongScores: number;
  /** Those of its objects included. */
  readonly problems: readonly PageProblem[];
}

/**
 * Judges a picture as the report does.
 *
 * @param minScore of the detections that count; undefined where the page shows none
 */
export function judgePicture(
  picture: PagePicture,
  index: number,
  minScore: number | undefined,
): JudgedPicture {
  const problems = [...picture.problems, ...picture.objects.flatMap((object) => object.problems ?? [])];
  const isJudged = minScore !== undefined && picture.isJudged === true;
  const detections = isJudged ? picture.detections.filter(({ score }) => score >= minScore) : [];
  const objects = picture.objects.flatMap((object, k) => (object.isCrowd || isInvalid(object) ? [] : [k]));
  const verdicts = imageVerdicts(detections, isJudged ? objects : []);
  const ofObject = ({ isCrowd }: PageObject, k: number): Pick<Entry, 'verdict'> => {
    const verdict = isCrowd ? 'crowd' : verdicts.objects.get(k);
    return isJudged && verdict !== undefined ? { verdict } : {};
  };
  const entries: Entry[] = [
    ...picture.objects.map((object, k): Entry => ({
      isDetection: false,
      category: object.category,
      ...(object.box && { box: object.box }),
      area: object.area,
      ...shapeOf(object),
      ...ofObject(object, k),
      isCrowd: object.isCrowd ?? false,
      problems: object.problems ?? [],
    })),
    ...detections.map(({ category, box, score, error, truth, ...shape }, k): Entry => ({
      isDetection: true,
      category,
      box,
      area: box[2] * box[3],
      ...shapeOf(shape),
      score,
      verdict: verdicts.detections[k],
      ...(error === 'classification' && { trueCategory: picture.objects[truth]?.category }),
      isCrowd: false,
      problems: [],
    })),
  ];
  const { numErrors, wrongScores } = verdicts;
  return { index, picture, entries, numErrors, wrongScores, problems };
}

function shapeOf({ outline, keypoints }: PageShape): PageShape {
  return { ...(outline !== undefined && { outline }), ...(keypoints && { keypoints }) };
}

function isInvalid({ problems = [] }: PageObject): boolean {
  return problems.some(({ isNote }) => !isNote);
}

/** Orders pictures as the report does; of equals those with more problems come first, then those that the file has first. */
export function compareWorst(a: JudgedPicture, b: JudgedPicture): number {
  return worstFirst(a, b) || b.problems.length - a.problems.length || a.index - b.index;
}
