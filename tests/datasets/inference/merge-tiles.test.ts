import fc from 'fast-check';
import { borderMargin, mergeTiles, type TileDetections } from '../../../datasets/inference/merge-tiles';
import { tileGrid } from '../../../datasets/inference/tile-grid';
import type { Detections } from '../../../detection/structures/instances';
import type { Window } from '../../../detection/structures/size';

type Box = readonly [number, number, number, number];
interface Seen {
  readonly box: Box;
  readonly label?: number;
  readonly score?: number;
}

const PICTURE = { width: 1000, height: 700 };
const TILES = { size: 300, overlap: 0.2 };
const OVERLAP = 60;
const GRID = tileGrid(PICTURE, TILES);
const NMS = 0.5;

function detections(seen: readonly Seen[]): Detections {
  return {
    boxes: Float32Array.from(seen.flatMap(({ box }) => box)),
    labels: Int32Array.from(seen, ({ label = 1 }) => label),
    scores: Float32Array.from(seen, ({ score = 0.9 }) => score),
  };
}

/** What a detector finds in each tile: of each object the part that can be seen, if it is as much as `least` pixels long. */
function inTiles(objects: readonly Seen[], least = 2, offBorder = 0): TileDetections[] {
  return GRID.map((window) => ({
    window,
    detections: detections(objects.flatMap(seenIn(window, least, offBorder))),
  }));
}

function seenIn(
  { left, top, width, height }: Window,
  least: number,
  offBorder: number,
): (object: Seen) => Seen[] {
  return ({ box: [x1, y1, x2, y2], ...object }) => {
    const box: Box = [
      Math.max(x1, left > 0 ? left + offBorder : 0),
      Math.max(y1, top > 0 ? top + offBorder : 0),
      Math.min(x2, left + width - (left + width < PICTURE.width ? offBorder : 0)),
      Math.min(y2, top + height - (top + height < PICTURE.height ? offBorder : 0)),
    ];
    return box[2] - box[0] >= least && box[3] - box[1] >= least ? [{ ...object, box }] : [];
  };
}

const NOTHING = detections([]);
const merge = (tiles: readonly TileDetections[], overview = NOTHING): Detections =>
  mergeTiles(overview, tiles, PICTURE, NMS);
const boxesOf = ({ boxes }: Detections): number[][] =>
  Array.from({ length: boxes.length / 4 }, (_, k) => [...boxes.subarray(4 * k, 4 * k + 4)]);

test('an object smaller than the overlap is found once and whole wherever it lies, whatever boxes of its parts miss of the border', () => {
  const most = OVERLAP - 2 * borderMargin(GRID[0]);
  const object = fc
    .record({
      width: fc.integer({ min: 4, max: most }),
      height: fc.integer({ min: 4, max: most }),
      u: fc.double({ min: 0, max: 1, noNaN: true }),
      v: fc.double({ min: 0, max: 1, noNaN: true }),
    })
    .map(({ width, height, u, v }): Box => {
      const x = Math.round(u * (PICTURE.width - width));
      const y = Math.round(v * (PICTURE.height - height));
      return [x, y, x + width, y + height];
    });
  const offBorder = fc.double({ min: 0, max: borderMargin(GRID[0]) - 0.01, noNaN: true });
  fc.assert(
    fc.property(object, offBorder, (box, off) => {
      expect(boxesOf(merge(inTiles([{ box }], 2, off)))).toEqual([[...box]]);
    }),
    { numRuns: 500, seed: 1 },
  );
});

test('tiles know of each small object of a crowd, also at the seams', () => {
  const objects: Seen[] = [];
  for (let y = 3; y + 20 < PICTURE.height; y += 23) {
    for (let x = 5; x + 20 < PICTURE.width; x += 23) objects.push({ box: [x, y, x + 20, y + 20] });
  }
  const found = boxesOf(merge(inTiles(objects)));
  expect(found).toHaveLength(objects.length);
  const sorted = found.sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  expect(sorted).toEqual(objects.map(({ box }) => [...box]));
});

describe('an object that no tile has as a whole', () => {
  const long: Seen = { box: [100, 200, 900, 240], score: 0.7 };

  test('is one box if it is found in the picture, whatever its parts score', () => {
    const whole = detections([{ ...long, score: 0.3 }]);
    const merged = merge(inTiles([long]), whole);
    expect(boxesOf(merged)).toEqual([[...long.box]]);
    expect([...merged.scores]).toEqual([Math.fround(0.3)]);
  });

  test('is joined of its parts if it is not', () => {
    const parts = inTiles([long]).map(({ window, detections: { scores, ...rest } }) => ({
      window,
      detections: { ...rest, scores: scores.map((score) => score - window.left / 10000) },
    }));
    const merged = merge(parts);
    expect(boxesOf(merged)).toEqual([[...long.box]]);
    expect([...merged.scores]).toEqual([Math.fround(0.7)]);
  });

  test('is not joined with another beside it, above it, or of another label', () => {
    const others: Seen[] = [
      { box: [100, 245, 900, 285] },
      { box: [100, 100, 900, 140], label: 2 },
      { box: [100, 102, 900, 142], label: 1 },
    ];
    const merged = merge(inTiles([long, ...others]));
    expect(new Set(boxesOf(merged).map(String))).toEqual(
      new Set([long, ...others].map(({ box }) => String(box))),
    );
  });
});

test('what tiles and picture both find whole is one object with the better box; of two labels it is two', () => {
  const overview = detections([
    { box: [100, 100, 140, 140], score: 0.6 },
    { box: [500, 300, 540, 340], score: 0.95 },
    { box: [100, 100, 140, 140], label: 2, score: 0.5 },
  ]);
  const merged = merge(inTiles([{ box: [102, 100, 142, 140] }, { box: [503, 300, 543, 340] }]), overview);
  expect(boxesOf(merged)).toEqual([
    [500, 300, 540, 340],
    [102, 100, 142, 140],
    [100, 100, 140, 140],
  ]);
  expect([...merged.labels]).toEqual([1, 1, 2]);
});

test('a small object inside of a large one of its label stays, as do two small ones that touch a seam', () => {
  const large: Seen = { box: [50, 50, 950, 650], score: 0.8 };
  const seam = GRID[0].width;
  const small: Seen[] = [{ box: [seam - 30, 320, seam, 350] }, { box: [seam + 2, 320, seam + 32, 350] }];
  const merged = merge(inTiles([large, ...small]), detections([large]));
  const found = new Set(boxesOf(merged).map(String));
  for (const { box } of [large, ...small]) expect(found).toContain(String(box));
  // Tiles that see nothing but the inside of the large one think that it ends where they do.
  expect(found.size).toBe(3);
});

test('an empty picture has no objects', () => {
  expect(merge(inTiles([]))).toEqual(NOTHING);
});
