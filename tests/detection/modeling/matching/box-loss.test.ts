import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { boxLossSum, concatTargets } from '../../../../detection/modeling/matching/box-loss';
import { expectRowsClose, lossAndGradient, readLossGolden } from '../../ops/loss-golden';
import { expectNoTensorLeaks } from '../../tensor-leaks';

expectNoTensorLeaks();

const flat = (rows: readonly (readonly number[])[]): Float32Array => Float32Array.from(rows.flat());

describe('loss of box deltas', () => {
  const goldens = readLossGolden().deltas;

  it.each(goldens)("is torchvision's: $kind, weights $weights", (golden) => {
    const { kind, weights, deltas, beta } = golden;
    // Image by image, as the heads have them.
    const targets = concatTargets(
      golden.gt.map((gt, i) => ({ references: flat([golden.references[i]]), gtBoxes: flat([gt]) })),
    );
    const { loss, gradient } = lossAndGradient(flat(deltas), [deltas.length, 4], (x) =>
      boxLossSum(x, targets, new BoxCoder(weights), { box: kind, smoothL1Beta: beta }),
    );
    expect(Math.abs(loss - golden.loss)).toBeLessThanOrEqual(2e-6 * golden.loss);
    expectRowsClose(gradient, golden.gradient, 2e-5);
  });

  it.each(['l1', 'smooth_l1', 'giou', 'diou', 'ciou'] as const)('of none is 0: %s', (box) => {
    const none = new Float32Array();
    const { loss, gradient } = lossAndGradient(none, [0, 4], (x) =>
      boxLossSum(x, concatTargets([]), new BoxCoder([1, 1, 1, 1]), { box, smoothL1Beta: 1 }),
    );
    expect(loss).toBe(0);
    expect(gradient).toHaveLength(0);
  });
});
