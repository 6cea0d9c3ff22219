import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { rleFromPolygon } from '../../../../datasets/coco/masks/polygon';
import type { CompressedRle } from '../../../../datasets/coco/masks/rle';
import type { Mask } from '../../../../detection/structures/mask';
import {
  compressCounts,
  decompressCounts,
  encodeMask,
  mergeRles,
  subtractRle,
  parseRle,
  rleArea,
  RleError,
  rleFromMask,
  rleIou,
  rleToBox,
  rleToMask,
} from '../../../../datasets/coco/masks/rle';
import { segmentationToRle } from '../../../../datasets/coco/masks/segmentation';
import type { Size } from '../../../../detection/structures/size';
import { describeShared, sharedPath } from '../../../shared';
import { thrownBy } from '../../../thrown';

const masks = fc
  .record({ height: fc.integer({ min: 1, max: 24 }), width: fc.integer({ min: 1, max: 24 }) })
  .chain((size) =>
    fc.record({
      size: fc.constant(size),
      // Runs rather than independent pixels: long runs take several characters.
      first: fc.uint8Array({
        minLength: size.height * size.width,
        maxLength: size.height * size.width,
        max: 1,
      }),
      second: fc.uint8Array({
        minLength: size.height * size.width,
        maxLength: size.height * size.width,
        max: 1,
      }),
    }),
  );

function countPixels(mask: Uint8Array, other: Uint8Array, inside: (a: number, b: number) => boolean): number {
  return mask.reduce((count, value, index) => count + (inside(value, other[index]) ? 1 : 0), 0);
}

describe('run-length masks', () => {
  // Column by column this is 0 1 1 1 0 1: made with pycocotools 2.0.11's encode.
  const mask = Uint8Array.from([0, 1, 0, 1, 1, 1]);
  const size: Size = { height: 2, width: 3 };

  it('reads pixels column by column, zeros first', () => {
    expect([...rleFromMask(mask, size).counts]).toEqual([1, 3, 1, 1]);
    expect(encodeMask(mask, size)).toEqual({ size: [2, 3], counts: '131N' });
    expect([...rleFromMask(Uint8Array.of(1, 1), { height: 1, width: 2 }).counts]).toEqual([0, 2]);
  });

  it('refuses a mask that does not have the size it is said to have', () => {
    expect(() => encodeMask(mask, { height: 2, width: 2 })).toThrow(RangeError);
  });

  it('gives back the mask, its area, its box', () => {
    fc.assert(
      fc.property(masks, ({ size, first }) => {
        const stored = encodeMask(first, size);
        const rle = parseRle(JSON.parse(JSON.stringify(stored)) as CompressedRle);
        expect(rleToMask(rle)).toEqual(first);
        expect(rleArea(rle)).toBe(first.reduce((sum, value) => sum + value, 0));
        const columns = [...first.keys()].filter((i) => first[i] === 1).map((i) => i % size.width);
        const rows = [...first.keys()].filter((i) => first[i] === 1).map((i) => Math.floor(i / size.width));
        const [left, top] = [Math.min(...columns), Math.min(...rows)];
        expect(rleToBox(rle)).toEqual(
          columns.length === 0
            ? [0, 0, 0, 0]
            : [left, top, Math.max(...columns) - left + 1, Math.max(...rows) - top + 1],
        );
      }),
    );
  });

  it('compresses and decompresses any runs', () => {
    fc.assert(
      fc.property(fc.uint32Array({ maxLength: 30 }), (counts) => {
        expect(decompressCounts(compressCounts(counts))).toEqual(counts);
      }),
    );
  });

  it('measures overlap as counted pixel by pixel, symmetric but for crowds', () => {
    fc.assert(
      fc.property(masks, ({ size, first, second }) => {
        const [a, b] = [rleFromMask(first, size), rleFromMask(second, size)];
        const both = countPixels(first, second, (p, q) => p === 1 && q === 1);
        const either = countPixels(first, second, (p, q) => p === 1 || q === 1);
        expect(rleIou(a, b, false)).toBe(both === 0 ? 0 : both / either);
        expect(rleIou(b, a, false)).toBe(rleIou(a, b, false));
        expect(rleIou(a, b, true)).toBe(both === 0 ? 0 : both / rleArea(a));
        expect(rleArea(mergeRles([a, b]))).toBe(either);
        expect(rleToMask(mergeRles([a, b]))).toEqual(first.map((value, index) => value | second[index]));
        expect(rleToMask(subtractRle(a, b))).toEqual(first.map((value, index) => value & ~second[index]));
      }),
    );
  });

  it('gives -1 for masks of different sizes, as maskApi.c', () => {
    const other: Mask = rleFromMask(Uint8Array.of(1, 1), { height: 1, width: 2 });
    expect(rleIou(rleFromMask(mask, size), other, false)).toBe(-1);
  });

  it.each<[string, object, object]>([
    ['no size', { counts: '04' }, { code: 'rle-size' }],
    ['a size of 0', { size: [0, 2], counts: '' }, { code: 'rle-size', facts: { size: [0, 2] } }],
    ['no counts', { size: [2, 2] }, { code: 'rle-counts-type' }],
    [
      'runs that do not fill the image',
      { size: [2, 2], counts: [1, 2] },
      { code: 'rle-counts-sum', facts: { total: 3, height: 2, width: 2 } },
    ],
    [
      'runs beyond the image',
      { size: [2, 2], counts: '0h0' },
      { code: 'rle-counts-sum', facts: { total: 24 } },
    ],
    ['a negative run', { size: [2, 2], counts: [5, -1] }, { code: 'rle-count', facts: { run: 1 } }],
    ['a fraction', { size: [2, 2], counts: [1.5, 2.5] }, { code: 'rle-count', facts: { run: 0 } }],
    ['a text run', { size: [2, 2], counts: ['4'] }, { code: 'rle-count', facts: { run: 0 } }],
    ['a negative compressed run', { size: [2, 2], counts: '5O' }, { code: 'rle-count', facts: { run: 1 } }],
    [
      'an unfinished string',
      { size: [2, 2], counts: '1P' },
      { code: 'rle-counts-text', facts: { position: 2 } },
    ],
    [
      'an endless number',
      { size: [2, 2], counts: 'PPPPPPPPPPPP1' },
      { code: 'rle-counts-text', facts: { position: 8 } },
    ],
    [
      'a character out of range',
      { size: [2, 2], counts: '1 3' },
      { code: 'rle-counts-text', facts: { position: 1 } },
    ],
  ])('refuses %s', (_, segmentation, fault) => {
    const error = thrownBy(() => parseRle(segmentation));
    expect(error).toBeInstanceOf(RleError);
    expect(error).toMatchObject(fault);
  });
});

