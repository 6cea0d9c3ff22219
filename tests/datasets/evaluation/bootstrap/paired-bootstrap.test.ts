import fc from 'fast-check';
import { CocoDataset, type CocoAnnotation } from '../../../../datasets/coco/annotations';
import type { CocoDetection } from '../../../../datasets/evaluation/detections';
import { evaluateDetections } from '../../../../datasets/evaluation/evaluate';
import { pairedBootstrap } from '../../../../datasets/evaluation/bootstrap/paired-bootstrap';
import { ResampledPrecision } from '../../../../datasets/evaluation/bootstrap/resampled-precision';
import { RandomStream } from '../../../../detection/nn/random';
import { anyAnnotations, anyDetections, dataset } from '../small-sets';

/** The set with each image so many times, and what was found in it likewise: copies have ids of their own, beside each other. */
function copied(
  set: CocoDataset,
  found: readonly CocoDetection[],
  counts: Int32Array,
): readonly [CocoDataset, CocoDetection[]] {
  const copies = set.images.flatMap((image, i) =>
    Array.from({ length: counts[i] }, (_, copy) => ({ of: image, id: 1000 * image.id + copy })),
  );
  let id = 0;
  const annotations = copies.flatMap((copy) =>
    set.annotationsOf(copy.of.id).map((each): CocoAnnotation => ({ ...each, id: ++id, imageId: copy.id })),
  );
  const detections = copies.flatMap((copy) =>
    found.filter((each) => each.image_id === copy.of.id).map((each) => ({ ...each, image_id: copy.id })),
  );
  const images = copies.map((copy) => ({ ...copy.of, id: copy.id }));
  return [new CocoDataset('copies', null, images, set.categories, annotations, []), detections];
}

const defined = (value: number): number => (Number.isNaN(value) ? -1 : value);

test('a resampled set has the numbers of the whole evaluator on copies of its images', () => {
  const count = fc.integer({ min: 0, max: 3 });
  fc.assert(
    fc.property(anyAnnotations(), anyDetections(), count, count, (annotations, detections, one, other) => {
      const set = dataset(annotations);
      const counts = Int32Array.of(one, other);
      const { AP, AP50, AP75, categories } = new ResampledPrecision(set, detections).of(counts);
      const [copies, found] = copied(set, detections, counts);
      const { stats, perCategory } = evaluateDetections(copies, found, { iouType: 'bbox' });
      [AP, AP50, AP75].forEach((value, i) => expect(defined(value)).toBeCloseTo(stats[i], 12));
      perCategory.forEach((expected, k) => expect(defined(categories[k])).toBeCloseTo(expected.AP, 12));
    }),
  );
});

/** Pictures with a cat each, which B finds in a few more than A, and a dog in the first. */
function luckySets(numImages: number): [CocoDataset, CocoDetection[], CocoDetection[]] {
  const random = new RandomStream(2, 'pictures');
  const bbox = [10, 10, 40, 40] as const;
  const images = Array.from({ length: numImages }, (_, i) => ({
    id: i + 1,
    fileName: '',
    width: 100,
    height: 100,
  }));
  const annotations = images.map(({ id }) => ({
    id,
    imageId: id,
    categoryId: 1,
    bbox,
    area: 1600,
    isCrowd: false,
  }));
  annotations.push({ ...annotations[0], id: numImages + 1, categoryId: 5 });
  const categories = [
    { id: 1, name: 'cat' },
    { id: 5, name: 'dog' },
    { id: 6, name: 'bird' },
  ];
  const foundWith = (share: number): CocoDetection[] =>
    images.flatMap(({ id }) =>
      random.uniform() < share
        ? [{ image_id: id, category_id: 1, bbox: [...bbox], score: random.uniform() }]
        : [],
    );
  return [
    new CocoDataset('lucky', null, images, categories, annotations, []),
    foundWith(0.5),
    foundWith(0.8),
  ];
}

test('is what the evaluator says of the very resampled sets, one by one', async () => {
  const [set, a, b] = luckySets(12);
  const numResamples = 40;
  const found = await pairedBootstrap(set, a, b, { numResamples, seed: 7 });
  const random = new RandomStream(7, 'bootstrap');
  const differences = Array.from({ length: numResamples }, () => {
    const counts = new Int32Array(12);
    for (let i = 0; i < 12; i++) counts[random.integer(12)]++;
    const [ofA, ofB] = [a, b].map((detections) => {
      const [copies, copiedDetections] = copied(set, detections, counts);
      return evaluateDetections(copies, copiedDetections, { iouType: 'bbox' }).stats[0];
    });
    return ofB - ofA;
  }).sort((x, y) => x - y);
  // numpy.percentile of 40 values: 0.975 and 38.025 steps from the first.
  expect(found.AP.low).toBeCloseTo(0.025 * differences[0] + 0.975 * differences[1], 12);
  expect(found.AP.high).toBeCloseTo(0.975 * differences[38] + 0.025 * differences[39], 12);
  const [ofA, ofB] = [a, b].map((detections) => evaluateDetections(set, detections, { iouType: 'bbox' }));
  expect(found.AP.a).toBeCloseTo(ofA.stats[0], 12);
  expect(found.AP.b).toBeCloseTo(ofB.stats[0], 12);
  expect(found.numResamples).toBe(numResamples);
  // The dog is in few of the sets, and found in none; there is no bird.
  const [cat, dog, bird] = found.categories;
  expect(cat).toMatchObject({ name: 'cat', categoryId: 1, numTruths: 12 });
  expect(dog).toMatchObject({ a: 0, b: 0, difference: 0, low: 0, high: 0, bIsBetter: 0.5 });
  expect([bird.a, bird.low, bird.bIsBetter]).toEqual([NaN, NaN, NaN]);
});

test('many pictures show what few cannot, equal detectors are equal, and a signal ends it', async () => {
  const options = { numResamples: 100 };
  const [few, many] = [
    await pairedBootstrap(...luckySets(8), options),
    await pairedBootstrap(...luckySets(300), options),
  ];
  expect(few.AP50.low).toBeLessThanOrEqual(0);
  expect(many.AP50.low).toBeGreaterThan(0);
  expect(many.AP50.bIsBetter).toBe(1);
  const [set, a] = luckySets(8);
  const same = await pairedBootstrap(set, a, a, options);
  expect(same.AP).toMatchObject({ difference: 0, low: 0, high: 0, bIsBetter: 0.5 });
  const stopping = new AbortController();
  const seen: number[] = [];
  const onProgress = (done: number): void => {
    seen.push(done);
    if (done === 3) stopping.abort(new Error('stopped'));
  };
  await expect(
    pairedBootstrap(set, a, a, { ...options, onProgress, signal: stopping.signal }),
  ).rejects.toThrow('stopped');
  expect(seen).toEqual([1, 2, 3]);
});
