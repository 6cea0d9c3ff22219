import { parseRle, rleToMask } from '../../../datasets/coco/masks/rle';
import { pasteMasks } from '../../../detection/ops/paste-masks';
import { describeShared } from '../../shared';
import { loadMaskGolden, type MaskGolden } from './mask-golden';

function probabilities(side: number, k: number): Float32Array {
  return Float32Array.from(
    { length: side * side },
    (_, i) => 0.5 + 0.5 * Math.sin(0.37 * i + 1.3 * k + 0.0007 * i * i),
  );
}

describeShared('masks of boxes in their image, against torchvision', () => {
  let golden: MaskGolden['paste'];
  beforeAll(() => {
    golden = loadMaskGolden().paste;
  });

  test('at awkward and at large boxes', () => {
    expect(golden.cases.length).toBeGreaterThan(40);
    for (const { name, mask_size: side, k, box, image, mask, rle, near_half: nearHalf = 0 } of golden.cases) {
      const [height, width] = image;
      const boxMasks = { side, probabilities: probabilities(side, k), threshold: 0.5 };
      const [pasted] = pasteMasks(boxMasks, Float32Array.from(box), { height, width });
      expect(pasted.size).toEqual({ height, width });
      expect(pasted.counts.reduce((sum, run) => sum + run, 0)).toBe(height * width);
      const pixels = rleToMask(pasted);
      const expected = rle ? rleToMask(parseRle(rle)) : Uint8Array.from(mask!.join(''), Number);
      const differing = pixels.filter((pixel, i) => pixel !== expected[i]).length;
      expect([name, differing <= nearHalf]).toEqual([name, true]);
    }
  });
});

test('each box has its own mask; a higher threshold leaves less of it', () => {
  const square = Float32Array.of(0.9, 0.6, 0.6, 0.9);
  const boxMasks = { side: 2, probabilities: Float32Array.of(...square, 0, 0, 0, 0), threshold: 0.5 };
  const boxes = Float32Array.of(1, 1, 9, 7, 1, 1, 9, 7);
  const area = (threshold: number, i: number): number => {
    const masks = pasteMasks({ ...boxMasks, threshold }, boxes, { height: 10, width: 12 });
    return rleToMask(masks[i]).reduce((sum, pixel) => sum + pixel, 0);
  };
  expect(area(0.5, 0)).toBeGreaterThan(area(0.7, 0));
  expect(area(0.7, 0)).toBeGreaterThan(0);
  expect(area(0.5, 1)).toBe(0);
});
