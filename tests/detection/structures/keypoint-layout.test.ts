import { cocoPersonKeypoints, flippedOrder } from '../../../detection/structures/keypoint-layout';

test("a mirrored person's keypoints are in the order of torchvision's references", () => {
  expect([...flippedOrder(cocoPersonKeypoints)]).toEqual([
    0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15,
  ]);
});

test('keypoints without pairs stay in their places', () => {
  expect([...flippedOrder({ names: ['head', 'tail'], flipPairs: [], skeleton: [[0, 1]] })]).toEqual([0, 1]);
});
