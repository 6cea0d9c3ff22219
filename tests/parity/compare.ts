import { parseRle, rleArea, rleIou, type CompressedRle } from '../../datasets/coco/masks/rle';
import {
  isTwoStage,
  type CandidateList,
  type DetectionList,
  type Inference,
  type OneStageInference,
  type TwoStageInference,
} from './inference';
import type { Training } from './stages';
import type { TensorSummary } from './tensor-summary';

/** By quantity, how far it is from what it should be at most. */
export type Differences = Record<string, number>;

/**
 * Agreement that is asked for. Tensors: largest difference relative to the mean magnitude of the stage. Boxes and
 * proposals: pixels. Scores: absolute. Losses and norms: relative.
 */
export const TOLERANCES = {
  'resized sizes': 0,
  batch: 2e-5,
  'FPN levels': 2e-5,
  'RPN logits': 5e-5,
  'RPN deltas': 5e-5,
  'number of proposals': 0,
  'proposals, pixels': 0.01,
  anchors: 1e-6,
  'class logits': 5e-5,
  'box regression': 5e-5,
  centerness: 5e-5,
  'number of candidates': 0,
  // Relative to the sums of scores and of coordinates. Which one of a class is the last may hang on rounding.
  candidates: 5e-4,
  'candidate boxes, pixels': 1e-3,
  'candidate scores': 1e-5,
  'number of detections': 0,
  'detection boxes, pixels': 0.05,
  'detection scores': 1e-4,
  // The largest share of a mask's pixels: a probability within rounding of 0.5 is on either side.
  'mask pixels': 2e-3,
  // The share of keypoints that are farther away than the next line says: two places of a heatmap tie within rounding.
  'keypoints elsewhere': 0,
  // Of all others.
  'keypoints, pixels': 0.05,
  'keypoint scores': 1e-4,
  losses: 1e-5,
  'gradient norms': 1e-4,
  // Relative to the largest gradient.
  'vanishing gradients': 1e-5,
  // One region of 1024 sampled otherwise, for a tie within rounding, changes a loss so much.
  'losses after step 1': 5e-4,
  'losses after step 2': 5e-4,
  'losses after step 3': 5e-4,
  'losses after step 4': 5e-4,
  'losses after step 5': 5e-4,
} as const satisfies Differences;

/** What is compared. */
export type Quantity = keyof typeof TOLERANCES;

/** Gradients that are smaller than this share of the largest are zero but for rounding: float64 has 2e-16. */
const VANISHING = 1e-9;

export function compareInference(actual: Inference, expected: Inference): Differences {
  const detections = worstOf(
    expected.detections.map((list, i) => compareDetections(actual.detections[i], list)),
  );
  return {
    'resized sizes': largest(actual.resized.flat(), expected.resized.flat()),
    batch: compareTensors([actual.batch], [expected.batch]),
    'FPN levels': compareTensors(actual.fpn, expected.fpn),
    ...(isTwoStage(actual) && isTwoStage(expected) && compareTwoStages(actual, expected)),
    ...(!isTwoStage(actual) && !isTwoStage(expected) && compareOneStage(actual, expected)),
    'number of detections': detections.unmatched,
    'detection boxes, pixels': detections.box,
    'detection scores': detections.score,
    ...(expected.detections.some(({ masks }) => masks) && { 'mask pixels': detections.mask }),
    ...(expected.detections.some(({ keypoints }) => keypoints) && {
      'keypoints elsewhere': detections.keypointsElsewhere,
      'keypoints, pixels': detections.keypoint,
      'keypoint scores': detections.keypointScore,
    }),
  };
}

function compareTwoStages(actual: TwoStageInference, expected: TwoStageInference): Differences {
  const counts = expected.proposals.map(({ count }, i) => Math.abs(count - actual.proposals[i].count));
  return {
    'RPN logits': compareTensors(actual.rpnLogits, expected.rpnLogits),
    'RPN deltas': compareTensors(actual.rpnDeltas, expected.rpnDeltas),
    'number of proposals': Math.max(...counts),
    'proposals, pixels': Math.max(
      ...expected.proposals.map(({ first }, i) => compareProposals(actual.proposals[i].first, first)),
    ),
  };
}

