import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { batchSlot, paddedSize, resizeAndNormalize, resizedSize } from '../../../detection/structures/resize';
import type { NormalizeOptions, RgbImage } from '../../../detection/structures/resize';
import type { Size } from '../../../detection/structures/size';
import { describeShared, sharedPath } from '../../shared';

const usual = torchvisionInput({ minSize: 800, maxSize: 1333 });
const asIs: NormalizeOptions = { mean: [0, 0, 0], std: [1, 1, 1], channels: 'rgb' };

function resize(image: RgbImage, to: Size, options: NormalizeOptions = usual): Float32Array {
  const out = new Float32Array(to.height * to.width * 3);
  resizeAndNormalize(image, to, batchSlot(out, to, 0), options);
  return out;
}

function expectClose(actual: Iterable<number>, expected: readonly number[], tolerance: number): void {
  const values = [...actual];
  expect(values).toHaveLength(expected.length);
  expect(Math.max(...values.map((value, i) => Math.abs(value - expected[i])))).toBeLessThanOrEqual(tolerance);
}

describe('resizedSize', () => {
  // golden README, B12: what torchvision's eager mode computes for 800/1333.
  test.each([
    [480, 640, 800, 1066],
    [426, 640, 800, 1201],
    [427, 640, 800, 1199],
    [375, 500, 800, 1066],
    [333, 500, 800, 1201],
    [600, 1200, 666, 1333],
    [1080, 1920, 749, 1333],
    [2000, 1000, 1333, 666],
    [640, 586, 873, 800],
    [359, 640, 747, 1333],
    [383, 640, 797, 1333],
    [97, 97, 799, 799],
    [780, 780, 799, 799],
  ])('%d x %d becomes %d x %d', (height, width, newHeight, newWidth) => {
    const size = resizedSize({ height, width }, usual.resize);
    expect(size).toEqual({ height: newHeight, width: newWidth });
  });

  test('short sides that float64 rounds down to 799 are the 85 known ones', () => {
    const options = { kind: 'shorter-side', minSize: 800, maxSize: 1e9 } as const;
    const short = Array.from({ length: 2000 }, (_, i) => i + 1);
    const rounded = short.filter((s) => resizedSize({ height: s, width: s }, options).height === 799);
    expect(rounded).toHaveLength(85);
    expect(rounded.slice(0, 8)).toEqual([97, 161, 167, 193, 194, 195, 199, 289]);
  });

  test('no side vanishes', () => {
    const size = resizedSize({ height: 1, width: 5000 }, usual.resize);
    expect(size).toEqual({ height: 1, width: 1333 });
  });

  test('a fixed size is that of every image', () => {
    const fixed = { kind: 'fixed', height: 320, width: 300 } as const;
    for (const [height, width] of [
      [1, 5000],
      [320, 300],
      [640, 480],
    ]) {
      expect(resizedSize({ height, width }, fixed)).toEqual({ height: 320, width: 300 });
    }
  });
});

test('paddedSize takes the largest of each axis and rounds up to a multiple', () => {
  const sizes = [
    { height: 800, width: 1066 },
    { height: 801, width: 32 },
  ];
  expect(paddedSize(sizes, 32)).toEqual({ height: 832, width: 1088 });
  expect(paddedSize(sizes, 1)).toEqual({ height: 801, width: 1066 });
});

describeShared('bilinear resize against torch', () => {
  interface Golden {
    interpolate_bilinear: {
      in: number[][];
      out_size: [number, number];
      out: number[][];
      'down_0.6': number[][];
    };
  }
  const golden = (JSON.parse(readFileSync(sharedPath('golden/golden_components.json'), 'utf8')) as Golden)
    .interpolate_bilinear;
  const image: RgbImage = {
    pixels: Float32Array.from(golden.in.flat().flatMap((value) => [value, -value, 2 * value])),
    size: { height: 4, width: 5 },
  };

  // The stored numbers have seven digits.
  test.each([
    ['larger', golden.out],
    ['smaller, without antialiasing', golden['down_0.6']],
  ])('%s', (_, expected) => {
    const out = resize(image, { height: expected.length, width: expected[0].length }, asIs);
    expectClose(
      out.filter((_, i) => i % 3 === 0),
      expected.flat(),
      1e-6,
    );
    expectClose(
      out.filter((_, i) => i % 3 === 2),
      expected.flat().map((value) => 2 * value),
      2e-6,
    );
  });
});

