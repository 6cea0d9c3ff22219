import * as tf from '@tensorflow/tfjs-core';
import { noGradient } from '../../../detection/nn/tfjs-internals';
import { sigmoidFocalLossSum, sigmoidFocalLossSums } from '../../../detection/ops/sigmoid-focal-loss';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { expectRowsClose, lossAndGradient, readLossGolden } from './loss-golden';

expectNoTensorLeaks();

const NONE = { rows: new Int32Array(), columns: new Int32Array() };
const RETINANET = { alpha: 0.25, gamma: 2 };

/** Loss and slope of one entry in float64. */
function entry(logit: number, isPositive: boolean, { alpha, gamma }: typeof RETINANET): [number, number] {
  const x = isPositive ? -logit : logit;
  const p = 1 / (1 + Math.exp(-x));
  const entropy = Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
  const weight = (isPositive ? alpha : 1 - alpha) * p ** gamma;
  return [weight * entropy, (isPositive ? -1 : 1) * weight * (gamma * (1 - p) * entropy + p)];
}

describe('sigmoid focal loss', () => {
  const { focal } = readLossGolden();
  const shape: [number, number] = [focal.logits.length, focal.logits[0].length];
  const positives = {
    rows: Int32Array.from(focal.positives, ([row]) => row),
    columns: Int32Array.from(focal.positives, ([, column]) => column),
  };

  it.each(focal.results)(
    "is torchvision's, with alpha $alpha and gamma $gamma",
    ({ alpha, gamma, loss, gradient }) => {
      const actual = lossAndGradient(Float32Array.from(focal.logits.flat()), shape, (x) =>
        sigmoidFocalLossSum(x, positives, { alpha, gamma }, Int32Array.from(focal.ignoredRows)),
      );
      expect(Math.abs(actual.loss - loss)).toBeLessThanOrEqual(1e-6 * loss);
      gradient
        .flat()
        .forEach((slope, i) =>
          expect(Math.abs(actual.gradient[i] - slope)).toBeLessThanOrEqual(2e-6 * Math.abs(slope) + 1e-12),
        );
      expectRowsClose(actual.gradient, gradient, 2e-6);
    },
  );

  it('keeps its digits over many rows', () => {
    const [rows, columns] = [100_001, 7];
    const logits = Float32Array.from({ length: rows * columns }, (_, i) => -4.6 + Math.sin(i * 0.37));
    const positiveRows = [0, 37_448, 37_449, 60_000, 100_000];
    const ignored = [1, 37_447, 90_000];
    const expected = new Float64Array(logits.length);
    let total = 0;
    logits.forEach((logit, i) => {
      const row = Math.floor(i / columns);
      if (ignored.includes(row)) return;
      const [loss, slope] = entry(
        logit,
        positiveRows.includes(row) && i % columns === row % columns,
        RETINANET,
      );
      total += loss;
      expected[i] = slope;
    });
    const { loss, gradient } = lossAndGradient(logits, [rows, columns], (x) =>
      sigmoidFocalLossSum(
        x,
        {
          rows: Int32Array.from(positiveRows),
          columns: Int32Array.from(positiveRows, (row) => row % columns),
        },
        RETINANET,
        Int32Array.from(ignored),
      ),
    );
    expect(Math.abs(loss - total) / total).toBeLessThan(1e-6);
    expect(gradient.every((slope, i) => Math.abs(slope - expected[i]) <= 2e-6 * Math.abs(expected[i]))).toBe(
      true,
    );
  });

  it('of several images is that of each, and so is the gradient', () => {
    const [rows, columns] = [50_000, 7];
    const logits = Float32Array.from({ length: 2 * rows * columns }, (_, i) => -4.6 + Math.sin(i * 0.37));
    const targets = [
      { rows: [0, 37_449], columns: [6, 2], ignored: [40_000] },
      { rows: [37_448, 49_999], columns: [0, 6], ignored: [0, 1] },
    ].map((image) => ({
      positives: { rows: Int32Array.from(image.rows), columns: Int32Array.from(image.columns) },
      ignoredRows: Int32Array.from(image.ignored),
    }));
    const factors = [0.5, 3];
    const single = targets.map(({ positives, ignoredRows }, image) =>
      lossAndGradient(
        logits.slice(image * rows * columns, (image + 1) * rows * columns),
        [rows, columns],
        (x) =>
          tf.tidy(() => tf.mul(sigmoidFocalLossSum(x, positives, RETINANET, ignoredRows), factors[image])),
      ),
    );
    const both = lossAndGradient(logits, [2 * rows, columns], (x) =>
      tf.tidy(() => {
        const sums = sigmoidFocalLossSums(tf.reshape(x, [2, rows, columns]), targets, RETINANET);
        return tf.sum<tf.Scalar>(tf.mul(sums, tf.tensor1d(factors)));
      }),
    );
    expect(Math.abs(both.loss / (single[0].loss + single[1].loss) - 1)).toBeLessThan(1e-6);
    const expected = single.flatMap(({ gradient }) => [...gradient]);
    expect(both.gradient.every((slope, i) => slope === expected[i])).toBe(true);
  });

  it('passes on by what its result is multiplied', () => {
    const logits = Float32Array.of(1, -2, 0.5);
    const once = lossAndGradient(logits, [3, 1], (x) => sigmoidFocalLossSum(x, NONE, RETINANET));
    const half = lossAndGradient(logits, [3, 1], (x) =>
      tf.tidy(() => tf.div(sigmoidFocalLossSum(x, NONE, RETINANET), 2)),
    );
    expect(half.loss).toBe(once.loss / 2);
    expect([...half.gradient]).toEqual([...once.gradient].map((slope) => slope / 2));
  });

  it('counts positive entries by their weights', () => {
    const logits = Float32Array.of(0.5, -1, 2, -3);
    const options = { alpha: 0.4, gamma: 1.5 };
    const positives = { rows: Int32Array.of(1, 0), columns: Int32Array.of(0, 1) };
    const { loss, gradient } = lossAndGradient(logits, [2, 2], (x) =>
      sigmoidFocalLossSum(x, { ...positives, weights: Float32Array.of(3, 0.5) }, options),
    );
    const weights = [1, 0.5, 3, 1];
    const entries = Array.from(logits, (logit, i) => entry(logit, i === 1 || i === 2, options));
    expect(loss).toBeCloseTo(
      entries.reduce((sum, [value], i) => sum + weights[i] * value, 0),
      5,
    );
    entries.forEach(([, slope], i) => expect(gradient[i]).toBeCloseTo(weights[i] * slope, 6));
  });

  it('leaves ignored rows out, whatever is in them', () => {
    const { loss, gradient } = lossAndGradient(Float32Array.of(NaN, Infinity, 1), [3, 1], (x) =>
      sigmoidFocalLossSum(x, NONE, RETINANET, Int32Array.of(0, 1)),
    );
    expect(loss).toBeCloseTo(entry(1, false, RETINANET)[0], 6);
    expect([...gradient.slice(0, 2)]).toEqual([0, 0]);
  });

  it('of no rows is 0, with an empty gradient', () => {
    const { loss, gradient } = lossAndGradient(new Float32Array(), [0, 3], (x) =>
      sigmoidFocalLossSum(x, NONE, RETINANET),
    );
    expect(loss).toBe(0);
    expect(gradient).toHaveLength(0);
  });

  it('has a value where nothing is recorded', () => {
    const logits = tf.tensor2d([[1], [-1]]);
    const loss = noGradient(() => sigmoidFocalLossSum(logits, NONE, RETINANET));
    const expected = entry(1, false, RETINANET)[0] + entry(-1, false, RETINANET)[0];
    expect(loss.dataSync()[0]).toBeCloseTo(expected, 6);
    tf.dispose([logits, loss]);
  });
});
