import fc from 'fast-check';
import { EpochOrder } from '../../../datasets/samplers/epoch-order';
import { GroupedBatches } from '../../../datasets/samplers/grouped-batches';

function take<T>(items: Iterator<T>, count: number): T[] {
  return Array.from({ length: count }, () => items.next().value as T);
}

/** detectron2's AspectRatioGroupedDataset over the images of all epochs. */
function* detectron2Batches(order: EpochOrder, groups: Int32Array, batchSize: number) {
  const buckets = new Map<number, number[]>();
  for (let epoch = 0; ; epoch++) {
    for (const image of order.images(epoch)) {
      const bucket = buckets.get(groups[image]) ?? [];
      bucket.push(image);
      buckets.set(groups[image], bucket);
      if (bucket.length === batchSize) yield bucket.splice(0);
    }
  }
}

const samplings = fc
  .array(fc.record({ group: fc.integer({ min: 0, max: 3 }), factor: fc.constantFrom(1, 1, 1.5, 2.3) }), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((images) =>
    fc.record({ images: fc.constant(images), batchSize: fc.integer({ min: 1, max: 5 }), seed: fc.nat() }),
  );

test('batches are those of detectron2, from wherever one starts', () => {
  fc.assert(
    fc.property(samplings, ({ images, batchSize, seed }) => {
      const order = new EpochOrder(
        Float64Array.from(images, ({ factor }) => factor),
        seed,
      );
      const groups = Int32Array.from(images, ({ group }) => group);
      const expected = take(detectron2Batches(order, groups, batchSize), 40);
      const batches = new GroupedBatches(order, groups, batchSize);
      for (const start of [0, 1, 2, 7, 19, 38]) {
        expect(take(batches.from(start), 40 - start)).toEqual(expected.slice(start));
      }
      for (const batch of expected) expect(new Set(batch.map((image) => groups[image])).size).toBe(1);
    }),
  );
});

test('with one group, batches are consecutive pieces of the order', () => {
  const order = new EpochOrder(new Float64Array(7).fill(1), 3);
  const stream = [0, 1, 2, 3, 4, 5].flatMap((epoch) => [...order.images(epoch)]);
  const batches = take(new GroupedBatches(order, new Int32Array(7), 3).from(0), 14);
  expect(batches.flat()).toEqual(stream);
});

test('groups change nothing about how often an image comes', () => {
  // 5 and 8 images in batches of 4: after 4 epochs nothing waits.
  const groups = Int32Array.from({ length: 13 }, (_, image) => (image < 5 ? 0 : 1));
  const batches = new GroupedBatches(new EpochOrder(new Float64Array(13).fill(1), 8), groups, 4);
  const counts = new Array<number>(13).fill(0);
  for (const image of take(batches.from(0), 13).flat()) counts[image]++;
  expect(counts).toEqual(new Array<number>(13).fill(4));
});

test('a run goes on after a million epochs without going through them', () => {
  const images = 1000;
  let drawn = 0;
  class Watched extends EpochOrder {
    override images(epoch: number): Int32Array {
      drawn++;
      return super.images(epoch);
    }
  }
  const order = new Watched(new Float64Array(images).fill(1), 2);
  const groups = Int32Array.from({ length: images }, (_, image) => image % 3);
  expect(take(new GroupedBatches(order, groups, 7).from(142_857_142), 2)).toHaveLength(2);
  expect(drawn).toBeLessThan(4);
});
