import { readFileSync } from 'node:fs';
import { keypointsToHeatmap } from '../../../detection/ops/keypoints-to-heatmap';
import { describeShared, sharedPath } from '../../shared';

interface GoldenCase {
  readonly size: number;
  readonly rois: number[][];
  readonly keypoints: number[][][];
  readonly index: number[][];
  readonly valid: number[][];
}

describeShared('keypointsToHeatmap against torchvision', () => {
  test('cells and validity agree, on the edges of the boxes too', () => {
    const file = readFileSync(sharedPath('golden/golden_mask_ops.json'), 'utf8');
    const golden = JSON.parse(file) as { keypoints: { to_heatmap: GoldenCase[] } };
    expect(golden.keypoints.to_heatmap).toHaveLength(2);
    for (const { size, rois, keypoints, index, valid } of golden.keypoints.to_heatmap) {
      const boxes = Float32Array.from(rois.flat());
      const found = keypointsToHeatmap(Float32Array.from(keypoints.flat(2)), boxes, size);
      expect([...found.cells]).toEqual(index.flat());
      expect([...found.valid]).toEqual(valid.flat());
    }
  });
});

describe('keypointsToHeatmap', () => {
  test('has nothing to say of no object', () => {
    const { cells, valid } = keypointsToHeatmap(new Float32Array(), new Float32Array(), 56);
    expect([cells.length, valid.length]).toEqual([0, 0]);
  });

  test('in a box without extent only what is at its place has a cell, the last one', () => {
    const boxes = Float32Array.of(5, 5, 5, 5);
    const { cells, valid } = keypointsToHeatmap(Float32Array.of(5, 5, 2, 6, 5, 2, 4, 5, 2), boxes, 4);
    expect([...valid]).toEqual([1, 0, 0]);
    expect([...cells]).toEqual([15, 0, 0]);
  });
});
