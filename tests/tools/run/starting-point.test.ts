import { FIRST_STEP, runMemoryOf, type RunMemory } from '../../../tools/run/starting-point';

test('a run remembers what it has written', () => {
  const memory: RunMemory = {
    divergedIterations: [2, 5],
    earlyStopping: { best: { value: 0.5, iteration: 4 }, evaluationsSince: 1 },
    evaluatedUpTo: 6,
  };
  const metadata = JSON.parse(JSON.stringify({ categories: [], ...memory })) as Record<string, unknown>;
  expect(runMemoryOf(metadata)).toEqual(memory);
});

test('metadata of checkpoints of before, and of no checkpoint of ours, tell nothing', () => {
  const nothing = { divergedIterations: FIRST_STEP.divergedIterations };
  expect(runMemoryOf({})).toEqual(nothing);
  const strange = { divergedIterations: 'many', earlyStopping: { best: 1 }, evaluatedUpTo: -1 };
  expect(runMemoryOf(strange)).toEqual(nothing);
});
