import type { CocoDataset } from '../../coco/annotations';
import { RandomStream } from '../../../detection/nn/random';
import type { MatchedTask } from '../errors/category-matches';
import type { CocoDetection } from '../detections';
import { yieldToEventLoop } from '../../inference/yield-to-event-loop';
import { isToBeFound } from '../matching/is-to-be-found';
import { ResampledPrecision, type AveragePrecisions } from './resampled-precision';

/** Two values of average precision, and how sure their difference is; NaN where there is nothing to be found. */
export interface BootstrapDifference {
  /** Of detector A on the whole set. */
  readonly a: number;
  /** Of detector B. */
  readonly b: number;
  /** b - a. */
  readonly difference: number;
  /** The middle 95 % of the differences in resampled sets: from here */
  readonly low: number;
  /** to here. */
  readonly high: number;
  /** Share of the resampled sets in which b is larger; equal values count half. */
  readonly bIsBetter: number;
}

/** A comparison of two detectors on one data set. */
export interface BootstrapComparison {
  /** Over the overlaps from 0.5 to 0.95. */
  readonly AP: BootstrapDifference;
  /** At an overlap of 0.5. */
  readonly AP50: BootstrapDifference;
  /** At an overlap of 0.75. */
  readonly AP75: BootstrapDifference;
  /** AP of each category, in the order of the data set's. */
  readonly categories: readonly (BootstrapDifference & {
    /** Id of the category. */
    readonly categoryId: number;
    /** Its name. */
    readonly name: string;
    /** Objects to be found. */
    readonly numTruths: number;
  })[];
  /** How many sets were drawn. */
  readonly numResamples: number;
}

/** What is compared, and how sets are drawn. */
export interface BootstrapOptions extends MatchedTask {
  /** Default 1000: the ends of an interval then move by a tenth of its width or so from seed to seed. */
  readonly numResamples?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Ends it: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Is told how many sets have been evaluated. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Of the differences, so many of 1 lie in the interval. */
const COVERAGE = 0.95;

/**
 * Whether detector B is better than A, or only lucky with the pictures: paired bootstrap (Efron and Tibshirani 1993, An
 * Introduction to the Bootstrap). As many images as the set has are drawn from it with replacement, the same for both, and both are
 * evaluated on them, again and again; an interval that leaves out 0 is a difference that other pictures of the kind would show,
 * too. It knows nothing of chance in training: other seeds would give other detectors.
 *
 * @param a detections of images and categories of the data set
 * @param b likewise
 * @throws the signal's reason
 */
export async function pairedBootstrap(
  dataset: CocoDataset,
  a: readonly CocoDetection[],
  b: readonly CocoDetection[],
  { numResamples = 1000, seed = 0, signal, onProgress, ...task }: BootstrapOptions = {},
): Promise<BootstrapComparison> {
  const { iouType = 'bbox' } = task;
  // An area below 0 is in no range: such an object is ignored.
  const toBeFound = dataset.annotations.filter(
    (annotation) => isToBeFound(annotation, iouType) && annotation.area >= 0,
  );
  const numImages = dataset.images.length;
  const precisions = [a, b].map((detections) => new ResampledPrecision(dataset, detections, task));
  const evaluate = (counts: Int32Array): readonly AveragePrecisions[] =>
    precisions.map((precision) => precision.of(counts));
  const whole = evaluate(new Int32Array(numImages).fill(1));
  const random = new RandomStream(seed, 'bootstrap');
  const resampled: (readonly AveragePrecisions[])[] = [];
  for (let i = 0; i < numResamples; i++) {
    const counts = new Int32Array(numImages);
    for (let image = 0; image < numImages; image++) counts[random.integer(numImages)]++;
    resampled.push(evaluate(counts));
    onProgress?.(i + 1, numResamples);
    await yieldToEventLoop(signal);
  }
  const differenceOf = (value: (precisions: AveragePrecisions) => number): BootstrapDifference =>
    differenceOfPairs(
      [value(whole[0]), value(whole[1])],
      resampled.map(([ofA, ofB]) => value(ofB) - value(ofA)),
    );
  return {
    AP: differenceOf(({ AP }) => AP),
    AP50: differenceOf(({ AP50 }) => AP50),
    AP75: differenceOf(({ AP75 }) => AP75),
    categories: dataset.categories.map(({ id, name }, k) => ({
      categoryId: id,
      name,
      numTruths: toBeFound.filter(({ categoryId }) => categoryId === id).length,
      ...differenceOf(({ categories }) => categories[k]),
    })),
    numResamples,
  };
}

/** Resampled sets in which there is nothing to be found say nothing. */
function differenceOfPairs(
  [a, b]: readonly [number, number],
  resampled: readonly number[],
): BootstrapDifference {
  const defined = Float64Array.from(resampled.filter((value) => !Number.isNaN(value))).sort();
  const better = defined.reduce((sum, value) => sum + (value > 0 ? 1 : value === 0 ? 0.5 : 0), 0);
  return {
    a,
    b,
    difference: b - a,
    low: quantile(defined, (1 - COVERAGE) / 2),
    high: quantile(defined, (1 + COVERAGE) / 2),
    bIsBetter: better / defined.length,
  };
}

/** Between two values in proportion, as numpy's; NaN of none. */
function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return NaN;
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
}