describe('resizeAndNormalize', () => {
  const side = fc.integer({ min: 1, max: 9 });
  const picture = fc
    .tuple(side, side)
    .chain(([height, width]) =>
      fc
        .uint8Array({ minLength: height * width * 3, maxLength: height * width * 3 })
        .map((pixels): RgbImage => ({ pixels, size: { height, width } })),
    );
  const target = fc.record({ height: side, width: side });

  test('to its own size it only normalizes', () => {
    fc.assert(
      fc.property(picture, (image) => {
        const expected = Array.from(image.pixels, (byte, i) => {
          return (byte / 255 - [0.485, 0.456, 0.406][i % 3]) / [0.229, 0.224, 0.225][i % 3];
        });
        expectClose(resize(image, image.size), expected, 1e-6);
      }),
    );
  });

  test('equals the formula of bilinear interpolation with half-pixel centers', () => {
    fc.assert(
      fc.property(picture, target, ({ pixels, size }, to) => {
        const expected: number[] = [];
        const position = (i: number, from: number, length: number): number =>
          Math.min(Math.max(((i + 0.5) * from) / length - 0.5, 0), from - 1);
        for (let y = 0; y < to.height; y++) {
          for (let x = 0; x < to.width; x++) {
            const [sy, sx] = [position(y, size.height, to.height), position(x, size.width, to.width)];
            for (let c = 0; c < 3; c++) {
              let sum = 0;
              for (const py of [Math.floor(sy), Math.ceil(sy)]) {
                for (const px of [Math.floor(sx), Math.ceil(sx)]) {
                  const weight =
                    (py === sy ? (Number.isInteger(sy) ? 0.5 : 1) : 1 - Math.abs(py - sy)) *
                    (px === sx ? (Number.isInteger(sx) ? 0.5 : 1) : 1 - Math.abs(px - sx));
                  sum += (weight * pixels[(py * size.width + px) * 3 + c]) / 255;
                }
              }
              expected.push(sum);
            }
          }
        }
        expectClose(resize({ pixels, size }, to, asIs), expected, 3e-6);
      }),
    );
  });

  test('mirrored twice is the picture itself; the mirror image comes out the same either way', () => {
    fc.assert(
      fc.property(picture, target, (image, to) => {
        const { height, width } = image.size;
        const mirrored = image.pixels.map((_, i) => {
          const [y, x, c] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
          return image.pixels[(y * width + (width - 1 - x)) * 3 + c];
        });
        const other: RgbImage = { pixels: mirrored, size: { height, width } };
        expect(resize(other, to, { ...usual, flip: true })).toEqual(resize(image, to));
        expect(resize(image, to, { ...usual, flip: true })).toEqual(resize(other, to));
      }),
    );
  });

  test('bytes and the floats they stand for give the same', () => {
    fc.assert(
      fc.property(picture, target, ({ pixels, size }, to) => {
        const floats = Float32Array.from(pixels, (byte) => byte / 255);
        expect(resize({ pixels: floats, size }, to)).toEqual(resize({ pixels, size }, to));
      }),
    );
  });

  test('blue, green, red of a picture by hand', () => {
    const bgr: NormalizeOptions = { mean: [0.2, 0, 1], std: [0.2, 1, 0.5], channels: 'bgr' };
    const size = { height: 1, width: 2 };
    const pixels = Float32Array.of(1, 0.5, 0.2, 0.75, 0.25, 0.6);
    expectClose(resize({ pixels, size }, size, bgr), [0, 0.5, 0, 2, 0.25, -0.5], 1e-6);
    const bytes = Uint8Array.from(pixels, (value) => Math.round(255 * value));
    expectClose(resize({ pixels: bytes, size }, size, bgr), [0, 0.5, 0, 2, 0.25, -0.5], 0.02);
  });

  test('blue, green, red is what the picture with red and blue exchanged gives', () => {
    const values = fc.array(fc.double({ min: 0.1, max: 0.9, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(picture, target, values, values, fc.boolean(), (image, to, mean, std, flip) => {
        const exchanged = image.pixels.map((_, i) => image.pixels[i + 2 - 2 * (i % 3)]);
        const options = { mean, std, flip };
        const expected = resize({ pixels: exchanged, size: image.size }, to, { ...options, channels: 'rgb' });
        expect(resize(image, to, { ...options, channels: 'bgr' })).toEqual(expected);
        const floats = { pixels: Float32Array.from(image.pixels, (byte) => byte / 255), size: image.size };
        expect(resize(floats, to, { ...options, channels: 'bgr' })).toEqual(expected);
      }),
    );
  });

  test('writes its slot of a padded batch, zeros around the picture, and nothing else', () => {
    const padded = { height: 4, width: 5 };
    const batch = new Float32Array(3 * 4 * 5 * 3).fill(7);
    const image: RgbImage = { pixels: new Uint8Array(12).fill(255), size: { height: 2, width: 2 } };
    resizeAndNormalize(image, { height: 3, width: 2 }, batchSlot(batch, padded, 1), asIs);
    const isPicture = (i: number) => i < 3 * 15 && i % 15 < 6;
    const slot = Array.from({ length: 60 }, (_, i) => (isPicture(i) ? 1 : 0));
    const others = Array<number>(60).fill(7);
    expect([...batch]).toEqual([...others, ...slot, ...others]);
  });

  test('a window is that part of the whole picture, and zeros beyond it', () => {
    const side = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(
        side,
        side,
        side,
        side,
        side,
        fc.nat(),
        fc.boolean(),
        (h, w, toH, toW, length, at, flip) => {
          const [size, to] = [
            { height: h, width: w },
            { height: toH, width: toW },
          ];
          const image = { pixels: Uint8Array.from({ length: h * w * 3 }, (_, i) => (i * 89) % 256), size };
          const window = { top: at % toH, left: at % toW, height: length, width: length + 1 };
          const out = new Float32Array(length * (length + 1) * 3).fill(7);
          resizeAndNormalize(image, to, batchSlot(out, window, 0), { ...usual, flip, window });
          const whole = resize(image, to, { ...usual, flip });
          const expected = out.map((_, i) => {
            const [y, x] = [Math.floor(i / 3 / window.width), Math.floor(i / 3) % window.width];
            const isInside = window.top + y < toH && window.left + x < toW;
            return isInside ? whole[((window.top + y) * toW + window.left + x) * 3 + (i % 3)] : 0;
          });
          expect(out).toEqual(expected);
        },
      ),
    );
  });

  test('refuses pixels that do not fit the size', () => {
    const image: RgbImage = { pixels: new Uint8Array(11), size: { height: 2, width: 2 } };
    expect(() => resize(image, { height: 1, width: 1 })).toThrow('11 values are no RGB image of 2x2 pixels');
  });
});
