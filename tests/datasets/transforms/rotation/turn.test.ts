import { PolygonMask } from '../../../../datasets/coco/masks/polygon-mask';
import { rleArea, rleToBox } from '../../../../datasets/coco/masks/rle';
import { Turn } from '../../../../datasets/transforms/rotation/turn';
import { turnInstances } from '../../../../datasets/transforms/rotation/turn-instances';
import { turnMask } from '../../../../datasets/transforms/rotation/turn-mask';
import { turnPicture } from '../../../../datasets/transforms/rotation/turn-picture';
import { cropMask } from '../../../../detection/structures/mask-transforms';
import { bytesOf, golden, goldenObjects, goldenPicture, maskOfRows, SIZE } from '../geometry-golden';

describe.each(golden.rotation)('turned by $degrees degrees, as in torchvision', (expected) => {
  const { degrees } = expected;
  const turn = new Turn(degrees, SIZE);

  test('pixels', () => {
    const { size, pixels } = turnPicture(goldenPicture(), turn, [123, 117, 104]);
    expect(size).toEqual(SIZE);
    // torchvision computes places in float32: a value near a half is rounded to the other side.
    const differences = bytesOf(expected.pixels).map((value, i) => Math.abs(value - pixels[i]));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.filter((difference) => difference > 0).length).toBeLessThan(0.01 * pixels.length);
  });

  test('masks', () => {
    expect(goldenObjects.masks!.map((mask) => turnMask(mask, turn))).toEqual(expected.masks.map(maskOfRows));
  });

  test('boxes without masks, and keypoints', () => {
    const { boxes, labels, keypoints } = turnInstances({ ...goldenObjects, masks: undefined }, turn);
    const area = ([x1, y1, x2, y2]: number[]): number => (x2 - x1) * (y2 - y1);
    const seen = [0, 1, 2].filter((i) => area(expected.boxes[i]) > 0);
    expect([...labels]).toEqual(seen.map((i) => i + 1));
    const expectedBoxes = seen.flatMap((i) => expected.boxes[i]);
    boxes.forEach((value, i) => expect(value).toBeCloseTo(expectedBoxes[i], 4));
    const expectedPoints = seen.flatMap((i) => {
      const [x, y] = expected.points[i];
      const isInside = x >= 0 && x <= SIZE.width && y >= 0 && y <= SIZE.height;
      return isInside ? [x, y, goldenObjects.keypoints![3 * i + 2]] : [0, 0, 0];
    });
    keypoints!.forEach((value, i) => expect(value).toBeCloseTo(expectedPoints[i], 4));
  });

  test('the box of an object with a mask is around the turned mask', () => {
    const { boxes, labels, masks } = turnInstances(goldenObjects, turn);
    expect(labels.length).toBeGreaterThan(0);
    masks!.forEach((mask, i) => {
      const [x, y, width, height] = rleToBox(mask);
      expect([...boxes.subarray(4 * i, 4 * i + 4)]).toEqual([x, y, x + width, y + height]);
    });
  });
});

test('an object without a mask beside others with one has the corners of its box turned', () => {
  const turn = new Turn(10, SIZE);
  const hasMask = Uint8Array.of(1, 0, 1);
  const { boxes } = turnInstances({ ...goldenObjects, hasMask }, turn);
  const alone = turnInstances({ ...goldenObjects, masks: undefined }, turn);
  expect(boxes.subarray(4, 8)).toEqual(alone.boxes.subarray(4, 8));
  expect(boxes.subarray(0, 4)).not.toEqual(alone.boxes.subarray(0, 4));
});

test('polygons are turned, and the box is around them, as far as it is in the picture', () => {
  const size = { height: 20, width: 20 };
  // A bar from the left edge to the right one, whose ends leave the picture.
  const bar = new PolygonMask([[0, 8, 20, 8, 20, 12, 0, 12]], size);
  const targets = { boxes: Float32Array.of(0, 8, 20, 12), labels: Int32Array.of(1), masks: [bar] };
  const turn = new Turn(45, size);
  const { boxes, masks } = turnInstances(targets, turn);
  const turned = turnMask(bar, turn);
  expect(turned).toBeInstanceOf(PolygonMask);
  // 10 * sqrt(0.5) +- 2 * sqrt(0.5) from the center, 10.
  const [x1, y1] = [10 - 10 * Math.SQRT1_2 - 2 * Math.SQRT1_2, 10 - 12 * Math.SQRT1_2];
  [x1, y1, 20 - x1, 20 - y1].forEach((value, i) => expect(boxes[i]).toBeCloseTo(value, 5));
  expect(masks).toEqual([cropMask(turned, { top: 0, left: 0, ...size })]);
  // Pixels that an outline touches are taken generously.
  expect(Math.abs(rleArea(masks![0]) - 80)).toBeLessThan(12);
  // It rises from the left to the right: against the clock.
  const upper = rleArea(cropMask(masks![0], { top: 0, left: 10, height: 10, width: 10 }));
  expect(upper).toBeGreaterThan(30);
});

test('an object that leaves the picture is left out, with its mask and its keypoints', () => {
  const size = { height: 20, width: 100 };
  const corner = new PolygonMask([[0, 0, 4, 0, 4, 4, 0, 4]], size);
  const middle = new PolygonMask([[48, 8, 52, 8, 52, 12, 48, 12]], size);
  const turned = turnInstances(
    {
      boxes: Float32Array.of(0, 0, 4, 4, 48, 8, 52, 12),
      labels: Int32Array.of(1, 2),
      masks: [corner, middle],
      keypoints: Float32Array.of(2, 2, 2, 10, 10, 2),
      ignored: Float32Array.of(0, 0, 4, 4, 45, 5, 55, 15),
    },
    new Turn(90, size),
  );
  expect([...turned.labels]).toEqual([2]);
  [48, 8, 52, 12].forEach((value, i) => expect(turned.boxes[i]).toBeCloseTo(value, 4));
  expect(turned.masks!.map(rleArea)).toEqual([16]);
  expect([...turned.keypoints!]).toEqual([0, 0, 0]);
  expect(turned.ignored).toHaveLength(4);
});
