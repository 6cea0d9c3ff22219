import type { Boxes } from '../../detection/structures/boxes';
import type { Series } from './charts';

/** N boxes in pixels of the picture, with labels 1..K. */
export interface BoxesToDraw {
  readonly boxes: Boxes;
  readonly labels: Int32Array;
  readonly scores?: Float32Array;
}

/** One picture of the gallery. */
export interface GalleryImage {
  readonly fileName: string;
  readonly width: number;
  readonly height: number;
  /** The encoded picture. */
  readonly jpeg: Buffer;
  readonly truth: BoxesToDraw;
  /** Those worth drawing, best first. */
  readonly detections: BoxesToDraw;
}

/** One row of the AP table: a category, or all of them. -1 stands for undefined, as in pycocotools. */
export interface ApRow {
  readonly name: string;
  /** In the order of `ApTable.columns`. */
  readonly values: readonly number[];
}

export interface ApTable {
  readonly columns: readonly string[];
  readonly overall: ApRow;
  readonly categories: readonly ApRow[];
}

/** Precision at the 101 recalls 0, 0.01 .. 1 of COCO's evaluation; -1 where undefined. */
export interface PrecisionCurve {
  readonly name: string;
  readonly precision: readonly number[];
}

/** What a report shows. Parts that a run does not have are left out. */
export interface ReportData {
  readonly title: string;
  readonly subtitle: string;
  /** Name and value of the numbers at the top. */
  readonly headline: readonly (readonly [name: string, value: string])[];
  /** Losses, one chart each, with a line that smooths them. */
  readonly losses: readonly Omit<Series, 'color'>[];
  readonly learningRate: Omit<Series, 'color'>;
  /** Scores of the evaluations during the run, by iteration. */
  readonly scores: readonly Omit<Series, 'color'>[];
  readonly evaluation?: {
    readonly table: ApTable;
    /** Over all categories, at some overlaps. */
    readonly overall: readonly PrecisionCurve[];
    /** Of each category, at an overlap of 0.5. */
    readonly perCategory: readonly PrecisionCurve[];
  };
  readonly gallery: readonly GalleryImage[];
  /** Detections below this score are not drawn. */
  readonly scoreThreshold: number;
  /** Names by label - 1. */
  readonly categoryNames: readonly string[];
  /** The configuration file. */
  readonly configuration: string;
  readonly environment: readonly (readonly [name: string, value: string])[];
}
