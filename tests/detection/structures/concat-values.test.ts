import { concatValues } from '../../../detection/structures/concat-values';

test('values stand in the order of their lists; none give none', () => {
  expect([...concatValues([Float32Array.of(1, 2), new Float32Array(0), Float32Array.of(3)])]).toEqual([
    1, 2, 3,
  ]);
  expect(concatValues([])).toHaveLength(0);
});
