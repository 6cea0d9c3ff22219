import {
  countLabeled,
  keypointCategoryFaults,
  keypointFaults,
} from '../../../../datasets/coco/keypoints/keypoint-faults';
import type { Fault } from '../../../../datasets/coco/problems';

const image = { width: 60, height: 40 };

function lines(faults: readonly Fault[]): string[] {
  return faults.map(({ place, reason }) => `${place}: ${reason}`);
}

test.each<[string, Record<string, unknown>, number | undefined]>([
  ['no keypoints', {}, 2],
  ['null', { keypoints: null, num_keypoints: 0 }, 2],
  ['an empty list', { keypoints: [] }, 2],
  ['two keypoints', { keypoints: [1, 2, 2, 3.5, 4, 1], num_keypoints: 2 }, 2],
  ['without a number of them', { keypoints: [1, 2, 2, 0, 0, 0] }, 2],
  ['of a category that lists none', { keypoints: [1, 2, 2] }, undefined],
  ['one beyond the border', { keypoints: [-5, 45, 2] }, 1],
  ['an unlabeled one far outside', { keypoints: [1e5, 0, 0], num_keypoints: 0 }, 1],
])('nothing is wrong with keypoints: %s', (_, entry, numKeypoints) => {
  expect(keypointFaults(entry, numKeypoints, image)).toEqual([]);
});

test.each<[string, Record<string, unknown>, string[]]>([
  [
    'text',
    { keypoints: 'nose' },
    ['keypoints: this is "nose", not a list of x, y, visibility of each keypoint'],
  ],
  ['a point that is a list', { keypoints: [[1, 2, 2]] }, ['keypoints: value 0 is [1,2,2], not a number']],
  [
    'pairs',
    { keypoints: [1, 2, 3, 4] },
    ['keypoints: the list has 4 numbers: x, y, visibility of each keypoint are expected'],
  ],
  [
    'too few',
    { keypoints: [1, 2, 2] },
    ['keypoints: the list has 3 numbers; 6 are expected for the 2 keypoints of its category'],
  ],
  [
    'visibilities',
    { keypoints: [1, 2, 3, 3, 4, 0.5] },
    [
      'keypoints[2]: the visibility of keypoint 1 is 3, neither 0 (not labeled), 1 (hidden) nor 2 (visible)',
      'keypoints[5]: the visibility of keypoint 2 is 0.5, neither 0 (not labeled), 1 (hidden) nor 2 (visible)',
    ],
  ],
  [
    'far outside',
    { keypoints: [1, 2, 2, 121, 4, 1] },
    ['keypoints[3]: keypoint 2 is at [121, 4], far outside of the image of 60 x 40'],
  ],
  [
    'another number of labeled ones',
    { keypoints: [1, 2, 2, 3, 4, 0], num_keypoints: 2 },
    ['num_keypoints: it is 2; the visibility of 1 keypoints is above 0'],
  ],
])('what is wrong is told: %s', (_, entry, expected) => {
  expect(lines(keypointFaults(entry, 2, image))).toEqual(expected);
});

test.each<[string, Record<string, unknown>, string[]]>([
  ['none', {}, []],
  ['empty lists', { keypoints: [], skeleton: [] }, []],
  ['no skeleton', { keypoints: ['a', 'b'] }, []],
  ['a skeleton', { keypoints: ['a', 'b'], skeleton: [[1, 2]] }, []],
  ['no names', { skeleton: [[1, 2]] }, ['skeleton: the category has a skeleton, but lists no keypoints']],
  ['numbers', { keypoints: 17 }, ['keypoints: this is 17, not a list of names']],
  ['a name twice', { keypoints: ['a', 'b', 'a'] }, ['keypoints[2]: the name "a" occurs more than once']],
  [
    'a skeleton out of range',
    { keypoints: ['a', 'b'], skeleton: [[1, 2], [0, 1], [2, 3], [1]] },
    [
      'skeleton[1]: this is [0,1]; numbers of two keypoints from 1 to 2 are expected',
      'skeleton[2]: this is [2,3]; numbers of two keypoints from 1 to 2 are expected',
      'skeleton[3]: this is [1]; numbers of two keypoints from 1 to 2 are expected',
    ],
  ],
])('keypoints of a category: %s', (_, entry, expected) => {
  expect(lines(keypointCategoryFaults(entry))).toEqual(expected);
});

test('labeled keypoints have a visibility above 0', () => {
  expect(countLabeled([1, 2, 2, 3, 4, 0, 5, 6, 1])).toBe(2);
});
