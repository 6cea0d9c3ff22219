import fc from 'fast-check';
import { ascend, type OverlapTables } from '../../../tools/anchors/size-search';

/** One table for each size that is to be chosen, all with as many candidates, each for as many boxes. */
const problem = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 3, max: 6 }), fc.integer({ min: 1, max: 5 }))
  .chain(([slots, candidates, boxes]) =>
    fc.tuple(
      fc.array(
        fc.array(
          fc
            .array(fc.float({ min: 0, max: 1, noNaN: true }), { minLength: boxes, maxLength: boxes })
            .map((values) => Float32Array.from(values)),
          { minLength: candidates, maxLength: candidates },
        ),
        { minLength: slots, maxLength: slots },
      ),
      fc
        .shuffledSubarray(
          Array.from({ length: candidates }, (_, k) => k),
          { minLength: slots, maxLength: slots },
        )
        .map((choice) => choice.sort((a, b) => a - b)),
    ),
  );

function meanOf(tables: OverlapTables, choice: readonly number[]): number {
  const boxes = [...tables[0][0].keys()];
  const best = boxes.map((i) => Math.max(...choice.map((candidate, slot) => tables[slot][candidate][i])));
  return best.reduce((sum, value) => sum + value, 0) / boxes.length;
}

test('no size of what is found can be changed for the better, and it is no worse than the start', () => {
  fc.assert(
    fc.property(problem, ([tables, start]) => {
      const { choice, meanOverlap } = ascend(tables, start);
      expect(meanOverlap).toBeCloseTo(meanOf(tables, choice), 9);
      expect(meanOverlap).toBeGreaterThanOrEqual(meanOf(tables, start) - 1e-9);
      for (let slot = 0; slot < choice.length; slot++) {
        const [before, behind] = [choice[slot - 1] ?? -1, choice[slot + 1] ?? tables[slot].length];
        expect(choice[slot]).toBeGreaterThan(before);
        expect(choice[slot]).toBeLessThan(behind);
        for (let candidate = before + 1; candidate < behind; candidate++) {
          const other = choice.map((chosen, k) => (k === slot ? candidate : chosen));
          expect(meanOf(tables, other)).toBeLessThanOrEqual(meanOverlap + 1e-8);
        }
      }
    }),
  );
});

test('a choice that cannot become better stays', () => {
  const table = [0.2, 0.6, 0.6].map((overlap) => Float32Array.of(overlap));
  expect(ascend([table, table], [0, 1]).choice).toEqual([0, 1]);
  expect(ascend([table], [0])).toEqual({ choice: [1], meanOverlap: Math.fround(0.6) });
});
