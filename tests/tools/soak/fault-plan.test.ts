import fc from 'fast-check';
import { FAULT_KINDS, faultPlan, skippingPlan, type PlannedFault } from '../../../tools/soak/fault-plan';

function take(plan: Iterator<PlannedFault, unknown>, count: number): PlannedFault[] {
  return Array.from({ length: count }, () => plan.next().value as PlannedFault);
}

const ROUND = 21;

test('a round has every kind of fault, whatever the seed; the quiet half none that ends the process', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      for (const round of [take(faultPlan(seed), ROUND)]) {
        const kinds = new Set(round.map(({ kind }) => kind));
        expect([...kinds].sort()).toEqual(FAULT_KINDS.filter((kind) => kind !== 'lost picture').sort());
        expect(new Set(round.slice(-6).map(({ kind }) => kind))).toEqual(new Set(['worker', 'hiccup']));
        for (const { wait, draw } of round) {
          expect(wait).toBeGreaterThanOrEqual(0.5);
          expect(wait).toBeLessThan(40);
          expect(draw).toBeLessThan(1);
        }
      }
      expect(take(skippingPlan(seed), 6).map(({ kind }) => kind)).toContain('lost picture');
    }),
    { numRuns: 30 },
  );
});

test('the plan follows from the seed', () => {
  expect(take(faultPlan(3), 50)).toEqual(take(faultPlan(3), 50));
  expect(take(faultPlan(3), 50)).not.toEqual(take(faultPlan(4), 50));
});
