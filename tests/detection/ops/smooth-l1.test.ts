import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { smoothL1Sum } from '../../../detection/ops/smooth-l1';
import { describeShared, sharedPath } from '../../shared';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { lossAndGradient } from './loss-golden';

expectNoTensorLeaks();

const ofErrors = (errors: Float32Array, beta: number) =>
  lossAndGradient(errors, [errors.length, 1], (x) =>
    tf.tidy(() => smoothL1Sum(x, tf.zeros([errors.length, 1]), beta)),
  );

describeShared('smooth L1', () => {
  let golden: Record<string, number[]>;

  beforeAll(() => {
    const text = readFileSync(sharedPath('golden/golden_components.json'), 'utf8');
    golden = (JSON.parse(text) as { smooth_l1_sum_elem: Record<string, number[]> }).smooth_l1_sum_elem;
  });

  it.each([
    ['beta_1/9', 1 / 9],
    ['beta_1', 1],
  ])('has the golden values: %s', (name, beta) => {
    golden['err'].forEach((error, i) =>
      expect(ofErrors(Float32Array.of(error), beta).loss).toBeCloseTo(golden[name][i], 6),
    );
  });

  it('sums, and its slope is the error in betas up to one', () => {
    const errors = Float32Array.from(golden['err']);
    const { loss, gradient } = ofErrors(errors, 1);
    expect(loss).toBeCloseTo(
      golden['beta_1'].reduce((sum, each) => sum + each, 0),
      5,
    );
    gradient.forEach((slope, i) => expect(slope).toBeCloseTo(Math.min(Math.max(errors[i], -1), 1), 6));
  });
});
