import fc from 'fast-check';
import { maskRings, maskToPolygons } from '../../../../datasets/coco/masks/mask-outline';
import { rleArea, rleFromMask } from '../../../../datasets/coco/masks/rle';
import { segmentationToRle } from '../../../../datasets/coco/masks/segmentation';
import type { Mask } from '../../../../detection/structures/mask';

/** Rows of a mask: # is inside. */
function maskOf(...rows: string[]): Mask {
  const size = { height: rows.length, width: rows[0].length };
  return rleFromMask(
    Uint8Array.from([...rows.join('')], (pixel) => Number(pixel === '#')),
    size,
  );
}

/** What polygons rasterize to in an image of a mask's size. */
function runsOf(polygons: readonly (readonly number[])[], { size }: Mask): Uint32Array {
  return segmentationToRle(polygons, size).counts;
}

/** Pixels one by one, and blocks of them, which have holes and holes in the objects in their holes. */
const masks = fc
  .record({
    height: fc.integer({ min: 1, max: 12 }),
    width: fc.integer({ min: 1, max: 12 }),
    block: fc.integer({ min: 1, max: 3 }),
  })
  .chain(({ height, width, block }) =>
    fc.array(fc.boolean(), { minLength: height * width, maxLength: height * width }).map((blocks): Mask => {
      const size = { height: height * block, width: width * block };
      const at = (index: number): boolean => {
        const [x, y] = [index % size.width, Math.floor(index / size.width)];
        return blocks[Math.floor(y / block) * width + Math.floor(x / block)];
      };
      return rleFromMask(
        Uint8Array.from({ length: size.height * size.width }, (_, index) => Number(at(index))),
        size,
      );
    }),
  );

test('a mask as polygons rasterizes to the same mask, whatever its parts and holes', () => {
  fc.assert(
    fc.property(masks, (mask) => {
      const polygons = maskToPolygons(mask);
      if (rleArea(mask) === 0) expect(polygons).toEqual([]);
      else expect(runsOf(polygons, mask)).toEqual(mask.counts);
    }),
    { numRuns: 200 },
  );
});

test('outlines have corners only, and their areas less those of the holes are the mask’s', () => {
  fc.assert(
    fc.property(masks, (mask) => {
      let area = 0;
      for (const { points, isHole } of maskRings(mask)) {
        for (let i = 0; i < points.length; i += 4) {
          const [x1, y1, x2, y2] = points.slice(i, i + 4);
          const [x3, y3] = i + 4 < points.length ? points.slice(i + 4) : points;
          expect([x1 === x2, y1 !== y2, x2 !== x3, y2 === y3]).toEqual([true, true, true, true]);
          area += (isHole ? 1 : -1) * x1 * (y2 - y1);
        }
      }
      expect(Math.abs(area)).toBe(rleArea(mask));
    }),
    { numRuns: 100 },
  );
});

test('an object in parts, one with a hole, one in a hole, and pixels that touch at their corners', () => {
  expect(maskToPolygons(maskOf('....', '.##.', '....'))).toEqual([[1, 1, 1, 2, 3, 2, 3, 1]]);
  expect(maskToPolygons(maskOf('#..', '##.', '..#'))).toEqual([
    [0, 0, 0, 2, 2, 2, 2, 1, 1, 1, 1, 0],
    [2, 2, 2, 3, 3, 3, 3, 2],
  ]);
  const ring = maskOf('###', '#.#', '###');
  expect(maskRings(ring)).toEqual([
    { points: [0, 0, 0, 3, 3, 3, 3, 0], isHole: false },
    { points: [1, 1, 1, 2, 2, 2, 2, 1], isHole: true },
  ]);
  // Into the hole at x = 1, and back.
  expect(maskToPolygons(ring)).toEqual([[0, 0, 0, 3, 3, 3, 3, 0, 1, 0, 1, 1, 1, 2, 2, 2, 2, 1, 1, 1, 1, 0]]);
  const nested = maskOf('#####', '#...#', '#.#.#', '#...#', '#####');
  expect(maskRings(nested).map(({ isHole }) => isHole)).toEqual([false, true, false]);
  expect(runsOf(maskToPolygons(nested), nested)).toEqual(nested.counts);
  expect(maskToPolygons(maskOf('..', '..'))).toEqual([]);
});
