import { encodeMask } from '../../../../datasets/coco/masks/rle';
import { segmentationFaults } from '../../../../datasets/coco/masks/segmentation-faults';

const image = { width: 6, height: 4 };
const { counts } = encodeMask(new Uint8Array(24).fill(1, 5, 9), image);

test.each<[string, unknown]>([
  ['no mask', undefined],
  ['null', null],
  ['no polygon', []],
  ['no corner of any polygon', [[], []]],
  ['a polygon', [[0, 0, 3, 0, 3, 2]]],
  ['a polygon whose last corner is its first', [[0, 0, 3, 0, 3, 2, 0, 0]]],
  ['a polygon that reaches beyond the image', [[-2, -3, 9, 0, 3.5, 12]]],
  ['a polygon of no area', [[1, 1, 1, 1, 1, 1]]],
  ['a polygon on the border', [[6, 0, 6, 4, 6, 2]]],
  ['run lengths', { size: [4, 6], counts: [5, 4, 15] }],
  ['compressed run lengths', { size: [4, 6], counts }],
  ['an empty mask', { size: [4, 6], counts: [24] }],
])('nothing is wrong with %s', (_, segmentation) => {
  expect(segmentationFaults(segmentation, image)).toEqual([]);
});

test.each<[string, unknown, string]>([
  [
    'a flat list',
    [0, 0, 3, 0, 3, 2],
    'segmentation: the polygon is not in a list: COCO has a list of polygons, [[x1, y1, x2, y2, ...]]',
  ],
  [
    'a point among polygons',
    [[0, 0, 3, 0, 3, 2], 7],
    'segmentation[1]: this is 7; a polygon [x1, y1, x2, y2, ...] is expected in a list of polygons',
  ],
  ['two corners', [[0, 0, 3, 0]], 'segmentation[0]: the polygon has 2 corners: 3 are the fewest'],
  [
    'no corner beside a polygon',
    [[0, 0, 3, 0, 3, 2], []],
    'segmentation[1]: the polygon has 0 corners: 3 are the fewest',
  ],
  [
    'an odd number',
    [[0, 0, 3, 0, 3, 2, 1]],
    'segmentation[0]: the polygon has 7 numbers: x, y pairs are expected',
  ],
  [
    'corners that are lists',
    [
      [
        [0, 0],
        [3, 0],
        [3, 2],
      ],
    ],
    'segmentation[0]: value 0 of the polygon is [0,0], not a number',
  ],
  [
    'beyond the right border',
    [
      [0, 0, 3, 0, 3, 2],
      [7, 0, 9, 0, 9, 3],
    ],
    'segmentation[1]: the polygon is wholly outside of the image of 6 x 4',
  ],
  ['above', [[0, -3, 3, -1, 3, -2]], 'segmentation[0]: the polygon is wholly outside of the image of 6 x 4'],
  [
    'far outside',
    [[0, 0, 1e7, 0, 3, 2]],
    'segmentation[0]: the outline reaches to 10000000, far outside of the image',
  ],
  [
    'swapped sides',
    { size: [6, 4], counts: [5, 4, 15] },
    'segmentation: the size of the run-length mask, [height, width], is [6, 4]; that of its image is [4, 6]',
  ],
  [
    'a wrong sum',
    { size: [4, 6], counts: [5, 4, 14] },
    'segmentation: the runs of the mask add up to 23 pixels; 4 x 6 has 24',
  ],
  [
    'a wrong character',
    { size: [4, 6], counts: '54 ?' },
    'segmentation: the counts of the run-length mask have an unexpected character at place 2',
  ],
  ['no size', { counts }, 'segmentation: the size of the run-length mask is not [height, width]'],
  ['text', 'polygon', 'segmentation: it is neither a list of polygons nor run lengths'],
])('what is wrong is told: %s', (_, segmentation, expected) => {
  expect(segmentationFaults(segmentation, image).map(({ place, reason }) => `${place}: ${reason}`)).toEqual([
    expected,
  ]);
});

test('each polygon is looked at', () => {
  const faults = segmentationFaults([[0, 0], [0, 0, 3, 0, 3, 2], [1]], image);
  expect(faults.map(({ place, code }) => [place, code])).toEqual([
    ['segmentation[0]', 'polygon-corners'],
    ['segmentation[2]', 'polygon-corners'],
  ]);
});
