import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../detection/backend/node';
import { readFixture, type ParityCase } from './fixture';
import { isTwoStage } from './inference';
import { measure, tolerances, type Measurement } from './measure';

/** Tests that a model computes what torchvision computes: one measurement, one test for each quantity. */
export function expectParity(parityCase: ParityCase): void {
  const fixture = readFixture(parityCase);
  let measured: Measurement;
  let tensors: { before: number; after: number };

  beforeAll(async () => {
    await loadBackend();
    const before = tf.memory().numTensors;
    measured = await measure(parityCase, fixture);
    tensors = { before, after: tf.memory().numTensors };
  }, 600_000);

  test('pictures and weights are those of the fixture', () => {
    expect(measured.pixelSums).toEqual(fixture.pixelSums);
    for (const [name, sum] of Object.entries(fixture.weightSums)) {
      // The fixture has nine digits; what the values add up to on the way is larger than their sum.
      expect(Math.abs(measured.weightSums[name] - sum)).toBeLessThanOrEqual(
        1e-8 * Math.max(1, Math.abs(sum)),
      );
    }
  });

  // Numbers that agree on nothing found would prove nothing.
  test('there are detections, what they are made of, and objects to compare', () => {
    for (const stages of fixture.inference) {
      for (const { labels } of stages.detections) expect(labels.length).toBeGreaterThan(10);
      const sources = isTwoStage(stages) ? stages.proposals : (stages.candidates ?? []);
      for (const { count } of sources) expect(count).toBeGreaterThan(100);
    }
    for (const loss of Object.values(fixture.training.trace[0])) expect(loss).toBeGreaterThan(0.001);
  });

  test.each(Object.entries(tolerances(parityCase, fixture)))('%s', (quantity, tolerance) => {
    expect(measured.differences[quantity]).toBeLessThanOrEqual(tolerance);
  });

  test('no tensor is left', () => {
    expect(tensors.after).toBe(tensors.before);
  });
}
