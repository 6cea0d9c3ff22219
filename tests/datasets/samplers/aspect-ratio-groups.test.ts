import { aspectRatioGroups } from '../../../datasets/samplers/aspect-ratio-groups';

test("torchvision's groups for k = 3", () => {
  // Width, height, and what create_aspect_ratio_groups(..., k=3) makes of them.
  const cases = [
    [100, 201, 0],
    [100, 200, 1],
    [62, 100, 1],
    [63, 100, 2],
    [79, 100, 2],
    [80, 100, 3],
    [100, 101, 3],
    [100, 100, 4],
    [101, 100, 4],
    [125, 100, 4],
    [126, 100, 5],
    [640, 480, 5],
    [640, 427, 5],
    [158, 100, 5],
    [159, 100, 6],
    [199, 100, 6],
    [200, 100, 7],
    [1000, 10, 7],
  ];
  const groups = aspectRatioGroups(cases.map(([width, height]) => ({ width, height })));
  expect([...groups]).toEqual(cases.map(([, , group]) => group));
});
