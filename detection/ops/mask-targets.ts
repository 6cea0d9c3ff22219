import type { Boxes } from '../structures/boxes';
import type { Mask } from '../structures/mask';
import { columnRuns, type ColumnRuns } from '../structures/mask-runs';

const { fround } = Math;

/**
 * What a mask head should predict for boxes: torchvision's project_masks_on_boxes, that is roi_align (aligned=False,
 * sampling_ratio=-1: as many samples a bin as it has pixels) of each box's mask. No mask is ever unpacked: a target is the sum
 * over the columns of the box, and what a run of rows gives to a column is a difference of two prefix sums.
 *
 * @param masks of the objects of an image, of its size
 * @param matchedGt [R] the object of each box
 * @param boxes R boxes, pixels of the image
 * @param side of a target
 * @param kind torchvision's, or detectron2's BitMasks.crop_and_resize: roi_align with aligned=True, from 0.5 on 1 and else 0
 * @returns [R * side * side], row by row, each 0..1
 */
export function maskTargets(
  masks: readonly Mask[],
  matchedGt: Int32Array,
  boxes: Boxes,
  side: number,
  kind: 'torchvision' | 'detectron2' = 'torchvision',
): Float32Array {
  const isAligned = kind === 'detectron2';
  const targets = new Float32Array(matchedGt.length * side * side);
  const runsOf = new Map<number, ColumnRuns>();
  matchedGt.forEach((gt, i) => {
    const mask = masks[gt];
    let runs = runsOf.get(gt);
    if (!runs) runsOf.set(gt, (runs = columnRuns(mask)));
    const [x1, y1, x2, y2] = boxes.subarray(4 * i, 4 * i + 4);
    const columns = axisWeights(x1, x2, mask.size.width, side, isAligned);
    const rows = axisWeights(y1, y2, mask.size.height, side, isAligned);
    addTarget(targets.subarray(i * side * side, (i + 1) * side * side), runs, columns, rows, side);
  });
  return isAligned ? targets.map((share) => (share >= 0.5 ? 1 : 0)) : targets;
}

/** How much each pixel along an axis counts in each bin. */
interface AxisWeights {
  /** The first pixel that counts. */
  readonly first: number;
  /** [pixels * side]: of pixel `first + i` in each bin. */
  readonly weights: Float64Array;
}

/**
 * Weights of roi_align's samples along one axis. Positions are rounded to float32 where torchvision does: at a border it
 * decides whether a sample is inside.
 *
 * @param size of the mask along the axis
 */
function axisWeights(
  boxStart: number,
  boxEnd: number,
  size: number,
  side: number,
  isAligned: boolean,
): AxisWeights {
  const offset = isAligned ? 0.5 : 0;
  const start = fround(boxStart - offset);
  const extent = fround(fround(boxEnd - offset) - start);
  const length = isAligned ? extent : Math.max(extent, 1);
  const bin = fround(length / side);
  const numSamples = Math.ceil(bin);
  const pixelOf = (position: number): number => Math.min(Math.max(Math.floor(position), 0), size - 1);
  const first = pixelOf(start);
  const weights = new Float64Array((pixelOf(start + length + 1) - first + 1) * side);
  for (let i = 0; i < side; i++) {
    const binStart = fround(start + fround(i * bin));
    for (let sample = 0; sample < numSamples; sample++) {
      const position = fround(binStart + fround(fround((sample + 0.5) * bin) / numSamples));
      if (position < -1 || position > size) continue;
      const low = pixelOf(position);
      const share = low === size - 1 ? 0 : Math.max(position, 0) - low;
      weights[(low - first) * side + i] += (1 - share) / numSamples;
      if (share > 0) weights[(low + 1 - first) * side + i] += share / numSamples;
    }
  }
  return { first, weights };
}

/** Adds up the columns of a box: each gives its bins of rows to the bins of columns that it counts in. */
function addTarget(
  target: Float32Array,
  { firstRun, starts, ends }: ColumnRuns,
  columns: AxisWeights,
  rows: AxisWeights,
  side: number,
): void {
  const sums = prefixSums(rows.weights, side);
  const numRows = rows.weights.length / side;
  const rowOf = (row: number): number => Math.min(Math.max(row - rows.first, 0), numRows) * side;
  const ofColumn = new Float64Array(side);
  const numColumns = columns.weights.length / side;
  for (let column = 0; column < numColumns; column++) {
    const [run, lastRun] = [firstRun[columns.first + column], firstRun[columns.first + column + 1]];
    if (run === lastRun) continue;
    ofColumn.fill(0);
    for (let r = run; r < lastRun; r++) {
      const [from, to] = [rowOf(starts[r]), rowOf(ends[r])];
      if (from === to) continue;
      for (let y = 0; y < side; y++) ofColumn[y] += sums[to + y] - sums[from + y];
    }
    for (let x = 0; x < side; x++) {
      const weight = columns.weights[column * side + x];
      if (weight === 0) continue;
      for (let y = 0; y < side; y++) target[y * side + x] += weight * ofColumn[y];
    }
  }
}

/** [(rows + 1) * side]: the sum of the weights before each row. */
function prefixSums(weights: Float64Array, side: number): Float64Array {
  const sums = new Float64Array(weights.length + side);
  for (let i = 0; i < weights.length; i++) sums[i + side] = sums[i] + weights[i];
  return sums;
}
