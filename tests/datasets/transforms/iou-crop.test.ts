import fc from 'fast-check';
import { cropToCenters, drawIouCrop } from '../../../datasets/transforms/iou-crop';
import { RandomStream } from '../../../detection/nn/random';
import { drawing, golden } from './geometry-golden';

const objects = {
  boxes: Float32Array.of(10, 20, 300, 200, 0, 0, 30, 30, 250, 150, 331, 330, 100.5, 50.25, 101.5, 52),
  labels: Int32Array.of(1, 2, 3, 4),
};
const whole = { height: 375, width: 500 };

test.each(golden.iouCrop)('$labels are left in $size, as in torchvision', (expected) => {
  const part = drawIouCrop(drawing(expected), whole, objects.boxes) ?? { top: 0, left: 0, ...whole };
  const cropped = cropToCenters(objects, part);
  expect([part.height, part.width]).toEqual(expected.size);
  expect([...cropped.boxes]).toEqual(expected.boxes.flat());
  expect([...cropped.labels]).toEqual(expected.labels);
});

test('a part has 0.3 to 1 of each side and shows the center of an object', () => {
  const side = fc.integer({ min: 1, max: 400 });
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.nat(), side, side, share, share, (seed, height, width, x, y) => {
      const boxes = Float32Array.of((x * width) / 2, (y * height) / 2, width, height);
      const part = drawIouCrop(new RandomStream(seed, 'crop'), { height, width }, boxes);
      if (part === undefined) return;
      expect(part.top).toBeGreaterThanOrEqual(0);
      expect(part.left).toBeGreaterThanOrEqual(0);
      expect(part.top + part.height).toBeLessThanOrEqual(height);
      expect(part.left + part.width).toBeLessThanOrEqual(width);
      expect(part.height).toBeGreaterThanOrEqual(Math.trunc(0.3 * height));
      expect(part.width / part.height).toBeGreaterThanOrEqual(0.5);
      expect(part.width / part.height).toBeLessThanOrEqual(2);
      expect(cropToCenters({ boxes, labels: Int32Array.of(1) }, part).labels).toHaveLength(1);
    }),
    { numRuns: 50 },
  );
});

test('a picture without objects stays whole', () => {
  const random = new RandomStream(0, 'crop');
  expect(drawIouCrop(random, whole, new Float32Array(0))).toBeUndefined();
});
