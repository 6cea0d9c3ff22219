import fc from 'fast-check';
import { descendingOrder } from '../../../detection/ops/descending-order';

/** The same by a stable comparison sort. */
function oracle(values: Float32Array): number[] {
  const rank = (value: number): number => (Number.isNaN(value) ? -Infinity : value);
  return [...values.keys()].sort((i, j) => {
    const nan = Number(Number.isNaN(values[i])) - Number(Number.isNaN(values[j]));
    return nan !== 0
      ? nan
      : rank(values[j]) > rank(values[i])
        ? 1
        : rank(values[j]) < rank(values[i])
          ? -1
          : 0;
  });
}

describe('descending order', () => {
  it('is that of a stable sort, whole or its head', () => {
    const value = fc.oneof(
      fc.float(),
      fc.constantFrom(0, -0, 1, -1, 0.5, Infinity, -Infinity, NaN, 1e-45, -1e-45),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 60 }), fc.nat(70), (list, count) => {
        const values = Float32Array.from(list);
        const expected = oracle(values);
        expect([...descendingOrder(values)]).toEqual(expected);
        expect([...descendingOrder(values, count)]).toEqual(expected.slice(0, count));
      }),
      { numRuns: 500 },
    );
  });

  it('takes the lower index of equal values, however many there are', () => {
    const values = new Float32Array(200_000).fill(3);
    values[150_000] = 4;
    expect([...descendingOrder(values, 4)]).toEqual([150_000, 0, 1, 2]);
  });

  it('finds the head of 200000 values', () => {
    const values = Float32Array.from({ length: 200_000 }, (_, i) => Math.sin(i * 12.9898) * 8);
    expect([...descendingOrder(values, 2000)]).toEqual(oracle(values).slice(0, 2000));
  });
});
