import fc from 'fast-check';
import { sigmoid } from '../../../detection/ops/sigmoid';

test('is 1 / (1 + e^-x) to float32, and ties where that saturates', () => {
  expect([sigmoid(0), sigmoid(-200), sigmoid(20), sigmoid(200)]).toEqual([0.5, 0, 1, 1]);
  fc.assert(
    fc.property(fc.double({ min: -60, max: 60, noNaN: true }), (x) => {
      const value = sigmoid(x);
      expect(value).toBe(Math.fround(value));
      const exact = 1 / (1 + Math.exp(-x));
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(2e-7 * exact);
    }),
  );
});
