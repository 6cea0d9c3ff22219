import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseRle, rleFromMask, rleToMask, type CompressedRle } from '../../../datasets/coco/masks/rle';
import type { Mask } from '../../../detection/structures/mask';
import {
  cropMask,
  flipMask,
  growMask,
  maskVerticalFlip,
  resizeMask,
} from '../../../detection/structures/mask-transforms';
import type { Size, Window } from '../../../detection/structures/size';
import { describeShared, sharedPath } from '../../shared';

const side = fc.integer({ min: 1, max: 12 });
/** Long runs as well as single pixels. */
const mask = fc.tuple(side, side, fc.constantFrom(0.05, 0.5, 0.95)).chain(([height, width, share]) =>
  fc
    .array(fc.double({ min: 0, max: 1, noNaN: true }), {
      minLength: height * width,
      maxLength: height * width,
    })
    .map((values) =>
      rleFromMask(
        Uint8Array.from(values, (value) => Number(value < share)),
        { height, width },
      ),
    ),
);

/** The mask whose pixels are those of another one at the places given; undefined is outside. */
function pixelByPixel(
  source: Mask,
  { height, width }: Size,
  place: (y: number, x: number) => readonly [y: number, x: number],
): Mask {
  const pixels = rleToMask(source);
  const result = new Uint8Array(height * width);
  for (let i = 0; i < result.length; i++) {
    const [y, x] = place(Math.floor(i / width), i % width);
    const isInside = y >= 0 && x >= 0 && y < source.size.height && x < source.size.width;
    result[i] = isInside ? pixels[y * source.size.width + x] : 0;
  }
  return rleFromMask(result, { height, width });
}

test('a flipped mask is the mirrored bitmap', () => {
  fc.assert(
    fc.property(mask, (source) => {
      const expected = pixelByPixel(source, source.size, (y, x) => [y, source.size.width - 1 - x]);
      expect(flipMask(source)).toEqual(expected);
      expect(flipMask(flipMask(source))).toEqual(source);
    }),
  );
});

test('one that is flipped top to bottom, too', () => {
  fc.assert(
    fc.property(mask, (source) => {
      const expected = pixelByPixel(source, source.size, (y, x) => [source.size.height - 1 - y, x]);
      expect(maskVerticalFlip(source.size)(source)).toEqual(expected);
    }),
  );
});

test('a grown mask has all pixels that are near it', () => {
  fc.assert(
    fc.property(mask, fc.nat(3), (source, distance) => {
      const { height, width } = source.size;
      const pixels = rleToMask(source);
      const near = new Uint8Array(height * width);
      for (let i = 0; i < near.length; i++) {
        if (pixels[i] === 0) continue;
        const [y, x] = [Math.floor(i / width), i % width];
        for (let row = Math.max(0, y - distance); row <= Math.min(height - 1, y + distance); row++) {
          for (
            let column = Math.max(0, x - distance);
            column <= Math.min(width - 1, x + distance);
            column++
          ) {
            near[row * width + column] = 1;
          }
        }
      }
      expect(growMask(source, distance)).toEqual(rleFromMask(near, source.size));
    }),
  );
});

test('a cropped mask is that part of the bitmap, and zeros beyond it', () => {
  const start = fc.integer({ min: -9, max: 14 });
  fc.assert(
    fc.property(mask, start, start, side, side, (source, top, left, height, width) => {
      const window = { top, left, height, width };
      expect(cropMask(source, window)).toEqual(
        pixelByPixel(source, { height, width }, (y, x) => [top + y, left + x]),
      );
    }),
  );
});

describe('a resized mask', () => {
  const nearest = (output: number, from: number, to: number): number =>
    Math.min(Math.floor(Math.fround(output * Math.fround(from / to))), from - 1);

  test('has the nearest pixels of the bitmap', () => {
    const target = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(mask, target, target, (source, height, width) => {
        const expected = pixelByPixel(source, { height, width }, (y, x) => [
          nearest(y, source.size.height, height),
          nearest(x, source.size.width, width),
        ]);
        expect(resizeMask(source, { height, width })).toEqual(expected);
      }),
    );
  });

  test('is itself at its own size', () => {
    fc.assert(fc.property(mask, (source) => expect(resizeMask(source, source.size)).toEqual(source)));
  });

  test('follows float32 where that falls short of the next pixel', () => {
    // 41 * float32(2 / 82) is just below 1.
    const halves = rleFromMask(Uint8Array.of(0, 1), { height: 2, width: 1 });
    expect([...resizeMask(halves, { height: 82, width: 1 }).counts]).toEqual([42, 40]);
  });
});

describe('random masks', () => {
  interface Golden {
    resized: Record<'mask' | 'flipped' | 'flippedVertically' | 'resized', CompressedRle>[];
    jittered: (Record<'mask' | 'resized' | 'cut', CompressedRle> & { window: Window })[];
  }
  const { resized, jittered } = JSON.parse(
    readFileSync(join(__dirname, 'fixtures/mask-transforms.json'), 'utf8'),
  ) as Golden;

  test.each(resized.map((each) => [each.mask.size, each.resized.size, each] as const))(
    'of %p, mirrored and at %p, are those of torchvision',
    (_from, _to, golden) => {
      const source = parseRle(golden.mask);
      const expected = parseRle(golden.resized);
      expect(flipMask(source)).toEqual(parseRle(golden.flipped));
      expect(maskVerticalFlip(source.size)(source)).toEqual(parseRle(golden.flippedVertically));
      expect(resizeMask(source, expected.size)).toEqual(expected);
    },
  );

  test.each(jittered.map((each) => [each.mask.size, each.window, each] as const))(
    'of %p in the window %p of a jittered scale are those of torchvision',
    (_from, window, golden) => {
      const large = resizeMask(parseRle(golden.mask), parseRle(golden.resized).size);
      expect(large).toEqual(parseRle(golden.resized));
      expect(cropMask(large, window)).toEqual(parseRle(golden.cut));
    },
  );
});

describeShared('masks of the tiny Mask R-CNN', () => {
  interface Golden {
    targets: { masks: CompressedRle[] }[];
    transform: { masks: CompressedRle[][] };
  }

  test('are resized as torchvision resizes them', () => {
    const { targets, transform } = JSON.parse(
      readFileSync(sharedPath('golden/golden_tiny_maskrcnn.json'), 'utf8'),
    ) as Golden;
    targets.forEach(({ masks }, image) => {
      const resized = masks.map((each) => resizeMask(parseRle(each), { height: 96, width: 128 }));
      expect(resized).toEqual(transform.masks[image].map(parseRle));
    });
  });
});
