import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { boxIouLossSum } from '../../../detection/ops/box-iou-loss';
import { describeShared, sharedPath } from '../../shared';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { expectRowsClose, lossAndGradient, readLossGolden } from './loss-golden';

expectNoTensorLeaks();

const KINDS = ['giou', 'diou', 'ciou'] as const;

describe.each(KINDS)('%s loss', (kind) => {
  const { boxes } = readLossGolden();
  const gtBoxes = Float32Array.from(boxes.gt.flat());

  it("has torchvision's values, and gradients where sides coincide, lie apart or are negative", () => {
    boxes.pred.forEach((pred, i) => {
      const gt = gtBoxes.slice(4 * i, 4 * i + 4);
      const alone = lossAndGradient(Float32Array.from(pred), [1, 4], (x) => boxIouLossSum(kind, x, gt));
      expect(Math.abs(alone.loss - boxes[kind].losses[i])).toBeLessThan(1e-6);
      expectRowsClose(alone.gradient, [boxes[kind].gradient[i]], 2e-5);
    });
  });

  it('is the sum over all boxes', () => {
    const count = boxes.pred.length;
    const pred = Float32Array.from(boxes.pred.flat());
    const { loss, gradient } = lossAndGradient(pred, [count, 4], (x) =>
      tf.tidy(() => boxIouLossSum(kind, x, tf.tensor2d(gtBoxes, [count, 4]))),
    );
    const sum = boxes[kind].losses.reduce((total, each) => total + each, 0);
    expect(Math.abs(loss - sum)).toBeLessThan(1e-5);
    expectRowsClose(gradient, boxes[kind].gradient, 2e-5);
  });

  it('of no boxes is 0, with an empty gradient', () => {
    const none = new Float32Array();
    const { loss, gradient } = lossAndGradient(none, [0, 4], (x) => boxIouLossSum(kind, x, none));
    expect(loss).toBe(0);
    expect(gradient).toHaveLength(0);
  });
});

describeShared('losses of boxes by overlap', () => {
  it('have the golden values', () => {
    const text = readFileSync(sharedPath('golden/golden_components.json'), 'utf8');
    const golden = (
      JSON.parse(text) as { box_losses: Record<string, number[]> & { a: number[][]; b: number[][] } }
    ).box_losses;
    for (const kind of KINDS) {
      golden.a.forEach((pred, i) => {
        const loss = tf.tidy(
          () => boxIouLossSum(kind, tf.tensor2d([pred]), Float32Array.from(golden.b[i])).dataSync()[0],
        );
        expect(loss).toBeCloseTo(golden[kind][i], 6);
      });
    }
  });
});
