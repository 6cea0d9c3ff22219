import { PolygonMask } from '../../../../datasets/coco/masks/polygon-mask';
import { mergeRles } from '../../../../datasets/coco/masks/rle';
import { rleFromPolygon } from '../../../../datasets/coco/masks/polygon';

test('the union of the polygons, made once', () => {
  const size = { height: 8, width: 10 };
  const polygons = [
    [1, 1, 5, 1, 5, 5, 1, 5],
    [4, 4, 9, 4, 9, 7.5, 4, 7],
  ];
  const mask = new PolygonMask(polygons, size);
  const { counts } = mask;
  expect(counts).toEqual(mergeRles(polygons.map((polygon) => rleFromPolygon(polygon, size))).counts);
  expect(mask.counts).toBe(counts);
});
