import * as fc from 'fast-check';
import { CubicEnlargement, type MapMaximum } from '../../../detection/ops/cubic-enlargement';

/** The same by the definition: every value of the enlarged map, each of 4 x 4 weights. */
function maximumOfAll(values: Float32Array, size: number, height: number, width: number): MapMaximum {
  const weight = (d: number): number =>
    d <= 1 ? 1.25 * d ** 3 - 2.25 * d ** 2 + 1 : d < 2 ? -0.75 * (d ** 3 - 5 * d ** 2 + 8 * d - 4) : 0;
  const along = (position: number, to: number) => {
    const source = Math.fround(Math.fround(size / to) * (position + 0.5) - 0.5);
    return [-1, 0, 1, 2].map((k) => {
      const index = Math.floor(source) + k;
      return {
        index: Math.min(Math.max(index, 0), size - 1),
        weight: weight(Math.abs(Math.fround(source - Math.floor(source)) - k)),
      };
    });
  };
  const columns = Array.from({ length: width }, (_, column) => along(column, width));
  let best: MapMaximum = { row: 0, column: 0, value: -Infinity };
  for (let row = 0; row < height; row++) {
    const taps = along(row, height);
    columns.forEach((ofColumn, column) => {
      let sum = 0;
      for (const y of taps)
        for (const x of ofColumn) sum += y.weight * x.weight * values[y.index * size + x.index];
      const value = Math.fround(sum);
      if (value > best.value) best = { row, column, value };
    });
  }
  return best;
}

test('finds the largest value of all, whatever the map and the size', () => {
  const side = fc.integer({ min: 1, max: 23 });
  const map = fc.integer({ min: 1, max: 9 }).chain((size) =>
    fc.record({
      size: fc.constant(size),
      values: fc.oneof(
        fc.array(fc.float({ noNaN: true, min: -1000, max: 1000 }), {
          minLength: size ** 2,
          maxLength: size ** 2,
        }),
        // Ties, and plateaus beside which a cubic overshoots.
        fc.array(fc.constantFrom(-1, 0, 3), { minLength: size ** 2, maxLength: size ** 2 }),
      ),
    }),
  );
  fc.assert(
    fc.property(map, side, side, ({ size, values }, height, width) => {
      const list = Float32Array.from(values);
      const found = new CubicEnlargement(size, { height, width }).maximum(list);
      const expected = maximumOfAll(list, size, height, width);
      // Both sum up 16 products, in another order: a tie may fall out differently.
      expect(Math.abs(found.value - expected.value)).toBeLessThanOrEqual(
        1e-6 * (1 + Math.abs(expected.value)),
      );
    }),
    { numRuns: 150 },
  );
});

test('of equal values the first one in row-major order counts', () => {
  const values = new Float32Array(16);
  for (const i of [6, 9, 13]) values[i] = 5;
  const { row, column, value } = new CubicEnlargement(4, { height: 4, width: 4 }).maximum(values);
  expect([row, column, value]).toEqual([1, 2, 5]);
});

test('a value between two large ones exceeds both', () => {
  const values = Float32Array.of(0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0);
  const { row, column, value } = new CubicEnlargement(4, { height: 12, width: 12 }).maximum(values);
  expect(value).toBeGreaterThan(1.2);
  expect([row, column]).toEqual([5, 5]);
});
