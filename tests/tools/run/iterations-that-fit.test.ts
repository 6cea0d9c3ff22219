import fc from 'fast-check';
import { iterationsThatFit, secondsOf } from '../../../tools/run/iterations-that-fit';

const bounds = { least: 250, most: 520, overhead: 20 };

test.each([
  // Ten minutes, less half a minute for scenes: 570 / (1.1 s) - 20 whole iterations.
  [0.54, 570, 520],
  [0.9, 570, 520],
  [1, 570, 498],
  [1.25, 570, 394],
  [1.9, 570, 252],
  [2, 570, 250],
  [10, 570, 250],
  [1, 1, 250],
  [1, -5, 250],
])('at %d s an iteration %d s are enough for %d iterations', (pace, seconds, iterations) => {
  expect(iterationsThatFit(pace, seconds, bounds)).toBe(iterations);
});

const pace = fc.double({ min: 0.01, max: 20, noNaN: true });
const time = fc.double({ min: 1, max: 2000, noNaN: true });

test('within bounds, never more than fit unless that is the least, never fewer than could be, and fewer where it is slower', () => {
  fc.assert(
    fc.property(pace, time, pace, (secondsPerIteration, seconds, other) => {
      const iterations = iterationsThatFit(secondsPerIteration, seconds, bounds);
      expect(Number.isInteger(iterations)).toBe(true);
      expect(iterations).toBeGreaterThanOrEqual(bounds.least);
      expect(iterations).toBeLessThanOrEqual(bounds.most);
      const reserved = 1.1 * secondsPerIteration;
      if (iterations > bounds.least)
        expect(secondsOf(iterations, reserved, bounds)).toBeLessThanOrEqual(seconds + 1e-6);
      if (iterations < bounds.most)
        expect(secondsOf(iterations + 1, reserved, bounds)).toBeGreaterThan(seconds - 1e-6);
      const [faster, slower] = [secondsPerIteration, other].sort((a, b) => a - b);
      expect(iterationsThatFit(slower, seconds, bounds)).toBeLessThanOrEqual(
        iterationsThatFit(faster, seconds, bounds),
      );
    }),
  );
});
