import { rleFromMask } from '../../../datasets/coco/masks/rle';
import { maskTargets } from '../../../detection/ops/mask-targets';
import type { Mask } from '../../../detection/structures/mask';
import { describeShared } from '../../shared';
import { loadMaskGolden, type MaskGolden } from './mask-golden';

/** Rows of the digits 0 and 1. */
function maskOfRows(rows: readonly string[]): Mask {
  const pixels = Uint8Array.from(rows.join(''), Number);
  return rleFromMask(pixels, { height: rows.length, width: rows[0].length });
}

describeShared('targets of a mask head, against torchvision', () => {
  let golden: MaskGolden['mask_targets'];
  beforeAll(() => {
    golden = loadMaskGolden().mask_targets;
  });

  test('boxes within, beyond the image, of no size and below a pixel', () => {
    expect(golden.cases.length).toBeGreaterThan(1);
    for (const {
      size,
      boxes,
      mask_of_box: objects,
      sums,
      targets,
      rows,
      rows_are: rowNumbers,
    } of golden.cases) {
      const masks = golden.masks.map(maskOfRows);
      const ours = maskTargets(masks, Int32Array.from(objects), Float32Array.from(boxes.flat()), size);
      expect(ours).toHaveLength(boxes.length * size * size);
      boxes.forEach((_, i) => {
        const one = ours.subarray(i * size * size, (i + 1) * size * size);
        expect(one.reduce((sum, value) => sum + value, 0)).toBeCloseTo(sums[i], 2);
        const expected = targets ? targets[i] : rows![i];
        expected.forEach((row, r) =>
          row.forEach((value, column) => {
            const y = targets ? r : rowNumbers![r];
            expect(Math.abs(one[y * size + column] - value)).toBeLessThan(2e-5);
          }),
        );
      });
    }
  });
});

test('an object without pixels, and no boxes', () => {
  const empty = { size: { height: 4, width: 6 }, counts: Uint32Array.of(24) };
  expect(maskTargets([empty], Int32Array.of(0), Float32Array.of(0, 0, 6, 4), 2)).toEqual(new Float32Array(4));
  expect(maskTargets([], new Int32Array(), new Float32Array(), 28)).toEqual(new Float32Array());
});
