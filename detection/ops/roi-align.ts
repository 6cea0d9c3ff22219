import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../nn/kernels';
import { noGradient, recordOperation } from '../nn/tfjs-internals';
import { extent, roiChunks, type RoiChunk } from './roi-chunks';
import { TORCHVISION_SAMPLING, type RoiPooling, type Rois, type RoiSampling } from './roi-pooling';

/** One pixel on each side, repeating the border: where torchvision clamps a sample, CropAndResize interpolates. */
const BORDER: [number, number][] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

/**
 * torchvision's roi_align, from TensorFlow's CropAndResize and an average over each bin.
 *
 * CropAndResize samples a regular grid between the first and the last sample of torchvision's, so 2 x 2 samples a bin are a crop
 * of twice the output size. Samples up to one pixel outside take the border's value, as torchvision clamps them, and those
 * further out count as 0 in both. ROIs whose bins have the same number of samples are cropped together.
 *
 * @param feature [N, H, W, C], `scale` times the size of the image.
 * @param size height and width of a pooled ROI
 * @returns [R, size, size, C]. The caller disposes.
 */
export function roiAlign(
  feature: tf.Tensor4D,
  rois: Rois,
  scale: number,
  size: number,
  sampling: RoiSampling = TORCHVISION_SAMPLING,
): tf.Tensor4D {
  const pooling = { scale, size, sampling };
  const chunks = roiChunks(rois, pooling);
  const order = Int32Array.from(chunks.flatMap(({ rows }) => [...rows]));
  const output = noGradient(() =>
    tf.tidy(() => inOrder(concatFreeing(roiAlignForward(feature, rois, pooling, chunks)), order)),
  );
  const shape = feature.shape;
  recordOperation('RoiAlign', { feature }, output, [], (dy) => ({
    feature: () => roiAlignGradient(dy as tf.Tensor4D, allRows(rois), rois, pooling, shape),
  }));
  return output;
}

/**
 * Values of `roiAlign`, unrecorded, in parts, at least one: a part for each chunk, in their order. The caller disposes.
 *
 * @param chunks of these ROIs
 */
export function roiAlignForward(
  feature: tf.Tensor4D,
  rois: Rois,
  { scale, size, sampling }: RoiPooling,
  chunks: readonly RoiChunk[],
): tf.Tensor4D[] {
  const [, height, width, channels] = feature.shape;
  let padded: { image: number; map: tf.Tensor4D } | undefined;
  const pooled = chunks.map((chunk) => {
    const { image, rows, samples } = chunk;
    if (isEmpty(samples)) return tf.zeros<tf.Rank.R4>([rows.length, size, size, channels]);
    if (padded?.image !== image) {
      padded?.map.dispose();
      padded = { image, map: tf.tidy(() => tf.mirrorPad(imageOf(feature, image), BORDER, 'symmetric')) };
    }
    const { map } = padded;
    return tf.tidy(() => {
      const grid = sampleGrid(rois, chunk, { scale, size, sampling }, height, width);
      const crop: [number, number] = [samples.y * size, samples.x * size];
      const values = tf.image.cropAndResize(map, grid.boxes, grid.imageIndices, crop, 'bilinear', 0);
      const bin: [number, number] = [samples.y, samples.x];
      return tf.avgPool(values, bin, bin, 'valid');
    });
  });
  padded?.map.dispose();
  return pooled.length > 0 ? pooled : [tf.zeros([0, size, size, channels])];
}

/** Joins parts along their first axis. Takes them over: beside the whole nobody needs them. */
export function concatFreeing(parts: readonly tf.Tensor4D[]): tf.Tensor4D {
  if (parts.length === 1) return parts[0];
  const whole = tf.concat([...parts], 0);
  tf.dispose([...parts]);
  return whole;
}

/** Rows, each put where `order` says that it belongs. The caller disposes. */
export function inOrder(rows: tf.Tensor4D, order: Int32Array): tf.Tensor4D {
  const rowAt = new Int32Array(order.length);
  order.forEach((place, row) => (rowAt[place] = row));
  return tf.gather(rows, tf.tensor1d(rowAt, 'int32'));
}

