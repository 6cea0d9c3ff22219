import { placeCaptions } from '../../../datasets/drawing/place-captions';

const image = { width: 100, height: 60 };
const captionOf = (x: number, y: number) => ({ box: [x, y, x + 20, y + 15], width: 30, height: 10 }) as const;

test('a caption stands above its box; in its corner where the image ends; elsewhere where another one is', () => {
  expect(placeCaptions([captionOf(10, 20)], image)).toMatchObject([{ left: 10, top: 10 }]);
  expect(placeCaptions([captionOf(10, 5)], image)).toMatchObject([{ left: 10, top: 5 }]);
  expect(placeCaptions([captionOf(10, 20), captionOf(12, 22)], image)).toMatchObject([
    { left: 10, top: 10 },
    { left: 12, top: 22 },
  ]);
});

test('captions that find a place overlap none; those without one cover the least, or are left out', () => {
  const crowd = Array.from({ length: 30 }, (_, k) => captionOf(4 * (k % 6), 3 * k));
  const all = placeCaptions(crowd, image);
  const free = placeCaptions(crowd, image, { isFree: true });
  expect(all).not.toContain(undefined);
  const placed = free.filter((place) => place !== undefined);
  expect(placed.length).toBeGreaterThan(4);
  expect(placed.length).toBeLessThan(30);
  placed.forEach((a, i) =>
    placed.slice(i + 1).forEach((b) => {
      const isApart =
        a.left + a.width <= b.left ||
        b.left + b.width <= a.left ||
        a.top + a.height <= b.top ||
        b.top + b.height <= a.top;
      expect(isApart).toBe(true);
    }),
  );
  for (const { left, top, width, height } of all as typeof placed) {
    expect(Math.min(left, top)).toBeGreaterThanOrEqual(0);
    expect(left + width).toBeLessThanOrEqual(image.width);
    expect(top + height).toBeLessThanOrEqual(image.height);
  }
});
