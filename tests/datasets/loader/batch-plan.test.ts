import type { BatchPlan, TrainingPlanOptions } from '../../../datasets/loader/batch-plan';
import { evaluationPlans, imagesPerRound, trainingPlans } from '../../../datasets/loader/batch-plan';
import type { Example } from '../../../datasets/examples';
import { RandomStream } from '../../../detection/nn/random';
import { torchvisionInput, type InputSpec } from '../../../detection/structures/input-spec';
import type { Targets } from '../../../detection/structures/instances';
import {
  cropInstances,
  flipInstances,
  scaleInstances,
} from '../../../detection/structures/transform-instances';

const examples: Example[] = Array.from({ length: 7 }, (_, i) => ({
  imageId: 10 * i,
  file: `${i}.png`,
  size: { height: 100, width: 200 + i },
  targets: { boxes: Float32Array.of(10, 20, 40, 60), labels: Int32Array.of(i + 1) },
}));
const options: TrainingPlanOptions = {
  input: torchvisionInput({ minSize: 800, maxSize: 1000 }),
  batchSize: 3,
  minSizes: [50, 80],
  flipProbability: 0.5,
  seed: 4,
};

function take<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value as T);
}

function idsOf({ job }: BatchPlan): number[] {
  return job.pictures.map(({ imageId }) => imageId);
}

function countsOf(ids: readonly number[]): Map<number, number> {
  return new Map(ids.map((id) => [id, ids.filter((other) => other === id).length]));
}

test('every image comes once before any comes again, in an order that changes', () => {
  const plans = take(trainingPlans(examples, options, 0), 14);
  const ids = plans.flatMap(idsOf);
  const rounds = Array.from({ length: 6 }, (_, i) => ids.slice(7 * i, 7 * i + 7));
  for (const round of rounds) expect([...round].sort((a, b) => a - b)).toEqual([0, 10, 20, 30, 40, 50, 60]);
  expect(new Set(rounds.map(String)).size).toBeGreaterThan(4);
});

