import { loadNativeBackend } from '../../../detection/backend/node';
import { rleArea, rleToBox } from '../../../datasets/coco/masks/rle';
import { drawPicture } from '../../../tools/benchmarks/pictures';

beforeAll(loadNativeBackend);

test('each object of a picture has the ellipse in its box as its mask, and keypoints in the box', () => {
  const { pixels, targets } = drawPicture(200, { boxes: 5, numClasses: 3, seed: 1 });
  pixels.dispose();
  targets.masks!.forEach((mask, i) => {
    const [x1, y1, x2, y2] = targets.boxes.subarray(4 * i, 4 * i + 4);
    expect(mask.counts.reduce((sum, count) => sum + count)).toBe(200 * 200);
    const area = (Math.PI / 4) * (x2 - x1) * (y2 - y1);
    expect(Math.abs(rleArea(mask) - area)).toBeLessThan(0.02 * area + 10);
    const [x, y, width, height] = rleToBox(mask);
    expect(x).toBeGreaterThanOrEqual(Math.floor(x1));
    expect(y).toBeGreaterThanOrEqual(Math.floor(y1));
    expect(x + width).toBeLessThanOrEqual(Math.ceil(x2));
    expect(y + height).toBeLessThanOrEqual(Math.ceil(y2));
    const keypoints = targets.keypoints!.subarray(51 * i, 51 * (i + 1));
    for (let k = 0; k < keypoints.length; k += 3) {
      expect(keypoints[k] >= x1 && keypoints[k] <= x2).toBe(true);
      expect(keypoints[k + 1] >= y1 && keypoints[k + 1] <= y2).toBe(true);
    }
  });
});
