import { readFileSync } from 'node:fs';
import { heatmapsToKeypoints } from '../../../detection/ops/heatmaps-to-keypoints';
import { describeShared, sharedPath } from '../../shared';

interface GoldenCase {
  readonly size: number;
  readonly keypoints: number;
  readonly rois: number[][];
  readonly xyv: number[][][];
  readonly scores: number[][];
}

/** The golden's formula, which is of [rois, keypoints, size, size], as [rois, size, size, keypoints]. */
function goldenHeatmaps({ size, keypoints, rois }: GoldenCase): Float32Array {
  const area = size ** 2;
  const { sin, cos } = Math;
  return Float32Array.from({ length: rois.length * keypoints * area }, (_, place) => {
    const keypoint = place % keypoints;
    const roi = Math.floor(place / (area * keypoints));
    const cell = Math.floor(place / keypoints) % area;
    const i = (roi * keypoints + keypoint) * area + cell;
    return 3 * sin(0.071 * i + 0.000013 * i * i) + cos(1.7 * i);
  });
}

describeShared('heatmapsToKeypoints against torchvision', () => {
  test('places and scores agree, in boxes of less than a pixel too', () => {
    const file = readFileSync(sharedPath('golden/golden_mask_ops.json'), 'utf8');
    const golden = JSON.parse(file) as { keypoints: { from_heatmap: { cases: GoldenCase[] } } };
    expect(golden.keypoints.from_heatmap.cases).toHaveLength(2);
    for (const goldenCase of golden.keypoints.from_heatmap.cases) {
      const boxes = Float32Array.from(goldenCase.rois.flat());
      const found = heatmapsToKeypoints(goldenHeatmaps(goldenCase), boxes, goldenCase.size);
      goldenCase.xyv.flat(2).forEach((value, i) => expect(found.keypoints[i]).toBeCloseTo(value, 4));
      goldenCase.scores.flat().forEach((value, i) => expect(found.scores[i]).toBeCloseTo(value, 5));
      expect(found.keypoints).toHaveLength(goldenCase.xyv.flat(2).length);
    }
  });
});

describe('heatmapsToKeypoints', () => {
  test('finds nothing in no box', () => {
    const { keypoints, scores } = heatmapsToKeypoints(new Float32Array(), new Float32Array(), 56);
    expect([keypoints.length, scores.length]).toEqual([0, 0]);
  });

  test('each keypoint has a heatmap of its own, and each object a box', () => {
    const size = 8;
    const heatmaps = new Float32Array(2 * size * size * 2);
    const at = (object: number, row: number, column: number, keypoint: number): number =>
      ((object * size + row) * size + column) * 2 + keypoint;
    heatmaps[at(0, 2, 5, 0)] = 7;
    heatmaps[at(0, 6, 1, 1)] = 8;
    heatmaps[at(1, 0, 0, 0)] = 9;
    heatmaps[at(1, 7, 7, 1)] = 10;
    const boxes = Float32Array.of(10, 20, 18, 28, 0, 0, 4, 16);
    const { keypoints, scores } = heatmapsToKeypoints(heatmaps, boxes, size);
    expect([...keypoints.subarray(0, 6)]).toEqual([15.5, 22.5, 1, 11.5, 26.5, 1]);
    // Reduced to 4 columns, a cell on the edge counts with those beside it.
    expect([...keypoints.subarray(6)]).toEqual([0.5, 0.5, 1, 3.5, 15.5, 1]);
    expect([...scores.subarray(0, 2)]).toEqual([7, 8]);
  });
});
