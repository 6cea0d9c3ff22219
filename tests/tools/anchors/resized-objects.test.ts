import { CocoDataset } from '../../../datasets/coco/annotations';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import { resizedObjects, selectObjects } from '../../../tools/anchors/resized-objects';
import { datasetOf } from './instances';

const input = torchvisionInput({ minSize: 100, maxSize: 300 });

test('objects are where training has them, with those of equally large batches together', () => {
  const annotation = { imageId: 1, categoryId: 4, area: 1, isCrowd: false };
  const set = new CocoDataset(
    'set.json',
    null,
    [
      { id: 1, fileName: 'a.jpg', width: 400, height: 200 },
      { id: 2, fileName: 'b.jpg', width: 50, height: 60 },
      { id: 3, fileName: 'c.jpg', width: 200, height: 100 },
      { id: 4, fileName: 'd.jpg', width: 200, height: 100 },
    ],
    [{ id: 4, name: 'thing' }],
    [
      { ...annotation, id: 10, bbox: [20, 40, 60, 80] },
      { ...annotation, id: 11, bbox: [0, 0, 9, 9], isCrowd: true },
      { ...annotation, id: 12, bbox: [5, 5, 0, 9] },
      { ...annotation, id: 13, bbox: [390, 190, 50, 50] },
      { ...annotation, id: 14, bbox: [5, 6, 7, 8], imageId: 2 },
      { ...annotation, id: 15, bbox: [1, 2, 3, 4], imageId: 4 },
    ],
    [],
  );
  const { boxes, sources, groups } = resizedObjects(set, input, [100]);
  expect([...boxes]).toEqual([10, 20, 40, 60, 195, 95, 200, 100, 10, 12, 24, 28, 1, 2, 4, 6]);
  expect(sources.map(({ image, annotation: { id } }) => [image.id, id])).toEqual([
    [1, 10],
    [1, 13],
    [2, 14],
    [4, 15],
  ]);
  expect(groups).toEqual([
    { padded: { height: 128, width: 224 }, indices: Int32Array.of(0, 1, 3) },
    { padded: { height: 128, width: 128 }, indices: Int32Array.of(2) },
  ]);

  const some = selectObjects({ boxes, sources, groups }, Int32Array.of(1, 3));
  expect([...some.boxes]).toEqual([195, 95, 200, 100, 1, 2, 4, 6]);
  expect(some.sources).toEqual([sources[1], sources[3]]);
  expect(some.groups).toEqual([{ padded: { height: 128, width: 224 }, indices: Int32Array.of(0, 1) }]);
});

test('an object counts once at each shorter side, and once where the model takes one size', () => {
  const set = datasetOf({ width: 200, height: 200 }, [[20, 40, 60, 80]]);
  const { boxes, sources } = resizedObjects(set, input, [100, 300]);
  expect([...boxes]).toEqual([10, 20, 40, 60, 30, 60, 120, 180]);
  expect(sources[0]).toEqual(sources[1]);

  const fixed = { ...input, resize: { kind: 'fixed', width: 100, height: 50 } } as const;
  const squeezed = resizedObjects(set, fixed, [100, 300]);
  expect([...squeezed.boxes]).toEqual([10, 10, 40, 30]);
  expect(squeezed.groups).toEqual([{ padded: { height: 64, width: 128 }, indices: Int32Array.of(0) }]);
});
