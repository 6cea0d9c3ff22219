import fc from 'fast-check';
import { BalancedSampler } from '../../../../detection/modeling/matching/sampler';
import { RandomStream } from '../../../../detection/nn/random';

describe('balanced sampler', () => {
  it("draws torchvision's example: one positive of three, three negatives of six", () => {
    const labels = Int8Array.of(0, 0, 0, 0, 0, 0, 1, 1, 1, -1, -1);
    for (let seed = 0; seed < 20; seed++) {
      const { positives, negatives } = new BalancedSampler(
        { batchSizePerImage: 4, positiveFraction: 0.25 },
        new RandomStream(seed, 'anchors'),
      ).sample(labels);
      expect(positives).toHaveLength(1);
      expect(positives[0]).toBeGreaterThanOrEqual(6);
      expect(positives[0]).toBeLessThanOrEqual(8);
      expect(negatives).toHaveLength(3);
      expect(Math.max(...negatives)).toBeLessThanOrEqual(5);
    }
  });

  it('draws the right numbers, each index once, ascending, of the right label', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -2, max: 3 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        fc.constantFrom(0, 0.25, 0.5, 1),
        (list, batchSize, fraction) => {
          const labels = Int32Array.from(list);
          const { positives, negatives } = new BalancedSampler(
            { batchSizePerImage: batchSize, positiveFraction: fraction },
            new RandomStream(7, 'rois'),
          ).sample(labels);
          const count = (holds: (label: number) => boolean): number => list.filter(holds).length;
          const numPositives = Math.min(
            count((label) => label >= 1),
            Math.floor(batchSize * fraction),
          );
          expect(positives).toHaveLength(numPositives);
          expect(negatives).toHaveLength(
            Math.min(
              count((label) => label === 0),
              batchSize - numPositives,
            ),
          );
          expect(positives.every((index) => labels[index] >= 1)).toBe(true);
          expect(negatives.every((index) => labels[index] === 0)).toBe(true);
          for (const indices of [positives, negatives]) {
            expect([...indices]).toEqual([...new Set(indices)].sort((a, b) => a - b));
          }
        },
      ),
    );
  });

  it('reaches every candidate', () => {
    const sampler = new BalancedSampler(
      { batchSizePerImage: 2, positiveFraction: 0.5 },
      new RandomStream(1, 'rois'),
    );
    const seen = new Set<number>();
    for (let i = 0; i < 200; i++) seen.add(sampler.sample(Int8Array.of(0, 0, 0, 0, 0, 1)).negatives[0]);
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('draws no random number where all are taken', () => {
    const random = new RandomStream(3, 'anchors');
    const before = random.state;
    const sampler = new BalancedSampler({ batchSizePerImage: 10, positiveFraction: 0.5 }, random);
    expect([...sampler.sample(Int8Array.of(1, 0, -1, 0)).negatives]).toEqual([1, 3]);
    expect(sampler.sample(new Int8Array(0))).toEqual({
      positives: new Int32Array(0),
      negatives: new Int32Array(0),
    });
    expect(random.state).toEqual(before);
  });
});
