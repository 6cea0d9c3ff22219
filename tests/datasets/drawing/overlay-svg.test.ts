import fc from 'fast-check';
import { DOMParser } from 'linkedom';
import { categoryColor } from '../../../datasets/drawing/palette';
import { overlaySvg } from '../../../datasets/drawing/overlay-svg';
import { textPath } from '../../../datasets/drawing/stroke-font';

const anyText = fc.string({ unit: 'binary', minLength: 1 });
const color = '#ff8a00';

test('whatever the label holds, the drawing has the same elements', () => {
  const elements = (label: string) => {
    const svg = overlaySvg({ width: 100, height: 80 }, [{ box: [10, 20, 60, 70], label, color }]);
    const document = new DOMParser().parseFromString(svg, 'image/svg+xml');
    const found = document.querySelectorAll('*') as Iterable<{ tagName: string }>;
    return Array.from(found, ({ tagName }) => tagName);
  };
  const expected = ['svg', 'g', 'title', 'rect', 'rect', 'path'];
  expect(elements('</title><script>alert(1)</script>')).toEqual(expected);
  fc.assert(fc.property(anyText, (label) => expect(elements(label)).toEqual(expected)));
  expect(elements('')).toEqual(['svg', 'g', 'title', 'rect']); // nothing to say
});

test('labels stay inside the image, however long they are and wherever the box is', () => {
  const size = { width: 200, height: 100 };
  const edge = fc.integer({ min: -20, max: 220 });
  fc.assert(
    fc.property(anyText, edge, edge, (label, x, y) => {
      const svg = overlaySvg(size, [{ box: [x, y, x + 30, y + 30], label, score: 0.9, color }]);
      const [, ground] = svg.match(/<rect [^>]*>/g)!;
      const [left, top, width, height] = [...ground.matchAll(/"(-?[\d.]+)"/g)].map((match) =>
        Number(match[1]),
      );
      expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(size.width + 0.02);
      expect(top + height).toBeLessThanOrEqual(size.height + 0.02);
    }),
  );
});

test('the path of a text is digits, moves and lines only', () => {
  expect(textPath('L.')).toEqual({ path: 'M0 0L0 6L4 6M6 6L6 6', width: 6 });
  fc.assert(fc.property(anyText, (text) => expect(textPath(text).path).toMatch(/^[ML\d ]*$/)));
});

test('every printable ASCII character has a glyph of its own', () => {
  const printable = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i));
  const paths = new Set([...printable, '日'].map((character) => textPath(character).path));
  expect(paths.size).toBe(94); // capital O and zero look alike
  expect(textPath('O').path).toBe(textPath('0').path);
  expect(textPath('constructor').path).not.toBe('');
});

test('sixteen labels have sixteen colors', () => {
  const colors = Array.from({ length: 17 }, (_, i) => categoryColor(i + 1));
  expect(new Set(colors).size).toBe(16);
  expect(colors[16]).toBe(colors[0]);
  for (const hex of colors) expect(hex).toMatch(/^#[0-9a-f]{6}$/);
});

test('captions and lines of many small objects in a large picture are small', () => {
  const draw = (side: number): number => {
    const small = {
      box: [500, 500, 500 + side, 500 + side],
      label: 'a',
      score: 0.5,
      color: '#ff0000',
    } as const;
    return Number(
      /stroke-width="([\d.]+)" stroke-linejoin/.exec(overlaySvg({ width: 4000, height: 4000 }, [small]))![1],
    );
  };
  expect(draw(50)).toBe(3);
  expect(draw(2000)).toBe(24);
});