function compareOneStage(actual: OneStageInference, expected: OneStageInference): Differences {
  const { centerness, candidates } = expected;
  return {
    anchors: compareTensors(actual.anchors, expected.anchors),
    'class logits': compareTensors(actual.classLogits, expected.classLogits),
    'box regression': compareTensors(actual.boxRegression, expected.boxRegression),
    ...(centerness && { centerness: compareTensors(actual.centerness ?? [], centerness) }),
    ...(candidates && compareCandidates(actual.candidates ?? [], candidates)),
  };
}

function compareCandidates(
  actual: readonly CandidateList[],
  expected: readonly CandidateList[],
): Differences {
  const best = worstOf(expected.map((list, i) => compareDetections(actual[i].best, list.best)));
  const worst = (difference: (actual: CandidateList, expected: CandidateList) => number): number =>
    Math.max(...expected.map((list, i) => difference(actual[i], list)));
  return {
    'number of candidates': worst((ours, theirs) => Math.abs(ours.count - theirs.count)),
    candidates: worst((ours, theirs) =>
      Math.max(
        relativeDifference(ours.scoreSum, theirs.scoreSum),
        relativeDifference(ours.boxSum, theirs.boxSum),
      ),
    ),
    'candidate boxes, pixels': best.box,
    'candidate scores': best.score,
  };
}

export function compareTraining(actual: Training, expected: Training): Differences {
  const steps = expected.trace.map((losses, step) => [
    step === 0 ? 'losses' : `losses after step ${step}`,
    compareNamed(actual.trace[step], losses),
  ]);
  const largestNorm = Math.max(...Object.values(expected.gradientNorms));
  const vanishes = (name: string): boolean => !(expected.gradientNorms[name] > VANISHING * largestNorm);
  const named = (norms: Training['gradientNorms'], wanted: (name: string) => boolean) =>
    Object.fromEntries(Object.entries(norms).filter(([name]) => wanted(name)));
  const vanishing = Object.values(named(actual.gradientNorms, vanishes));
  return {
    ...(Object.fromEntries(steps) as Differences),
    'gradient norms': compareNamed(
      named(actual.gradientNorms, (name) => !vanishes(name)),
      named(expected.gradientNorms, (name) => !vanishes(name)),
    ),
    ...(vanishing.length > 0 && { 'vanishing gradients': Math.max(...vanishing) / largestNorm }),
  };
}

/** The larger of two differences, quantity by quantity. */
export function worse(a: Differences, b: Differences): Differences {
  return Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [
      key,
      Math.max(a[key] ?? 0, b[key] ?? 0),
    ]),
  );
}

function largest(actual: readonly number[], expected: readonly number[]): number {
  if (actual.length !== expected.length) return Infinity;
  return Math.max(0, ...expected.map((value, i) => Math.abs(actual[i] - value)));
}

function compareTensors(actual: readonly TensorSummary[], expected: readonly TensorSummary[]): number {
  if (actual.length !== expected.length) return Infinity;
  const differences = expected.map((tensor, i) => {
    const { shape, sum, absSum, sample } = actual[i];
    if (shape.join() !== tensor.shape.join()) return Infinity;
    const count = tensor.shape.reduce((product, side) => product * side, 1);
    const magnitude = tensor.absSum / count;
    return (
      Math.max(
        largest(sample, tensor.sample),
        Math.abs(sum - tensor.sum) / count,
        Math.abs(absSum - tensor.absSum) / count,
      ) / magnitude
    );
  });
  return Math.max(...differences);
}

/** Relative; the names must be the same. */
function compareNamed(
  actual: Readonly<Record<string, number>>,
  expected: Readonly<Record<string, number>>,
): number {
  if (Object.keys(actual).sort().join() !== Object.keys(expected).sort().join()) return Infinity;
  const names = Object.keys(expected);
  return Math.max(...names.map((name) => relativeDifference(actual[name], expected[name])));
}

function relativeDifference(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected);
}

