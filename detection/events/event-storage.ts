import { histogramOf, type Histogram } from './histogram';
import type { Mask } from '../structures/mask';
import { medianOf } from './median';
import type { SampleRows } from './samples';

/** A value of a scalar at one step. */
export interface ScalarEvent {
  /** The step, counted from 1. */
  readonly iteration: number;
  /** The value, not smoothed. */
  readonly value: number;
}

/** An object to be drawn over an image. */
export interface SummaryBox {
  /** x1, y1, x2, y2 in pixels of the image. */
  readonly box: readonly [x1: number, y1: number, x2: number, y2: number];
  /** Text to be drawn with the box. */
  readonly label: string;
  /** 0..1 */
  readonly score?: number;
  /** #rrggbb */
  readonly color: string;
  /** Of the object's pixels, of the image's size. */
  readonly mask?: Mask;
  /** The object's keypoints. */
  readonly keypoints?: {
    /** x, y, visibility of each, in pixels of the image; those of visibility 0 are not drawn. */
    readonly points: ArrayLike<number>;
    /** Which are joined by a line. */
    readonly skeleton: readonly (readonly [from: number, to: number])[];
  };
}

/** RGB bytes, row by row: `pixels.length` is 3 * width * height. */
export interface SummaryImage {
  /** Width in pixels. */
  readonly width: number;
  /** Height in pixels. */
  readonly height: number;
  /** [height, width, 3], 0..255. */
  readonly pixels: Uint8Array;
  /** Drawn by whoever shows the image. */
  readonly boxes?: readonly SummaryBox[];
}

/** What is found at T >= 2 score thresholds, spread evenly over 0..1: of a detector, which has no true negatives. */
export interface PrecisionRecallCurve {
  /** [T] of what scores at least as much as the threshold, and is right. */
  readonly truePositives: ArrayLike<number>;
  /** [T] of what scores at least as much as the threshold, and is wrong. */
  readonly falsePositives: ArrayLike<number>;
  /** Everything that there is to be found. */
  readonly numTruths: number;
}

/** Events of a scalar that are kept; the widest window that anybody smooths over is far narrower. */
const HISTORY_LENGTH = 1000;

/**
 * What happened during training, as detectron2's EventStorage: the model, the trainer and hooks put, writers pull.
 * Scalars are kept as they are; smoothing is the reader's business (`median`).
 */
export class EventStorage {
  /** The step that events put now belong to, counted from 1. */
  iteration = 0;
  /** Which scalars are the model's losses; the trainer says so at each step. */
  lossNames: readonly string[] = [];
  private readonly histories = new Map<string, ScalarEvent[]>();
  private currentImages = new Map<string, SummaryImage>();
  private currentHistograms = new Map<string, Histogram>();
  private currentCurves = new Map<string, PrecisionRecallCurve>();
  private currentSamples = new Map<string, SampleRows[]>();
  private detailsWanted = false;
  private samplesWanted = false;

  /** Starts a step: images, histograms, curves and samples of the one before are dropped. */
  startIteration(iteration: number): void {
    this.iteration = iteration;
    this.currentImages = new Map();
    this.currentHistograms = new Map();
    this.currentCurves = new Map();
    this.currentSamples = new Map();
    this.detailsWanted = false;
    this.samplesWanted = false;
  }

  /** A writer says before a step (`Hook.beforeStep`) that it wants the step's images, histograms and curves. */
  wantDetails(): void {
    this.detailsWanted = true;
  }

  /** Whether anybody wants more of this step than scalars: a model need not compute what nobody wants. */
  get wantsDetails(): boolean {
    return this.detailsWanted;
  }

  /** Whoever looks into a step says before it that it wants the step's samples: they are many, and no writer's default. */
  wantSamples(): void {
    this.samplesWanted = true;
  }

  /** Whether anybody wants the samples of this step. */
  get wantsSamples(): boolean {
    return this.samplesWanted;
  }

  /** The last value of an iteration counts. */
  scalar(name: string, value: number): void {
    const history = this.histories.get(name) ?? [];
    this.histories.set(name, history);
    if (history.at(-1)?.iteration === this.iteration) history.pop();
    history.push({ iteration: this.iteration, value });
    if (history.length > HISTORY_LENGTH) history.shift();
  }

  /** Puts an image of the step that is running. */
  image(name: string, image: SummaryImage): void {
    this.currentImages.set(name, image);
  }

  /** Keeps how the values are distributed, not the values. */
  histogram(name: string, values: ArrayLike<number>): void {
    this.currentHistograms.set(name, histogramOf(values));
  }

  /** Puts a curve of the step that is running. */
  precisionRecall(name: string, curve: PrecisionRecallCurve): void {
    this.currentCurves.set(name, curve);
  }

  /** Adds parts to a table of samples of the step that is running. */
  samples(name: string, parts: readonly SampleRows[]): void {
    this.currentSamples.set(name, [...(this.currentSamples.get(name) ?? []), ...parts]);
  }

  /** Names of all scalars, in the order in which they first came. */
  get scalarNames(): Iterable<string> {
    return this.histories.keys();
  }

  /** Forgets what has been put since a step: the one after it has not been done. */
  discardAfter(iteration: number): void {
    this.iteration = Math.min(this.iteration, iteration);
    for (const [name, history] of this.histories) {
      if (history.at(-1)!.iteration > iteration) history.pop();
      if (history.length === 0) this.histories.delete(name);
    }
  }

  /** The last events of a scalar, oldest first. */
  history(name: string): readonly ScalarEvent[] {
    return this.histories.get(name) ?? [];
  }

  /** The last event of a scalar; undefined where it was never put. */
  latest(name: string): ScalarEvent | undefined {
    return this.histories.get(name)?.at(-1);
  }

  /**
   * The last value of each scalar that was put after an iteration, by the iteration that it was put at, earliest
   * first: what a writer has not written yet.
   */
  scalarsAfter(iteration: number): [iteration: number, values: Record<string, number>][] {
    const rows = new Map<number, Record<string, number>>();
    for (const [name, history] of this.histories) {
      const last = history[history.length - 1];
      if (last.iteration <= iteration) continue;
      const row = rows.get(last.iteration) ?? {};
      row[name] = last.value;
      rows.set(last.iteration, row);
    }
    return [...rows].sort(([a], [b]) => a - b);
  }

  /** Images put in this iteration. */
  get images(): ReadonlyMap<string, SummaryImage> {
    return this.currentImages;
  }

  /** Distributions of values put in this iteration. */
  get histograms(): ReadonlyMap<string, Histogram> {
    return this.currentHistograms;
  }

  /** Parts of tables of samples put in this iteration, which `joinSamples` joins, in the order in which the tables first came. */
  get sampleParts(): ReadonlyMap<string, readonly SampleRows[]> {
    return this.currentSamples;
  }

  /** Curves put in this iteration. */
  get precisionRecallCurves(): ReadonlyMap<string, PrecisionRecallCurve> {
    return this.currentCurves;
  }
}

/** Median of the last `window` values. NaN of none. */
export function median(history: readonly ScalarEvent[], window: number): number {
  return medianOf(history.slice(-window).map(({ value }) => value));
}
