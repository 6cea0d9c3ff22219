import fc from 'fast-check';
import { tileGrid } from '../../../datasets/inference/tile-grid';

const pictures = fc.record({
  picture: fc.record({ width: fc.integer({ min: 1, max: 900 }), height: fc.integer({ min: 1, max: 900 }) }),
  tiles: fc.record({
    size: fc.integer({ min: 64, max: 600 }),
    overlap: fc.double({ min: 0, max: 0.7, noNaN: true }),
  }),
});

test('tiles have one size, lie in the picture, and cover it', () => {
  fc.assert(
    fc.property(pictures, ({ picture, tiles }) => {
      const grid = tileGrid(picture, tiles);
      const width = Math.min(tiles.size, picture.width);
      const height = Math.min(tiles.size, picture.height);
      const [lefts, tops] = (['left', 'top'] as const).map((side) => [
        ...new Set(grid.map((window) => window[side])),
      ]);
      expect(grid).toEqual(tops.flatMap((top) => lefts.map((left) => ({ top, left, width, height }))));
      for (const [starts, side, length] of [
        [lefts, width, picture.width],
        [tops, height, picture.height],
      ] as const) {
        expect(starts[0]).toBe(0);
        expect(starts.at(-1)).toBe(length - side);
        const gaps = starts.slice(1).map((start, i) => start - starts[i]);
        // Neighbors share what they should, and tiles are no more than that takes.
        for (const gap of gaps) expect(gap).toBeLessThanOrEqual(Math.max(1, side * (1 - tiles.overlap)));
        const stride = Math.max(1, tiles.size - Math.ceil(tiles.size * tiles.overlap));
        expect(gaps.length).toBe(Math.ceil(Math.max(0, length - tiles.size) / stride));
      }
    }),
    { numRuns: 100, seed: 1 },
  );
});

test('the tiles of SAHI’s example', () => {
  const grid = tileGrid({ width: 1068, height: 580 }, { size: 256, overlap: 0.2 });
  expect(grid).toHaveLength(5 * 3);
  expect(grid[1]).toEqual({ left: 203, top: 0, width: 256, height: 256 });
});
