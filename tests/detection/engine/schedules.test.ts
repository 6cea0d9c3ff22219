import fc from 'fast-check';
import {
  constant,
  cosine,
  multiStep,
  warmupMultiStep,
  withLinearWarmup,
} from '../../../detection/engine/schedules';

const rates = (schedule: (step: number) => number, count: number) =>
  Array.from({ length: count }, (_, i) => schedule(i));
const expectClose = (actual: number[], expected: number[]) => {
  expect(actual).toHaveLength(expected.length);
  actual.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 12));
};

describe('schedules', () => {
  it("warm up as torchvision's LinearLR: 0.02, factor 1/1000, 10 steps", () => {
    expectClose(
      rates(withLinearWarmup(constant(0.02), 10), 12),
      [
        2e-5, 0.002018, 0.004016, 0.006014, 0.008012, 0.01001, 0.012008, 0.014006, 0.016004, 0.018002, 0.02,
        0.02,
      ],
    );
  });

  it("warm up and drop as in detectron2's test of WarmupParamScheduler", () => {
    const fill = (value: number) => Array.from({ length: 5 }, () => value);
    expectClose(rates(withLinearWarmup(multiStep(5, [10, 15, 20]), 5, 0.001), 30), [
      ...[0.005, 1.004, 2.003, 3.002, 4.001],
      ...fill(5),
      ...fill(0.5),
      ...fill(0.05),
      ...fill(0.005),
      ...fill(0.005),
    ]);
  });

  it('follow a cosine, as in the same test', () => {
    const schedule = withLinearWarmup(cosine(5, 30), 5, 0.001);
    for (let step = 5; step < 30; step++) {
      expect(schedule(step)).toBeCloseTo(2.5 * (1 + Math.cos((Math.PI * step) / 30)), 12);
    }
    expect(schedule(4)).toBeLessThan(2.5 * (1 + Math.cos((Math.PI * 4) / 30)));
    expect(cosine(5, 30, 0.5)(30)).toBe(0.5);
    expect(cosine(5, 30, 0.5)(31)).toBe(0.5);
  });

  it("warm up and drop in one call, with torchvision's factors", () => {
    const parts = (warmup: number, startFactor?: number, factor?: number) =>
      withLinearWarmup(multiStep(0.02, [400, 500], factor), warmup, startFactor);
    const same = (a: (step: number) => number, b: (step: number) => number): void => {
      for (const step of [0, 1, 30, 59, 60, 61, 399, 400, 500, 2000]) expect(a(step)).toBe(b(step));
    };
    same(warmupMultiStep(0.02, [400, 500]), parts(60));
    same(
      warmupMultiStep(0.02, [400, 500], { warmup: 10, startFactor: 0.5, factor: 0.3 }),
      parts(10, 0.5, 0.3),
    );
    expect(warmupMultiStep(1, [60_000])(999)).toBeLessThan(1);
    expect(warmupMultiStep(1, [60_000])(1000)).toBe(1);
  });

  it('express the warm-up min(1, (step + 1) / w)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 500 }), fc.nat(1000), (w, step) => {
        const schedule = withLinearWarmup(constant(0.005), w - 1, 1 / w);
        expect(schedule(step)).toBeCloseTo(0.005 * Math.min(1, (step + 1) / w), 12);
      }),
    );
  });
});
