import fc from 'fast-check';
import { rleArea, rleFromMask, rleToBox, rleToMask } from '../../../datasets/coco/masks/rle';
import {
  drawGeometry,
  meanColor,
  movePicture,
  type GeometricAugmentation,
  type GeometricStep,
} from '../../../datasets/transforms/geometry';
import type { Color } from '../../../datasets/transforms/picture-window';
import { RandomStream } from '../../../detection/nn/random';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { cropInstances, flipInstancesVertically } from '../../../detection/structures/transform-instances';
import { bytesOf, ellipse, golden, goldenObjects, goldenPicture, maskOfRows, SIZE } from './geometry-golden';

const color: Color = [123, 117, 104];
const order = Int32Array.of(0);

function picturesAfter(step: GeometricStep): { size: number[]; pixels: Uint8Array } {
  const { size, pixels } = movePicture(goldenPicture(), [step]);
  return { size: [size.height, size.width], pixels };
}

test('mirrored top to bottom, as in torchvision', () => {
  const expected = golden.verticalFlip;
  expect([...picturesAfter({ kind: 'vertical-flip' }).pixels]).toEqual([...bytesOf(expected.pixels)]);
  const flipped = flipInstancesVertically(goldenObjects, SIZE.height, order);
  expect([...flipped.boxes]).toEqual(expected.boxes.flat().map(Math.abs));
  expect(flipped.masks).toEqual(expected.masks.map(maskOfRows));
  // Its keypoints are places of pixels, which end one earlier than boxes.
  expected.points.forEach(([x, y], i) =>
    expect([...flipped.keypoints!.subarray(3 * i, 3 * i + 2)]).toEqual([x, y + 1]),
  );
});

test.each([golden.crop, golden.pad])('$size of a picture, as in torchvision', (expected) => {
  const { window } = expected;
  const { size, pixels } = picturesAfter({ kind: 'window', window, color });
  expect(size).toEqual(expected.size);
  expect([...pixels]).toEqual([...bytesOf(expected.pixels)]);
  const cropped = cropInstances(goldenObjects, window);
  const labels = [...cropped.labels];
  expect([...cropped.boxes]).toEqual(labels.flatMap((label) => expected.boxes[label - 1]));
  expect(cropped.masks).toEqual(labels.map((label) => maskOfRows(expected.masks[label - 1])));
  expect(expected.boxes.filter(([x1, y1, x2, y2]) => x1 < x2 && y1 < y2)).toHaveLength(labels.length);
});

test('the color of the mean is 123, 117, 104 for SSD, and in the order of the picture', () => {
  const mean = [0.48235, 0.45882, 0.40784];
  const input = { ...torchvisionInput({ minSize: 1, maxSize: 1 }), mean };
  expect(meanColor(input)).toEqual([123, 117, 104]);
  expect(meanColor({ ...input, channels: 'bgr' })).toEqual([104, 117, 123]);
});

test('objects stay where their pixels are', () => {
  const all: GeometricAugmentation = { rotation: 180, verticalFlip: 0.5, zoomOut: 0.5, iouCrop: 1 };
  const size = { height: 40, width: 60 };
  const place = fc.integer({ min: 5, max: 35 });
  fc.assert(
    fc.property(fc.nat(), place, place, (seed, cx, cy) => {
      const mask = ellipse(cx, cy, 9, 7, size);
      const inside = rleToMask(mask);
      const pixels = Uint8Array.from(
        { length: 3 * inside.length },
        (_, i) => 255 * inside[Math.floor(i / 3)],
      );
      const picture = { size, pixels };
      const [x, y, width, height] = rleToBox(mask);
      const targets = {
        boxes: Float32Array.of(x, y, x + width, y + height),
        labels: Int32Array.of(1),
        masks: [mask],
        keypoints: Float32Array.of(cx + 0.5, cy + 0.5, 2),
      };
      const random = new RandomStream(seed, 'geometry');
      const drawn = drawGeometry(random, { size, targets }, all, [0, 0, 0], order);
      const moved = movePicture(picture, drawn.steps);
      expect(moved.size).toEqual(drawn.size);
      const seen = rleFromMask(
        Uint8Array.from({ length: moved.pixels.length / 3 }, (_, i) => Number(moved.pixels[3 * i] > 127)),
        moved.size,
      );
      const { boxes, masks, keypoints } = drawn.targets;
      if (masks!.length === 0) return;
      // Nearest and bilinear pixels differ at most along the outline.
      const difference = Math.abs(rleArea(seen) - rleArea(masks![0]));
      expect(difference).toBeLessThanOrEqual(12);
      const [left, top, right, bottom] = boxes;
      const [maskX, maskY, maskWidth, maskHeight] = rleToBox(masks![0]);
      if (rleArea(masks![0]) > 0) {
        expect(maskX).toBeGreaterThanOrEqual(left);
        expect(maskY).toBeGreaterThanOrEqual(top);
        expect(maskX + maskWidth).toBeLessThanOrEqual(right);
        expect(maskY + maskHeight).toBeLessThanOrEqual(bottom);
      }
      const [px, py, visibility] = keypoints!;
      if (visibility === 0) return;
      const at = Math.floor(py) * moved.size.width + Math.floor(px);
      if (px < moved.size.width && py < moved.size.height) expect(moved.pixels[3 * at]).toBe(255);
    }),
    { numRuns: 60 },
  );
});
