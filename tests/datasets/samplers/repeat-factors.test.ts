import fc from 'fast-check';
import { repeatFactors } from '../../../datasets/samplers/repeat-factors';

const labels = (...lists: number[][]): Int32Array[] => lists.map((list) => Int32Array.from(list));

test('the example of detectron2', () => {
  // Its test_sampler.py: category 1 in two of three images, category 2 in one.
  expect([...repeatFactors(labels([1, 2], [1], []), 0.5)]).toEqual([Math.sqrt(3 / 2), 1, 1]);
});

test('an image comes as often as its rarest category asks for, however often that occurs in it', () => {
  const images = labels(...Array.from({ length: 97 }, () => [1]), [1, 2, 2, 2], [3, 2], []);
  const factors = repeatFactors(images, 0.09);
  // Category 1 in 98 of 100 images, 2 in two, 3 in one.
  expect([...factors.slice(95)]).toEqual([1, 1, Math.sqrt(0.09 / 0.02), Math.sqrt(0.09 / 0.01), 1]);
});

test('factors are 1 or more, and grow with the threshold; without one that matters all are 1', () => {
  const sets = fc.array(fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 5 }), {
    minLength: 1,
    maxLength: 20,
  });
  const threshold = fc.double({ min: 1e-4, max: 1, noNaN: true });
  fc.assert(
    fc.property(sets, threshold, threshold, (lists, a, b) => {
      const images = labels(...lists);
      const [low, high] = [Math.min(a, b), Math.max(a, b)].map((t) => repeatFactors(images, t));
      images.forEach((_, i) => {
        expect(low[i]).toBeGreaterThanOrEqual(1);
        expect(high[i]).toBeGreaterThanOrEqual(low[i]);
      });
      expect(new Set(repeatFactors(images, 1 / images.length))).toEqual(new Set([1]));
    }),
  );
});
