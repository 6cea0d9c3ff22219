import type { LabeledBox } from '../../datasets/drawing/overlay-svg';
import type { ConfusionMatrix } from '../../datasets/evaluation/errors/confusion';
import type { ErrorKind } from '../../datasets/evaluation/errors/error-kinds';
import type { KeypointErrors } from '../../datasets/evaluation/errors/keypoint-errors';
import type { Verdict } from '../../datasets/evaluation/errors/verdicts';
import type { IouType } from '../../datasets/evaluation/parameters';
import type { Series } from '../html/charts';
import type { Picture } from '../html/figure';
import type { Headline, Setting } from '../html/setting';

/** One picture of the gallery. */
export interface GalleryImage extends Picture {
  /** In pixels of the picture. */
  readonly truth: readonly LabeledBox[];
  /** Those worth drawing, best first. */
  readonly detections: readonly LabeledBox[];
}

export interface JudgedBox extends Pick<LabeledBox, 'box' | 'mask' | 'keypoints'> {
  /** Of its category. */
  readonly name: string;
  readonly verdict: Verdict;
  /** Of a detection. */
  readonly score?: number;
  /** Of a misnamed detection: what the object is. */
  readonly trueName?: string;
}

/** A picture with what is wrong in it. */
export interface WorstImage extends Picture {
  readonly truth: readonly JudgedBox[];
  /** Best first. */
  readonly detections: readonly JudgedBox[];
}

/** One row of the AP table: a category, or all of them. -1 stands for undefined, as in pycocotools. */
export interface ApRow {
  readonly name: string;
  /** To be found. */
  readonly numObjects: number;
  /** In the order of `ApTable.columns`. */
  readonly values: readonly number[];
}

export interface ApTable {
  /** The first is AP. */
  readonly columns: readonly string[];
  readonly overall: ApRow;
  readonly categories: readonly ApRow[];
}

/** Precision at the 101 recalls 0, 0.01 .. 1 of COCO's evaluation; -1 where undefined. */
export interface PrecisionCurve {
  readonly name: string;
  readonly precision: readonly number[];
}

/** What the errors of each kind cost; AP of 0..1 at an overlap of 0.5. */
export interface Errors {
  readonly ap: number;
  readonly kinds: readonly {
    readonly kind: ErrorKind;
    /** Detections, or missed objects. */
    readonly count: number;
    readonly cost: number;
  }[];
  readonly falsePositives: number;
  readonly falseNegatives: number;
}

export interface Confusion {
  readonly matrix: ConfusionMatrix;
  /** By label - 1. */
  readonly names: readonly string[];
  /** Smallest overlap of a match. */
  readonly minIou: number;
}

/** How well one kind of thing is found: boxes, masks or keypoints. */
export interface TaskScores {
  readonly iouType: IouType;
  readonly table: ApTable;
  /** Over all categories, by the size of objects. */
  readonly sizes: readonly { readonly name: string; readonly numObjects: number; readonly ap: number }[];
  /** Over all categories, at some overlaps. */
  readonly overall: readonly PrecisionCurve[];
  /** Of each category, at an overlap of 0.5. */
  readonly perCategory: readonly PrecisionCurve[];
}

export interface EvaluationData {
  /** Of each task; boxes come first. */
  readonly tasks: readonly TaskScores[];
  /** Of boxes. */
  readonly errors: Errors;
  /** Of boxes. */
  readonly confusion: Confusion;
  /** Of a detector that finds keypoints. */
  readonly keypoints?: KeypointErrors;
}

/** A loss over the steps. */
export interface LossCurve {
  readonly name: string;
  readonly points: Series['points'];
  /** On the validation set; empty where it was not computed. */
  readonly validation: Series['points'];
}

/** What a report shows. Parts that a run does not have are left out. */
export interface ReportData extends Headline, Setting {
  readonly title: string;
  readonly subtitle: string;
  /** One chart each, with a line that smooths them. */
  readonly losses: readonly LossCurve[];
  readonly learningRate: Omit<Series, 'color'>;
  /** Scores of the evaluations during the run, by iteration. */
  readonly scores: readonly Omit<Series, 'color'>[];
  readonly evaluation?: EvaluationData;
  readonly gallery: readonly GalleryImage[];
  /** Pictures with the most errors first. */
  readonly worst: readonly WorstImage[];
  /** Detections below this score are not drawn, and do not count in the confusion matrix and the worst pictures. */
  readonly scoreThreshold: number;
  /** Names by label - 1. */
  readonly categoryNames: readonly string[];
}
