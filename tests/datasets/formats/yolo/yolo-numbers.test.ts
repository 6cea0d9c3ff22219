import fc from 'fast-check';
import {
  parseShare,
  pixelOf,
  pixelSpan,
  shareText,
  spanTexts,
} from '../../../../datasets/formats/yolo/yolo-numbers';

const sides = fc.integer({ min: 1, max: 6000 });
const hundredths = (side: number): fc.Arbitrary<number> =>
  fc.integer({ min: 0, max: 100 * side }).map((value) => value / 100);
const spans = sides.chain((side) =>
  fc.tuple(hundredths(side), hundredths(side)).map(([a, b]) => {
    const [start, end] = [Math.min(a, b), Math.max(a, b)];
    return { side, start, length: Number((end - start).toFixed(2)) };
  }),
);

test('pixels with two decimals, which COCO has, come back from six decimals to the digit', () => {
  fc.assert(
    fc.property(spans, ({ side, start, length }) => {
      const texts = spanTexts(start, length, side);
      expect(texts.every((text) => /^\d\.\d{6}$/.test(text))).toBe(true);
      expect(pixelSpan(parseShare(texts[0])!, parseShare(texts[1])!, side)).toEqual([start, length]);
      const text = shareText(start, side);
      expect(pixelOf(parseShare(text)!, side)).toBe(start);
    }),
  );
});

test('any others come back with more decimals, but for the last digits of a double', () => {
  const real = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(sides, real, real, (side, a, b) => {
      const [start, length] = [side * a * 0.5, side * b * 0.5];
      const texts = spanTexts(start, length, side);
      const [x, w] = pixelSpan(parseShare(texts[0])!, parseShare(texts[1])!, side);
      expect(Math.abs(x - start)).toBeLessThan(1e-12 * side);
      expect(Math.abs(w - length)).toBeLessThan(1e-12 * side);
    }),
  );
});

test('what ultralytics writes of a box, "%.6f" of center and size, is what is written here', () => {
  // ultralytics.data.converter.convert_coco: box[:2] += box[2:] / 2; box[[0, 2]] /= w; box[[1, 3]] /= h.
  expect(spanTexts(109, 215, 640)).toEqual(['0.338281', '0.335938']);
  expect(spanTexts(134, 187, 480)).toEqual(['0.473958', '0.389583']);
});

test.each([
  ['0.5', 320],
  ['.25', 160],
  ['1', 640],
  ['5e-1', 320],
  ['0.338281', 216.5],
  ['0.41093750000000001', 263],
  ['0.123456789', 79.01234496],
])('%s of 640 pixels is %d', (text, pixels) => {
  const found = pixelOf(parseShare(text)!, 640);
  if (text === '0.338281') expect(found).toBe(216.5);
  else expect(found).toBeCloseTo(pixels, 5);
});

test.each(['', 'a', '0,5', 'nan', 'inf', '0x1', '1_0', '--1', '.'])('%j is no number', (text) => {
  expect(parseShare(text)).toBeUndefined();
});
