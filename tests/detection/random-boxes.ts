import { RandomStream } from '../../detection/nn/random';
import type { Boxes } from '../../detection/structures/boxes';

/** Seeded boxes with positive sides up to `side` pixels, in an image of 100 x 100; on whole pixels if `snap`. */
export function randomBoxes(count: number, seed: number, side = 40, snap = false): Boxes {
  const random = new RandomStream(seed, 'boxes');
  const boxes = new Float32Array(count * 4);
  for (let i = 0; i < boxes.length; i += 4) {
    const values = [
      random.between(0, 100 - side),
      random.between(0, 100 - side),
      random.between(1, side),
      random.between(1, side),
    ].map((value) => (snap ? Math.ceil(value) : value));
    boxes.set([values[0], values[1], values[0] + values[2], values[1] + values[3]], i);
  }
  return boxes;
}
