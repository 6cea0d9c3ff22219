import { compressMask, rleArea, rleFromMask, rleIou } from '../../../../datasets/coco/masks/rle';
import { segmentationToRle } from '../../../../datasets/coco/masks/segmentation';
import { outlineOf, pageShape } from '../../../../tools/browse/collect/page-shape';

const size = { width: 200, height: 160 };
/** A disk with a hole. */
const disk = rleFromMask(
  Uint8Array.from({ length: 200 * 160 }, (_, i) => {
    const away = Math.hypot((i % 200) - 100, Math.floor(i / 200) - 80);
    return Number(away < 60 && away > 20);
  }),
  size,
);

test('outlines of masks are short, and near to their pixels', () => {
  const path = outlineOf(disk);
  expect(path.length).toBeLessThan(500);
  const [outer, hole] = path
    .split('Z')
    .map((ring) => [...ring.matchAll(/[\d.]+/g)].map(([number]) => Number(number)))
    .map((ring) => (ring.length > 0 ? segmentationToRle([ring], size) : disk));
  expect(rleArea(outer) - rleArea(hole)).toBeGreaterThan(0.98 * rleArea(disk));
  expect(rleIou(disk, outer, true)).toBeGreaterThan(0.98);
});

test('of annotations: polygons as they are, run lengths as outlines; what is malformed is not drawn', () => {
  const polygons = [[10, 20, 30.25, 20, 30, 40]];
  expect(pageShape({ segmentation: polygons }, size)).toEqual({ outline: 'M10 20L30.3 20L30 40Z' });
  expect(pageShape({ segmentation: compressMask(disk) }, size)).toEqual({ outline: outlineOf(disk) });
  for (const segmentation of [undefined, [], [[1, 2]], { size: [1, 1], counts: [1] }, 'x']) {
    expect(pageShape({ segmentation }, size)).toEqual({});
  }
});

test('keypoints: those of annotations as they are, detected ones where their score says so', () => {
  const keypoints = [1.25, 2, 1, 3, 4, 1];
  expect(pageShape({ keypoints }, size)).toEqual({ keypoints: [1.3, 2, 1, 3, 4, 1] });
  expect(pageShape({ keypoints, keypoint_scores: [2, -1] }, size)).toEqual({
    keypoints: [1.3, 2, 2, 0, 0, 0],
  });
});