test('a round has every image once, and repeated ones as often as they come in the mean', () => {
  expect(imagesPerRound(examples, null)).toBe(7);
  expect(imagesPerRound(examples, 1 / 7)).toBe(7);
  // Each category is in one of seven images.
  expect(imagesPerRound(examples, 4 / 7)).toBeCloseTo(7 * Math.sqrt(4), 12);
  const repeated = { ...options, batchSize: 1, repeatThreshold: 1 };
  const rounds = 20;
  const images = Math.floor(rounds * imagesPerRound(examples, 1));
  const counts = countsOf(take(trainingPlans(examples, repeated, 0), images).flatMap(idsOf));
  for (const count of counts.values()) expect(Math.abs(count / rounds - Math.sqrt(7))).toBeLessThan(0.2);
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
      boxes: targets[i].boxes,
      labels: targets[i].labels,
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

test('without groups, batches are consecutive pieces of the shuffled epochs', () => {
  const ids = Int32Array.from(examples, ({ imageId }) => imageId);
  const epochs = [0, 1, 2].flatMap((epoch) => [
    ...new RandomStream(4, `order/epoch-${epoch}`).sample(ids, 7),
  ]);
  expect(take(trainingPlans(examples, options, 0), 7).flatMap(idsOf)).toEqual(epochs);
});

describe('aspectRatioGrouping', () => {
  const mixed = examples.map((example, i) =>
    i < 3 ? { ...example, size: { height: 150 + i, width: 100 } } : example,
  );
  const grouped = { ...options, aspectRatioGrouping: true };

  test('pictures of a batch are all wide or all high, wherever a run begins, and come as often as before', () => {
    const plans = take(trainingPlans(mixed, grouped, 0), 14);
    for (const plan of plans) {
      expect(new Set(plan.job.pictures.map(({ size }) => size.width > size.height)).size).toBe(1);
    }
    for (const start of [1, 4, 9, 13]) {
      expect(take(trainingPlans(mixed, grouped, start), 14 - start)).toEqual(plans.slice(start));
    }
    // Six rounds fill 6 batches with the 3 high pictures, and 8 with the 4 wide ones.
    const counts = countsOf(plans.flatMap(idsOf));
    expect(counts).toEqual(new Map(mixed.map(({ imageId }) => [imageId, 6])));
  });

  test('nothing changes where all pictures are of one group', () => {
    expect(take(trainingPlans(examples, grouped, 0), 12)).toEqual(
      take(trainingPlans(examples, options, 0), 12),
    );
  });
});

test('repeatThreshold: images with rare categories come more often', () => {
  // Category 1 in 7 of 8 images, category 2 in one: sqrt(0.5 / (1 / 8)) = 2.
  const frequent = { boxes: Float32Array.of(10, 20, 40, 60), labels: Int32Array.of(1) };
  const images = [
    ...examples.map((example) => ({ ...example, targets: frequent })),
    { ...examples[0], imageId: 70, targets: { ...frequent, labels: Int32Array.of(2) } },
  ];
  const plans = take(trainingPlans(images, { ...options, repeatThreshold: 0.5 }, 0), 12);
  const counts = countsOf(plans.flatMap(idsOf));
  expect([...counts].sort(([a], [b]) => a - b)).toEqual([
    ...examples.map(({ imageId }) => [imageId, 4]),
    [70, 8],
  ]);
});

test('photometricDistortion changes colors and nothing else', () => {
  const plain = take(trainingPlans(examples, options, 0), 5);
  const plans = take(trainingPlans(examples, { ...options, photometricDistortion: 0.5 }, 0), 5);
  const changes = plans.flatMap(({ job }) => job.pictures.map(({ colorChanges }) => colorChanges));
  expect(new Set(changes.map((list) => JSON.stringify(list))).size).toBeGreaterThan(10);
  const withoutColors = ({ job, targets }: BatchPlan): object => ({
    ...job,
    pictures: job.pictures.map((picture) => ({ ...picture, colorChanges: undefined })),
    targets,
  });
  expect(plans.map(withoutColors)).toEqual(plain.map(withoutColors));
  expect(plain.flatMap(({ job }) => job.pictures.flatMap(({ colorChanges }) => colorChanges))).toEqual([]);
});

test('scaleJitter: squares of pictures in all sizes, with the boxes that can be seen in them', () => {
  const jittered = { ...options, scaleJitter: { range: [0.1, 2] as const, side: 64 } };
  const plans = take(trainingPlans(examples, jittered, 0), 100);
  expect(take(trainingPlans(examples, jittered, 90), 10)).toEqual(plans.slice(90));
  const numBoxes = plans.flatMap(({ targets }) => targets.map(({ labels: gtLabels }) => gtLabels.length));
  expect(new Set(numBoxes)).toEqual(new Set([0, 1]));
  const scales = new Set<number>();
  for (const { job, targets } of plans) {
    expect(job.padded).toEqual({ height: 64, width: 64 });
    job.pictures.forEach(({ size, resized, window, flip }, i) => {
      expect(window).toMatchObject({ height: 64, width: 64 });
      scales.add(Math.round((10 * resized.width) / 64));
      const [x1, x2] = flip ? [size.width - 40, size.width - 10] : [10, 40];
      const { top, left } = window!;
      const expected = [
        (x1 * resized.width) / size.width - left,
        (20 * resized.height) / size.height - top,
        (x2 * resized.width) / size.width - left,
        (60 * resized.height) / size.height - top,
      ].map((value) => Math.min(Math.max(value, 0), 64));
      const isSeen = expected[0] < expected[2] && expected[1] < expected[3];
      expect(targets[i].boxes).toHaveLength(isSeen ? 4 : 0);
      targets[i].boxes.forEach((value, k) => expect(value).toBeCloseTo(expected[k], 4));
    });
  }
  // From a tenth of the square to twice its side.
  expect(scales.size).toBeGreaterThan(17);
});

test('an image of a fixed size is scaled along each axis by itself, its boxes too', () => {
  const input: InputSpec = { ...options.input, resize: { kind: 'fixed', height: 50, width: 400 } };
  const [training] = take(
    trainingPlans(examples, { batchSize: 3, seed: 4, flipProbability: 0, input }, 0),
    1,
  );
  const [evaluation] = evaluationPlans(examples, 3, input);
  for (const { job, targets } of [training, evaluation]) {
    expect(job.padded).toEqual({ height: 64, width: 416 });
    job.pictures.forEach(({ size, resized }, i) => {
      expect(resized).toEqual({ height: 50, width: 400 });
      const ratio = Math.fround(400 / size.width);
      expect([...targets[i].boxes]).toEqual([10 * ratio, 10, 40 * ratio, 30].map(Math.fround));
    });
  }
});

test("without lengths to draw from, the shorter side is the input's", () => {
  const input = torchvisionInput({ minSize: 60, maxSize: 1000 });
  const expected = take(trainingPlans(examples, { ...options, input, minSizes: [60] }, 0), 5);
  expect(take(trainingPlans(examples, { ...options, input, minSizes: undefined }, 0), 5)).toEqual(expected);
});

test('all that is known of the objects goes along', () => {
  const size = { height: 10, width: 20 };
  const whole: Targets = {
    boxes: Float32Array.of(2, 1, 8, 9),
    labels: Int32Array.of(3),
    masks: [{ size, counts: Uint32Array.of(30, 25, 145) }],
    hasMask: Uint8Array.of(1),
    keypoints: Float32Array.of(4, 5, 2, 7, 8, 1),
  };
  const keypoints = { names: ['l', 'r'], flipPairs: [[0, 1]] as const, skeleton: [] };
  const example: Example = { imageId: 1, file: 'a.png', size, targets: whole };
  const input = torchvisionInput({ minSize: 20, maxSize: 1000 });
  const training = { batchSize: 1, seed: 0, flipProbability: 1, input, keypoints };
  const [{ targets }] = take(trainingPlans([example], training, 0), 1);
  const doubled = { height: 20, width: 40 };
  expect(targets).toEqual([scaleInstances(flipInstances(whole, 20, Int32Array.of(1, 0)), size, doubled)]);
  const jitter = { ...training, flipProbability: 0, scaleJitter: { range: [2, 2] as const, side: 20 } };
  const [jittered] = take(trainingPlans([example], jitter, 0), 1);
  const { window } = jittered.job.pictures[0];
  expect(jittered.targets).toEqual([cropInstances(scaleInstances(whole, size, doubled), window!)]);
});

test('evaluation takes each image once, in order, and pads to a multiple of 32', () => {
  const plans = [...evaluationPlans(examples, 3, torchvisionInput({ minSize: 50, maxSize: 101 }))];
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