describe('polygons', () => {
  const size: Size = { height: 10, width: 10 };

  it('fills a rectangle', () => {
    const rle = rleFromPolygon([2, 3, 2, 7, 6, 7, 6, 3], size);
    expect(rleToBox(rle)).toEqual([2, 3, 4, 4]);
    expect(rleArea(rle)).toBe(16);
  });

  it('cuts off what lies outside the image', () => {
    expect(rleToBox(rleFromPolygon([-5, -5, -5, 5, 5, 5, 5, -5], size))).toEqual([0, 0, 5, 5]);
  });

  it('takes the union of several', () => {
    const rle = segmentationToRle(
      [
        [0, 0, 0, 4, 4, 4, 4, 0],
        [2, 2, 2, 6, 6, 6, 6, 2],
      ],
      size,
    );
    expect(rleArea(rle)).toBe(16 + 16 - 4);
  });

  it.each<[string, unknown, string]>([
    ['nothing', [], 'segmentation-empty'],
    ['two corners', [[0, 0, 1, 1]], 'polygon-corners'],
    ['half a corner', [[0, 0, 1, 1, 2, 2, 3]], 'polygon-corners'],
    ['text', [[0, 0, 1, 1, 2, 'x']], 'polygon-numbers'],
    ['a flat list', [0, 0, 1, 1, 2, 2], 'polygon-corners'],
    ['a number', 3, 'segmentation-type'],
    ['null', null, 'segmentation-type'],
    ['what nobody can have drawn', [[0, 0, 5e8, 0, 5e8, 5e8]], 'polygon-far-outside'],
  ])('refuses %s', (_, segmentation, code) => {
    const error = thrownBy(() => segmentationToRle(segmentation, size));
    expect(error).toBeInstanceOf(RleError);
    expect(error).toMatchObject({ code });
  });
});

describeShared('masks of COCO val2014', () => {
  interface Stored {
    readonly segmentation: CompressedRle;
  }

  it('come back to the character', () => {
    const file = sharedPath('data/evaluator/instances_val2014_fakesegm100_results.json');
    const results = JSON.parse(readFileSync(file, 'utf8')) as Stored[];
    expect(results).toHaveLength(734);
    for (const { segmentation } of results) {
      const rle = parseRle(segmentation);
      expect(compressCounts(rle.counts)).toBe(segmentation.counts);
      expect(encodeMask(rleToMask(rle), rle.size)).toEqual(segmentation);
    }
  });
});
