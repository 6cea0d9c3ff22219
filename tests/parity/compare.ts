import type { DetectionList, Inference, TensorSummary, Training } from './stages';

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
  'number of detections': 0,
  'detection boxes, pixels': 0.05,
  'detection scores': 1e-4,
  losses: 1e-5,
  'gradient norms': 1e-4,
  // One region of 1024 sampled otherwise, for a tie within rounding, changes a loss so much.
  'losses after step 1': 5e-4,
  'losses after step 2': 5e-4,
  'losses after step 3': 5e-4,
  'losses after step 4': 5e-4,
  'losses after step 5': 5e-4,
} as const satisfies Differences;

/** What is compared. */
export type Quantity = keyof typeof TOLERANCES;

export function compareInference(actual: Inference, expected: Inference): Differences {
  const counts = expected.proposals.map(({ count }, i) => Math.abs(count - actual.proposals[i].count));
  const detections = expected.detections.map((list, i) => compareDetections(actual.detections[i], list));
  const worst = (key: keyof ReturnType<typeof compareDetections>): number =>
    Math.max(...detections.map((difference) => difference[key]));
  return {
    'resized sizes': largest(actual.resized.flat(), expected.resized.flat()),
    batch: compareTensors([actual.batch], [expected.batch]),
    'FPN levels': compareTensors(actual.fpn, expected.fpn),
    'RPN logits': compareTensors(actual.rpnLogits, expected.rpnLogits),
    'RPN deltas': compareTensors(actual.rpnDeltas, expected.rpnDeltas),
    'number of proposals': Math.max(...counts),
    'proposals, pixels': Math.max(
      ...expected.proposals.map(({ first }, i) => compareProposals(actual.proposals[i].first, first)),
    ),
    'number of detections': worst('unmatched'),
    'detection boxes, pixels': worst('box'),
    'detection scores': worst('score'),
  };
}

export function compareTraining(actual: Training, expected: Training): Differences {
  const steps = expected.trace.map((losses, step) => [
    step === 0 ? 'losses' : `losses after step ${step}`,
    compareNamed(actual.trace[step], losses),
  ]);
  return {
    ...(Object.fromEntries(steps) as Differences),
    'gradient norms': compareNamed(actual.gradientNorms, expected.gradientNorms),
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

/** A gradient may be zero: of a level of the pyramid where no anchor was sampled. */
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

/** The same for detections, among those of the expected label. */
function compareDetections(
  actual: DetectionList,
  expected: DetectionList,
): { unmatched: number; box: number; score: number } {
  const free = new Map<number, Set<number>>();
  actual.labels.forEach((label, i) => free.set(label, (free.get(label) ?? new Set()).add(i)));
  let [matched, box, score] = [0, 0, 0];
  expected.labels.forEach((label, i) => {
    const { nearest, distance } = takeNearest(free.get(label) ?? new Set(), actual.boxes, expected.boxes[i]);
    if (nearest === undefined) return;
    matched++;
    box = Math.max(box, distance);
    score = Math.max(score, Math.abs(actual.scores[nearest] - expected.scores[i]));
  });
  return { unmatched: expected.labels.length + actual.labels.length - 2 * matched, box, score };
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