/**
 * Each expected box against the nearest one that no other has taken: where scores are equal but for rounding, the order
 * may differ.
 */
function compareProposals(
  actual: readonly (readonly number[])[],
  expected: readonly (readonly number[])[],
): number {
  const free = new Set(actual.keys());
  return expected.reduce((worst, box) => Math.max(worst, takeNearest(free, actual, box).distance), 0);
}

interface ListDifference {
  readonly unmatched: number;
  readonly box: number;
  readonly score: number;
  /** Share of a mask's pixels that differ. */
  readonly mask: number;
  /** Share of the keypoints that are farther away than TOLERANCES says; the others, pixels. */
  readonly keypointsElsewhere: number;
  readonly keypoint: number;
  readonly keypointScore: number;
}

function worstOf(differences: readonly ListDifference[]): ListDifference {
  const worst = (key: keyof ListDifference): number =>
    Math.max(...differences.map((difference) => difference[key]));
  return {
    unmatched: worst('unmatched'),
    box: worst('box'),
    score: worst('score'),
    mask: worst('mask'),
    keypointsElsewhere: worst('keypointsElsewhere'),
    keypoint: worst('keypoint'),
    keypointScore: worst('keypointScore'),
  };
}

/** The same for detections, among those of the expected label. */
function compareDetections(actual: DetectionList, expected: DetectionList): ListDifference {
  const free = new Map<number, Set<number>>();
  actual.labels.forEach((label, i) => free.set(label, (free.get(label) ?? new Set()).add(i)));
  let [unmatched, box, score, mask, keypointScore] = [countDifference(actual, expected), 0, 0, 0, 0];
  const keypoints: number[] = [];
  expected.labels.forEach((label, i) => {
    const { nearest, distance } = takeNearest(free.get(label) ?? new Set(), actual.boxes, expected.boxes[i]);
    if (nearest === undefined) {
      unmatched++;
      return;
    }
    box = Math.max(box, distance);
    score = Math.max(score, Math.abs(actual.scores[nearest] - expected.scores[i]));
    const expectedMask = expected.masks?.[i];
    if (expectedMask) mask = Math.max(mask, compareMasks(actual.masks?.[nearest], expectedMask));
    const expectedScores = expected.keypointScores?.[i];
    if (expectedScores) {
      keypointScore = Math.max(
        keypointScore,
        largest(actual.keypointScores?.[nearest] ?? [], expectedScores),
      );
    }
    expected.keypoints?.[i]?.forEach((point, k) => {
      keypoints.push(largest(actual.keypoints?.[nearest][k] ?? [], point));
    });
  });
  const near = keypoints.filter((distance) => distance <= TOLERANCES['keypoints, pixels']);
  return {
    unmatched,
    box,
    score,
    mask,
    keypointsElsewhere: keypoints.length === 0 ? 0 : 1 - near.length / keypoints.length,
    keypoint: Math.max(0, ...near),
    keypointScore,
  };
}

/** What is in one mask only, as a share of what is in either. */
function compareMasks(actual: CompressedRle | undefined, expected: CompressedRle): number {
  if (!actual) return Infinity;
  const [ours, theirs] = [parseRle(actual), parseRle(expected)];
  return rleArea(ours) + rleArea(theirs) === 0 ? 0 : 1 - rleIou(ours, theirs, false);
}

function countDifference(actual: DetectionList, expected: DetectionList): number {
  const [ours, theirs] = [actual, expected].map(({ labels, count = labels.length }) => count);
  return ours === null || theirs === null ? 0 : Math.abs(ours - theirs);
}

/** Removes from `free` the index of the box that is nearest to `wanted`, by the largest difference of a coordinate. */
function takeNearest(
  free: Set<number>,
  boxes: readonly (readonly number[])[],
  wanted: readonly number[],
): { nearest: number | undefined; distance: number } {
  let nearest: number | undefined;
  let distance = Infinity;
  for (const i of free) {
    const difference = largest(boxes[i], wanted);
    if (difference < distance) [nearest, distance] = [i, difference];
  }
  if (nearest !== undefined) free.delete(nearest);
  return { nearest, distance };
}