/**
 * Gradient of `roiAlign` by its feature map of shape [N, H, W, C]. The caller disposes.
 *
 * @param rows of `dy` that are the ROIs' own.
 */
export function roiAlignGradient(
  dy: tf.Tensor4D,
  rows: Int32Array,
  rois: Rois,
  { scale, size, sampling }: RoiPooling,
  [batch, height, width, channels]: [number, number, number, number],
): tf.Tensor4D {
  const imageShape = [1, height + 2, width + 2, channels];
  const all = roiChunks(rois, { scale, size, sampling }).filter(({ samples }) => !isEmpty(samples));
  const ofChunk = (chunk: RoiChunk): tf.Tensor =>
    tf.tidy(() => {
      const { x, y } = chunk.samples;
      const grid = sampleGrid(rois, chunk, { scale, size, sampling }, height, width);
      const samples = tf.tidy(() => {
        const own = tf.tensor1d(
          chunk.rows.map((roi) => rows[roi]),
          'int32',
        );
        const each = tf.div<tf.Tensor4D>(tf.gather(dy, own), x * y);
        return tf.image.resizeNearestNeighbor(each, [y * size, x * size]);
      });
      return runKernel(
        'CropAndResizeGradImage',
        { dy: samples, boxes: grid.boxes, boxInd: grid.imageIndices },
        { imageShape },
      );
    });
  return tf.tidy(() => {
    const images = Array.from({ length: batch }, (_, image) =>
      tf.tidy(() => {
        let sum: tf.Tensor | undefined;
        for (const chunk of all.filter((chunk) => chunk.image === image)) {
          const part = ofChunk(chunk);
          const previous = sum;
          sum = previous ? tf.add(previous, part) : part;
          if (previous) tf.dispose([previous, part]);
        }
        if (!sum) return tf.zeros<tf.Rank.R4>([1, height, width, channels]);
        return runKernel('MirrorPadGrad', { dy: sum }, { paddings: BORDER }) as tf.Tensor4D;
      }),
    );
    return concatFreeing(images);
  });
}

function allRows({ imageIndices }: Rois): Int32Array {
  return imageIndices.map((_, row) => row);
}

function imageOf(feature: tf.Tensor4D, image: number): tf.Tensor4D {
  return feature.shape[0] === 1 ? feature : tf.slice(feature, image, 1);
}

/** A region without extent has no samples, nor has one whose corners are no numbers: it is pooled to zeros. */
function isEmpty({ x, y }: RoiChunk['samples']): boolean {
  return !(x > 0 && y > 0);
}

/**
 * First and last sample of a chunk's ROIs as CropAndResize's normalized boxes y1, x1, y2, x2 on the padded map of their image
 * alone.
 */
function sampleGrid(
  { boxes }: Rois,
  { rows, samples }: RoiChunk,
  { scale, size, sampling }: RoiPooling,
  height: number,
  width: number,
): { boxes: tf.Tensor2D; imageIndices: tf.Tensor1D } {
  const grid = new Float32Array(4 * rows.length);
  rows.forEach((roi, row) => {
    const axes = [
      { side: width, count: samples.x },
      { side: height, count: samples.y },
    ];
    for (const [axis, { side, count }] of axes.entries()) {
      const { low, length } = extent(boxes[4 * roi + axis], boxes[4 * roi + axis + 2], scale, sampling);
      const margin = length / size / count / 2;
      const offset = 4 * row + 1 - axis;
      // + 1: the border; the padded map has side + 2 pixels, so its last one is at side + 1.
      grid[offset] = (low + margin + 1) / (side + 1);
      grid[offset + 2] = (low + length - margin + 1) / (side + 1);
    }
  });
  return { boxes: tf.tensor2d(grid, [rows.length, 4]), imageIndices: tf.zeros([rows.length], 'int32') };
}
