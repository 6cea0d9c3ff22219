import fc from 'fast-check';
import { EpochOrder } from '../../../datasets/samplers/epoch-order';
import { RandomStream } from '../../../detection/nn/random';

function countsOf(images: Int32Array, numImages: number): number[] {
  const counts = new Array<number>(numImages).fill(0);
  for (const image of images) counts[image]++;
  return counts;
}

test('without repeats each epoch is all images in an order of its own', () => {
  const order = new EpochOrder(new Float64Array(9).fill(1), 5);
  const images = Int32Array.from({ length: 9 }, (_, i) => i);
  const orders = [0, 1, 2, 1000].map((epoch) => order.images(epoch));
  expect(orders[3]).toEqual(new RandomStream(5, 'order/epoch-1000').sample(images, 9));
  for (const epoch of orders) expect([...epoch].sort()).toEqual([...images]);
  expect(new Set(orders.map(String)).size).toBe(4);
});

test('an image comes its factor rounded up or down in each epoch, and exactly its factor in the long run', () => {
  const factors = fc.array(fc.double({ min: 1, max: 5, noNaN: true }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(factors, fc.nat(), (list, seed) => {
      const order = new EpochOrder(Float64Array.from(list), seed);
      const before = list.map(() => 0);
      for (let epoch = 0; epoch < 12; epoch++) {
        countsOf(order.images(epoch), list.length).forEach((count, image) => {
          expect(order.timesBefore(epoch, image)).toBe(before[image]);
          expect([Math.floor(list[image]), Math.ceil(list[image])]).toContain(count);
          before[image] += count;
          expect(Math.abs(before[image] - (epoch + 1) * list[image])).toBeLessThan(1);
        });
      }
    }),
  );
});

test('the fraction is the probability of coming once more, in every epoch', () => {
  const order = new EpochOrder(new Float64Array(4000).fill(1.25), 1);
  for (const epoch of [0, 1, 2, 3]) {
    const more = order.images(epoch).length - 4000;
    // 4000 draws of a quarter lie within 4 standard deviations of 1000.
    expect(Math.abs(more - 1000)).toBeLessThan(4 * Math.sqrt(4000 * 0.25 * 0.75));
  }
  expect(order.timesBefore(4, 17)).toBe(5);
});
