import type { DetectionList, Inference, TensorSummary, Training } from './stages';

/** By quantity, how far it is from what it should be at most. */
export type Differences = Record<string, number>;

/**
 * Agreement that is asked for. Tensors: largest difference relative to the mean magnitude of the stage. Boxes and
 * proposals: pixels. Scores: absolute. Losses and norms: relative.
 */
export const TOLERANCES = {
  'resized sizes': 0,
  batch: 1e-4,
  'FPN levels': 1e-4,
  'RPN logits': 1e-4,
  'RPN deltas': 1e-4,
  'number of proposals': 0,
  'proposals, pixels': 0.05,
  'number of detections': 0,
  'detection boxes, pixels': 0.05,
  'detection scores': 1e-4,
  losses: 1e-5,
  'gradient norms': 1e-4,
  'losses after step 1': 5e-5,
  'losses after step 2': 5e-5,
  'losses after step 3': 5e-5,
  'losses after step 4': 5e-5,
  'losses after step 5': 5e-5,
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
      ...expected.proposals.map(({ first }, i) => largest(actual.proposals[i].first.flat(), first.flat())),
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
 * Each expected detection against the nearest box of its label that no other one has taken: where scores are equal
 * but for rounding, the order may differ.
 */
function compareDetections(
  actual: DetectionList,
  expected: DetectionList,
): { unmatched: number; box: number; score: number } {
  const free = new Set(actual.labels.keys());
  let [unmatched, box, score] = [0, 0, 0];
  expected.labels.forEach((label, i) => {
    const candidates = [...free].filter((j) => actual.labels[j] === label);
    const distances = candidates.map((j) => largest(actual.boxes[j], expected.boxes[i]));
    const distance = Math.min(...distances);
    if (candidates.length === 0) {
      unmatched++;
      return;
    }
    const nearest = candidates[distances.indexOf(distance)];
    free.delete(nearest);
    box = Math.max(box, distance);
    score = Math.max(score, Math.abs(actual.scores[nearest] - expected.scores[i]));
  });
  return { unmatched: unmatched + free.size, box, score };
}
