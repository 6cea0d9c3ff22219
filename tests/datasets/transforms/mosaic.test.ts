import fc from 'fast-check';
import { drawMosaic } from '../../../datasets/transforms/mosaic';
import { RandomStream } from '../../../detection/nn/random';
import { drawing } from './geometry-golden';

test('four pictures at half their size, each with a corner where all meet', () => {
  const sizes = [
    { height: 60, width: 80 },
    { height: 41, width: 30 },
    { height: 1, width: 90 },
    { height: 100, width: 10 },
  ];
  const mosaic = { height: 60, width: 80 };
  // Halfway between a quarter and three quarters, and at a quarter.
  const tiles = drawMosaic(drawing({ uniform: [0.5, 0] }), mosaic, sizes);
  expect(tiles).toEqual([
    { resized: { height: 30, width: 40 }, window: { top: 15, left: 0, ...mosaic } },
    { resized: { height: 20, width: 15 }, window: { top: 5, left: -40, ...mosaic } },
    { resized: { height: 1, width: 45 }, window: { top: -15, left: 5, ...mosaic } },
    { resized: { height: 50, width: 5 }, window: { top: -15, left: -40, ...mosaic } },
  ]);
});

test('no two are seen at the same place', () => {
  const side = fc.integer({ min: 1, max: 50 });
  const size = fc.record({ height: side, width: side });
  const four = fc.tuple(size, size, size, size);
  fc.assert(
    fc.property(fc.nat(), size, four, (seed, mosaic, sizes) => {
      const seen = new Uint8Array(mosaic.height * mosaic.width);
      const tiles = drawMosaic(new RandomStream(seed, 'mosaic'), mosaic, sizes);
      for (const { resized, window } of tiles) {
        for (let y = 0; y < mosaic.height; y++) {
          for (let x = 0; x < mosaic.width; x++) {
            const [row, column] = [y + window.top, x + window.left];
            const isInside = row >= 0 && row < resized.height && column >= 0 && column < resized.width;
            if (isInside) seen[y * mosaic.width + x]++;
          }
        }
      }
      expect(Math.max(...seen)).toBeLessThanOrEqual(1);
    }),
    { numRuns: 40 },
  );
});
