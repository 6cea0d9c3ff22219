import type { TrainingPlanOptions } from '../../../datasets/loader/batch-plan';
import { evaluationPlans, trainingPlans } from '../../../datasets/loader/batch-plan';
import type { Example } from '../../../datasets/loader/examples';

const examples: Example[] = Array.from({ length: 7 }, (_, i) => ({
  imageId: 10 * i,
  file: `${i}.png`,
  size: { height: 100, width: 200 + i },
  targets: { gtBoxes: Float32Array.of(10, 20, 40, 60), gtLabels: Int32Array.of(i + 1) },
}));
const options: TrainingPlanOptions = {
  batchSize: 3,
  minSizes: [50, 80],
  maxSize: 1000,
  flipProbability: 0.5,
  seed: 4,
};

function take<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value as T);
}

test('every image comes once before any comes again, in an order that changes', () => {
  const plans = take(trainingPlans(examples, options, 0), 14);
  const ids = plans.flatMap((plan) => plan.job.pictures.map((picture) => picture.imageId));
  const rounds = Array.from({ length: 6 }, (_, i) => ids.slice(7 * i, 7 * i + 7));
  for (const round of rounds) expect([...round].sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40, 50, 60]);
  expect(new Set(rounds.map(String)).size).toBeGreaterThan(4);
});

test('starting later is skipping', () => {
  const plans = take(trainingPlans(examples, options, 0), 12);
  for (const start of [1, 2, 5, 11]) {
    expect(take(trainingPlans(examples, options, start), 12 - start)).toEqual(plans.slice(start));
  }
});

test('the seed decides', () => {
  const plans = take(trainingPlans(examples, options, 0), 5);
  expect(take(trainingPlans(examples, options, 0), 5)).toEqual(plans);
  expect(take(trainingPlans(examples, { ...options, seed: 5 }, 0), 5)).not.toEqual(plans);
});

test('flips and sizes are drawn evenly, and the boxes go along', () => {
  const pictures = take(trainingPlans(examples, options, 0), 400).flatMap(({ job, targets }) =>
    job.pictures.map((picture, i) => ({
      ...picture,
      boxes: targets[i].gtBoxes,
      labels: targets[i].gtLabels,
    })),
  );
  // 1200 fair draws lie within 4 standard deviations of a half: 531 to 669.
  const flipped = pictures.filter((picture) => picture.flip).length;
  const small = pictures.filter((picture) => picture.resized.height === 50).length;
  for (const count of [flipped, small]) {
    expect(count).toBeGreaterThan(531);
    expect(count).toBeLessThan(669);
  }
  for (const { size, resized, flip, boxes, labels, imageId } of pictures) {
    const [sx, sy] = [Math.fround(resized.width / size.width), Math.fround(resized.height / size.height)];
    const [x1, x2] = flip ? [size.width - 40, size.width - 10] : [10, 40];
    expect([...boxes]).toEqual([x1 * sx, 20 * sy, x2 * sx, 60 * sy].map(Math.fround));
    expect([...labels]).toEqual([imageId / 10 + 1]);
  }
});

test.each([0, 1])('flip probability %d', (flipProbability) => {
  const plans = take(trainingPlans(examples, { ...options, flipProbability }, 0), 20);
  const flips = plans.flatMap((plan) => plan.job.pictures.map((picture) => picture.flip));
  expect(new Set(flips)).toEqual(new Set([flipProbability === 1]));
});

test('a batch that is larger than the data set repeats images', () => {
  const [plan] = take(trainingPlans(examples.slice(0, 2), { ...options, batchSize: 5 }, 3), 1);
  expect(plan.job.pictures).toHaveLength(5);
});

test('evaluation takes each image once, in order, and pads to a multiple of 32', () => {
  const plans = [...evaluationPlans(examples, 3, { minSize: 50, maxSize: 101 })];
  expect(plans.map((plan) => plan.job.pictures.map((picture) => picture.imageId))).toEqual([
    [0, 10, 20],
    [30, 40, 50],
    [60],
  ]);
  const pictures = plans.flatMap((plan) => plan.job.pictures);
  expect(pictures.every((picture) => !picture.flip)).toBe(true);
  expect(pictures[0].resized).toEqual({ height: 50, width: 100 });
  expect(pictures[6].resized).toEqual({ height: 49, width: 101 });
  expect(plans[0].job.padded).toEqual({ height: 64, width: 128 });
});
