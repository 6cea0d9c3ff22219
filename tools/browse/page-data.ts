import type { DetectionToJudge } from '../../datasets/evaluation/errors/verdicts';

/** All that a page shows but the pictures themselves. It travels as JSON, written by Node and read in the browser. */
export interface PageData {
  readonly title: string;
  /** What the pictures are and where they come from. */
  readonly subtitle: string;
  /** Names of the categories; objects refer to them by index. */
  readonly categories: readonly string[];
  /** Keypoints that are joined by a line; indices count from 0. */
  readonly skeleton?: readonly (readonly [from: number, to: number])[];
  /** What there is to say of the set as a whole, a line each. */
  readonly notes: readonly string[];
  /** What is wrong and belongs to no picture, a line each. */
  readonly looseProblems: readonly string[];
  readonly pictures: readonly PagePicture[];
  /** Present where detections are shown, even if there are none in any picture. */
  readonly detections?: {
    /** Detections below this score do not count when the page opens. */
    readonly minScore: number;
  };
}

export interface PagePicture {
  /** Of its image in the file; as text, since a broken file may have anything there. */
  readonly id: string;
  readonly file: string;
  /** What there is to say of it besides. */
  readonly remark?: string;
  /** What the boxes refer to, pixels. */
  readonly width: number;
  readonly height: number;
  /** Size of the picture itself where it is another one, pixels. */
  readonly stored?: { readonly width: number; readonly height: number };
  /** Whether there is nothing to show. */
  readonly isMissing?: boolean;
  readonly objects: readonly PageObject[];
  /** Whether a detector, or a file of detections, has been compared with the objects. */
  readonly isJudged?: boolean;
  /** Best first, each with a score of at least 0.05. */
  readonly detections: readonly PageDetection[];
  /** What `rcnn check` says of the picture; what it says of an object is there. */
  readonly problems: readonly PageProblem[];
}

/** x, y, width, height in pixels. */
export type PageBox = readonly [x: number, y: number, width: number, height: number];

/** Hundredths of a pixel are enough for a page. */
export function roundedBox([x, y, width, height]: PageBox): PageBox {
  const round = (value: number): number => Number(value.toFixed(2));
  return [round(x), round(y), round(width), round(height)];
}

/** What is drawn of an object, or of a detection, besides its box. */
export interface PageShape {
  /** An SVG path in pixels, filled by the even-odd rule. */
  readonly outline?: string;
  /** x, y, visibility of each, in pixels. Those of visibility 0 are not drawn. */
  readonly keypoints?: readonly number[];
}

export interface PageObject extends PageShape {
  /** Index in the page's categories; -1 where the file does not say which. */
  readonly category: number;
  /** Absent where the file has no four numbers. */
  readonly box?: PageBox;
  /** Square pixels, of the object rather than of its box; COCO's sizes go by it. */
  readonly area: number;
  readonly isCrowd?: boolean;
  readonly problems?: readonly PageProblem[];
}

/** `truth` is an index in the objects of the picture. */
export interface PageDetection extends DetectionToJudge, PageShape {
  readonly category: number;
  readonly box: PageBox;
}

export interface PageProblem {
  /** As `rcnn check` tells kinds apart, and two kinds of boxes that it only notes. */
  readonly kind: string;
  readonly text: string;
  /** Training makes do with it. */
  readonly isNote?: true;
}
