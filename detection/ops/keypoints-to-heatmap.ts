import { numBoxes, type Boxes } from '../structures/boxes';

const { fround } = Math;

/** Where the keypoints of R objects lie on square heatmaps over their boxes. */
export interface HeatmapCells {
  /** [R, K] row * size + column; 0 where there is none. */
  readonly cells: Int32Array;
  /** [R, K] 1 for each keypoint that is labeled and lies in its box. */
  readonly valid: Uint8Array;
}

/**
 * The cell of each keypoint on a heatmap of `size` x `size` cells over its box: torchvision's keypoints_to_heatmap, rounded where
 * it rounds. A keypoint on the right or the lower edge belongs to the last cell.
 *
 * @param keypoints [R, K, 3] x, y, visibility, in the pixels of the boxes
 * @param boxes of the R objects
 */
export function keypointsToHeatmap(keypoints: Float32Array, boxes: Boxes, size: number): HeatmapCells {
  const count = keypoints.length / 3;
  const numKeypoints = count / numBoxes(boxes);
  const cells = new Int32Array(count);
  const valid = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const [x, y, visibility] = keypoints.subarray(3 * i, 3 * i + 3);
    const [x1, y1, x2, y2] = boxes.subarray(4 * Math.floor(i / numKeypoints));
    const column = cellAlong(x, x1, x2, size);
    const row = cellAlong(y, y1, y2, size);
    if (visibility > 0 && isInside(column, size) && isInside(row, size)) {
      cells[i] = row * size + column;
      valid[i] = 1;
    }
  }
  return { cells, valid };
}

/** NaN for a box without extent, but at its end. */
function cellAlong(position: number, start: number, end: number, size: number): number {
  if (position === end) return size - 1;
  return Math.floor(fround(fround(position - start) * fround(size / fround(end - start))));
}

function isInside(cell: number, size: number): boolean {
  return cell >= 0 && cell < size;
}
