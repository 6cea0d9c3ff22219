import { equalRuns } from '../../../datasets/loader/equal-runs';

test('runs end where the key changes, and where they are full', () => {
  expect([...equalRuns(['a1', 'a2', 'a3', 'b1', 'a4'], 2, ([key]) => key)]).toEqual([
    ['a1', 'a2'],
    ['a3'],
    ['b1'],
    ['a4'],
  ]);
  expect([...equalRuns([], 2, String)]).toEqual([]);
});
