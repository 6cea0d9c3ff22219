import { NewIds } from '../../../datasets/sets/new-ids';

test('ids stay where they are free, and are taken anew above all others', () => {
  const ids = new NewIds();
  expect(ids.add([5, 2, 9])).toEqual([5, 2, 9]);
  expect(ids.add([2, 3, 12])).toEqual([13, 3, 12]);
  expect(ids.add([13, 1])).toEqual([14, 1]);
});

test('above 2^53 - 1 there is none: gaps are filled', () => {
  const ids = new NewIds();
  ids.add([Number.MAX_SAFE_INTEGER, 1]);
  expect(ids.add([Number.MAX_SAFE_INTEGER, 2, 1])).toEqual([3, 2, 4]);
});
