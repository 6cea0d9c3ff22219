import sharp from 'sharp';
import { rleFromMask } from '../../../datasets/coco/masks/rle';
import { drawBoxes } from '../../../datasets/drawing/draw-detections';
import { maskPath } from '../../../datasets/drawing/mask-path';
import { objectsToDraw } from '../../../datasets/drawing/objects-to-draw';
import { overlaySvg } from '../../../datasets/drawing/overlay-svg';
import { categoryColor } from '../../../datasets/drawing/palette';

const size = { width: 60, height: 40 };
/** A frame from (10, 10) to (50, 30) with a hole from (20, 15) to (40, 25). */
const frame = rleFromMask(
  Uint8Array.from({ length: 60 * 40 }, (_, i) => {
    const [x, y] = [i % 60, Math.floor(i / 60)];
    const isIn = x >= 10 && x < 50 && y >= 10 && y < 30;
    return Number(isIn && !(x >= 20 && x < 40 && y >= 15 && y < 25));
  }),
  size,
);
const empty = { size, counts: Uint32Array.of(60 * 40) };
const detections = {
  boxes: Float32Array.of(10, 10, 50, 30, 0, 0, 5, 5),
  labels: Int32Array.of(2, 1),
  scores: Float32Array.of(0.75, 0.5),
};
const nameOf = (label: number) => ['cat', 'dog'][label - 1];

test('what is drawn of objects: masks, and keypoints that the detector is sure of, or that are known', () => {
  const keypoints = Float32Array.of(11, 12, 1, 20, 21, 1, 1, 1, 1, 4, 4, 1);
  const keypointScores = Float32Array.of(3, -2, 0, 0.5);
  const layout = { skeleton: [[0, 1]] as const };
  const found = { ...detections, masks: [frame, empty], keypoints, keypointScores };
  expect(objectsToDraw(found, { nameOf, layout })).toEqual([
    {
      box: [10, 10, 50, 30],
      label: 'dog',
      score: 0.75,
      color: categoryColor(2),
      mask: frame,
      keypoints: { points: Float32Array.of(11, 12, 2, 0, 0, 0), skeleton: [[0, 1]] },
    },
    expect.objectContaining({
      label: 'cat',
      keypoints: { points: Float32Array.of(0, 0, 0, 4, 4, 2), skeleton: [[0, 1]] },
    }),
  ]);
  expect([...keypoints].filter((_, i) => i % 3 === 2)).toEqual([1, 1, 1, 1]); // as they were

  const { boxes, labels } = detections;
  const known = { boxes, labels, masks: [frame, empty], hasMask: Uint8Array.of(1, 0), keypoints };
  const [first, second] = objectsToDraw(known, { nameOf });
  expect(first).not.toHaveProperty('score');
  expect(first.keypoints).toEqual({ points: keypoints.slice(0, 6), skeleton: [] });
  expect(second).not.toHaveProperty('mask');
});

test('the path of a mask has its corners, in pixels of the drawing', () => {
  const path = 'M10 10V30H50V10ZM20 15V25H40V15Z';
  expect(maskPath(frame, size)).toBe(path);
  expect(maskPath(frame, { width: 30, height: 20 })).toBe('M5 5V15H25V5ZM10 8V13H20V8Z');
  expect(maskPath(frame, { width: 120, height: 80 })).toBe('M20 20V60H100V20ZM40 30V50H80V30Z');
  expect(maskPath(empty, size)).toBe('');
});

test('masks are translucent and leave their holes free; keypoints and lines that are not seen are not drawn', async () => {
  const pixels = new Uint8Array(60 * 40 * 3).fill(200);
  const points = Float32Array.of(15, 20, 2, 45, 20, 2, 30, 35, 0);
  const keypoints = {
    points,
    skeleton: [
      [0, 1],
      [1, 2],
    ] as const,
  };
  const box = { box: [10, 10, 50, 30], label: '', color: '#0000ff' } as const;
  const at = async (objects: Parameters<typeof drawBoxes>[1]) => {
    const raw = await sharp(await drawBoxes({ pixels, size }, objects, 'png'))
      .raw()
      .toBuffer();
    return (x: number, y: number) => [...raw.subarray(3 * (60 * y + x), 3 * (60 * y + x) + 3)];
  };
  const masked = await at([{ ...box, mask: frame }]);
  const [red, green, blue] = masked(15, 26);
  expect([red, green]).toEqual([130, 130]);
  expect(blue).toBe(219);
  expect(masked(30, 20)).toEqual([200, 200, 200]); // in the hole
  expect(masked(5, 5)).toEqual([200, 200, 200]);

  const jointed = await at([{ ...box, keypoints }]);
  expect(jointed(30, 20)).not.toEqual([200, 200, 200]); // on the line
  expect(jointed(15, 20)).toEqual([0, 0, 255]);
  expect(jointed(30, 35)).toEqual([200, 200, 200]);
  expect(jointed(38, 27)).toEqual([200, 200, 200]);
});

test('a crowd has short captions that do not hide it: scores where all are of one category, names otherwise', () => {
  const crowdOf = (...labels: string[]) =>
    Array.from({ length: 40 }, (_, k) => {
      const [x, y] = [12 * (k % 8), 12 * Math.floor(k / 8)];
      return {
        box: [x, y, x + 10, y + 10] as const,
        label: labels[k % labels.length],
        score: 0.5,
        color: '#ff8a00',
      };
    });
  const image = { width: 100, height: 70 };
  const grounds = (svg: string): number => [...svg.matchAll(/fill="#ff8a00"/g)].length;
  const texts = (svg: string) =>
    new Set(
      [...svg.matchAll(/ d="([^"]*)" fill="none" stroke="#ff8a00" stroke-width="1"/g)].map(([, d]) => d),
    );
  const alike = overlaySvg(image, crowdOf('cat'));
  expect(grounds(alike)).toBe(0);
  expect(texts(alike).size).toBe(1); // 0.50
  const different = texts(overlaySvg(image, crowdOf('cat', 'dog')));
  expect(different.size).toBe(2);
  expect(different).not.toContain([...texts(alike)][0]);
  // Few captions are whole, however little room there is.
  expect(grounds(overlaySvg(image, crowdOf('cat').slice(0, 5)))).toBe(5);
});
