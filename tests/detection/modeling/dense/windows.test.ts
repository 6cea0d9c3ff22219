import fc from 'fast-check';
import { coverWithWindows, WINDOW_SIDE } from '../../../../detection/modeling/dense/windows';

const radius = (WINDOW_SIDE - 1) / 2;

test('every place has a cell of a window, which lies where the place does', () => {
  const map = fc.record({ height: fc.integer({ min: 1, max: 12 }), width: fc.integer({ min: 1, max: 12 }) });
  const drawn = map.chain((size) =>
    fc.record({
      size: fc.constant(size),
      places: fc.array(fc.nat(size.height * size.width - 1), { maxLength: 30 }),
    }),
  );
  fc.assert(
    fc.property(drawn, ({ size, places }) => {
      const sorted = Int32Array.from(places).sort();
      const { centers, cells } = coverWithWindows(sorted, size);
      for (const center of centers) {
        expect(center).toBeGreaterThanOrEqual(0);
        expect(center).toBeLessThan(size.height * size.width);
      }
      const found = cells.map((cell) => {
        const window = Math.floor(cell / WINDOW_SIDE ** 2);
        const [row, column] = [Math.floor(cell / WINDOW_SIDE) % WINDOW_SIDE, cell % WINDOW_SIDE];
        const center = centers[window];
        const x = (center % size.width) + column - radius;
        const y = Math.floor(center / size.width) + row - radius;
        return y * size.width + x;
      });
      expect(found).toEqual(sorted);
      // No window without a place of its own.
      const used = new Set(Array.from(cells, (cell) => Math.floor(cell / WINDOW_SIDE ** 2)));
      expect(used.size).toBe(centers.length);
    }),
    { numRuns: 500 },
  );
});

test('places within five of one another share a window, also where the first row has its place on the right', () => {
  const width = 20;
  const at = (x: number, y: number): number => y * width + x;
  const places = Int32Array.of(at(9, 3), at(7, 4), at(8, 5), at(11, 7), at(19, 8));
  const { centers, cells } = coverWithWindows(places, { height: 9, width });
  expect([...centers]).toEqual([at(9, 5), at(19, 8)]);
  expect(cells).toHaveLength(5);
});
