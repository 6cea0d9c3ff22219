import { checkedDataset } from '../../../datasets/coco/read-dataset';
import { encodeMask } from '../../../datasets/coco/masks/rle';
import { shapeNotes } from '../../../datasets/coco/shape-notes';

const size = { width: 60, height: 40 };

/** The notes about objects with these keys, ids from 1, in an image of 60 x 40; each is sound but for what is given. */
async function notesOf(...objects: readonly object[]): Promise<string[]> {
  const content = {
    images: [{ id: 1, file_name: 'a.png', ...size }],
    categories: [{ id: 1, name: 'thing', keypoints: ['a', 'b'] }],
    annotations: objects.map((object, k) => ({
      id: k + 1,
      image_id: 1,
      category_id: 1,
      bbox: [10, 10, 20, 20],
      area: 200,
      iscrowd: 0,
      ...object,
    })),
  };
  const needs = { keepSegmentations: true, checkSegmentations: true, keepKeypoints: true };
  return shapeNotes(await checkedDataset(content, 'set.json', null, needs));
}

const triangle = { segmentation: [[10, 10, 30, 10, 10, 30]] };
const square = { segmentation: [[10, 10, 30, 10, 30, 30, 10, 30]], area: 400 };

/** Run lengths of a rectangle. */
function runs(x: number, y: number, width: number, height: number): object {
  const mask = new Uint8Array(size.width * size.height);
  for (let row = y; row < y + height; row++) mask.fill(1, row * size.width + x, row * size.width + x + width);
  return { segmentation: encodeMask(mask, size) };
}

test.each<[string, readonly object[]]>([
  ['no shapes', [{}]],
  ['a mask', [triangle]],
  ['some masks that are boxes', [triangle, square]],
  ['run lengths', [{ ...runs(10, 10, 20, 20), area: 400 }]],
  [
    'a polygon that reaches beyond the image with its box',
    [{ bbox: [40, 10, 20, 20], segmentation: [[40, 10, 70, 10, 40, 30]] }],
  ],
  [
    'a mask of one pixel in a smaller box',
    [{ ...runs(10, 10, 1, 1), bbox: [10.3, 10.3, 0.3, 0.4], area: 0.1 }],
  ],
  ['a box of no size', [{ ...triangle, bbox: [10, 10, 0, 20] }]],
  ['keypoints', [{ keypoints: [10, 10, 2, 31, 30.5, 1], num_keypoints: 2 }]],
  ['an unlabeled keypoint outside', [{ keypoints: [10, 10, 2, 90, 90, 0], num_keypoints: 1 }]],
])('nothing is told of %s', async (_, objects) => {
  expect(await notesOf(...objects)).toEqual([]);
});

test.each<[string, readonly object[], string[]]>([
  [
    'other boxes',
    [triangle, { ...triangle, bbox: [20, 20, 20, 20] }, { ...runs(10, 10, 10, 10), area: 100 }],
    [
      '2 of the annotations have a mask and a box that disagree: their IoU is below 0.5 (ids 2: 0.14, 3: 0.25). `rcnn browse` shows them.',
    ],
  ],
  [
    'other areas',
    [
      { ...triangle, area: 401 },
      { ...triangle, area: 94 },
      { ...triangle, area: 101 },
    ],
    [
      '2 of the annotations have an "area" that is less than half, or more than twice, that of their mask (ids 1: 401 for 190, 2: 94 for 190). ' +
        'COCO’s evaluation takes objects for small, medium or large by it.',
    ],
  ],
  [
    'a mask without a pixel',
    [{ segmentation: { size: [40, 60], counts: [2400] }, area: 0 }],
    [
      '1 of the annotations have a mask without a pixel: of these objects, nothing is learned of masks (id 1).',
    ],
  ],
  [
    'other numbers of keypoints',
    [{ keypoints: [10, 10, 2, 0, 0, 0], num_keypoints: 0 }],
    [
      '1 of the annotations have a "num_keypoints" that is not the number of keypoints of visibility 1 or 2 (id 1: 0 for 1). ' +
        'COCO’s evaluation leaves objects out where it is 0; `rcnn check --repair` counts anew.',
    ],
  ],
  [
    'keypoints outside',
    [{ keypoints: [5, 10, 2, 62, 10, 1] }],
    [
      '1 of the annotations have labeled keypoints outside of their box (id 1: 2 of 2). Training learns from those alone that are inside of a proposal.',
      '1 of the annotations have labeled keypoints outside of their image (id 1: 1 of 2).',
    ],
  ],
  [
    'masks that are boxes',
    [square, square, triangle],
    ['2 of 3 masks fill their box: masks learned from them are boxes.'],
  ],
])('told is %s', async (_, objects, expected) => {
  expect(await notesOf(...objects)).toEqual(expected);
});
