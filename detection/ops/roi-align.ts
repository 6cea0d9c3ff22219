import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../nn/kernels';
import { noGradient, recordOperation } from '../nn/tfjs-internals';
import type { Boxes } from '../structures/boxes';

/** Regions of interest on one feature map. */
export interface Rois {
  /** R boxes in pixels of the (resized, padded) image. */
  readonly boxes: Boxes;
  /** [R], the image of the batch that each box lies in. */
  readonly imageIndices: Int32Array;
}

/** Samples along each side of a bin: torchvision's sampling_ratio for detectors. */
const SAMPLING_RATIO = 2;

/**
 * ROIs are pooled so many at a time, and image by image: at 256 channels the samples of 256 ROIs are 51 MB, those of
 * 1024 would be the largest tensor of the whole training step; so would be the gradient of the largest map.
 */
const CHUNK = 256;

/** One pixel on each side, repeating the border: where torchvision clamps a sample, CropAndResize interpolates. */
const BORDER: [number, number][] = [
  [0, 0],
  [1, 1],
  [1, 1],
  [0, 0],
];

/**
 * torchvision's roi_align(aligned=False, sampling_ratio=2), from TensorFlow's CropAndResize and a 2x2 average.
 *
 * CropAndResize samples a regular grid between the first and the last sample of torchvision's, so four samples a bin
 * are a crop of twice the output size. Samples up to one pixel outside take the border's value, as torchvision clamps
 * them, and those further out count as 0 in both.
 *
 * @param feature [N, H, W, C], `scale` times the size of the image.
 * @returns [R, size, size, C]. The caller disposes.
 */
export function roiAlign(feature: tf.Tensor4D, rois: Rois, scale: number, size: number): tf.Tensor4D {
  const output = noGradient(() => concatFreeing(roiAlignForward(feature, rois, scale, size)));
  const shape = feature.shape;
  recordOperation('RoiAlign', { feature }, output, [], (dy) => ({
    feature: () => roiAlignGradient(dy as tf.Tensor4D, allRows(rois), rois, scale, shape),
  }));
  return output;
}

/** Values of `roiAlign`, unrecorded, in parts: one after the other, at least one. The caller disposes. */
export function roiAlignForward(
  feature: tf.Tensor4D,
  rois: Rois,
  scale: number,
  size: number,
): tf.Tensor4D[] {
  const [, height, width, channels] = feature.shape;
  const cropSize = SAMPLING_RATIO * size;
  let padded: { image: number; map: tf.Tensor4D } | undefined;
  const pooled = chunks(rois.imageIndices).map(({ image, start, end }) => {
    if (padded?.image !== image) {
      padded?.map.dispose();
      padded = { image, map: tf.tidy(() => tf.mirrorPad(imageOf(feature, image), BORDER, 'symmetric')) };
    }
    const { map } = padded;
    return tf.tidy(() => {
      const { grid, imageIndices } = sampleGrid(rois, start, end, scale, size, height, width);
      const samples = tf.image.cropAndResize(map, grid, imageIndices, [cropSize, cropSize], 'bilinear', 0);
      return tf.avgPool(samples, SAMPLING_RATIO, SAMPLING_RATIO, 'valid');
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

/**
 * Gradient of `roiAlign` by its feature map of shape [N, H, W, C]. The caller disposes.
 *
 * @param rows of `dy` that are the ROIs' own.
 */
export function roiAlignGradient(
  dy: tf.Tensor4D,
  rows: Int32Array,
  rois: Rois,
  scale: number,
  [batch, height, width, channels]: [number, number, number, number],
): tf.Tensor4D {
  const size = dy.shape[1];
  const imageShape = [1, height + 2, width + 2, channels];
  const all = chunks(rois.imageIndices);
  const ofChunk = (start: number, end: number): tf.Tensor =>
    tf.tidy(() => {
      const { grid, imageIndices } = sampleGrid(rois, start, end, scale, size, height, width);
      const samples = tf.tidy(() => {
        const averaged = tf.gather(dy, tf.tensor1d(rows.subarray(start, end), 'int32'));
        const each = tf.div<tf.Tensor4D>(averaged, SAMPLING_RATIO ** 2);
        return tf.image.resizeNearestNeighbor(each, [SAMPLING_RATIO * size, SAMPLING_RATIO * size]);
      });
      return runKernel(
        'CropAndResizeGradImage',
        { dy: samples, boxes: grid, boxInd: imageIndices },
        { imageShape },
      );
    });
  return tf.tidy(() => {
    const images = Array.from({ length: batch }, (_, image) =>
      tf.tidy(() => {
        let sum: tf.Tensor | undefined;
        for (const { start, end } of all.filter((chunk) => chunk.image === image)) {
          const part = ofChunk(start, end);
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

/** Consecutive ROIs of one image, at most `CHUNK` at a time. */
function chunks(imageIndices: Int32Array): { image: number; start: number; end: number }[] {
  const result: { image: number; start: number; end: number }[] = [];
  for (let start = 0; start < imageIndices.length;) {
    const image = imageIndices[start];
    let end = start + 1;
    while (end < imageIndices.length && end - start < CHUNK && imageIndices[end] === image) end++;
    result.push({ image, start, end });
    start = end;
  }
  return result;
}

/**
 * First and last sample of ROIs start..end as CropAndResize's normalized boxes y1, x1, y2, x2 on the padded map of
 * their image alone.
 */
function sampleGrid(
  { boxes }: Rois,
  start: number,
  end: number,
  scale: number,
  size: number,
  height: number,
  width: number,
): { grid: tf.Tensor2D; imageIndices: tf.Tensor1D } {
  const grid = new Float32Array(4 * (end - start));
  for (let roi = start; roi < end; roi++) {
    for (const [axis, side] of [width, height].entries()) {
      const low = boxes[4 * roi + axis] * scale;
      const length = Math.max(boxes[4 * roi + axis + 2] * scale - low, 1);
      const margin = length / size / SAMPLING_RATIO / 2;
      const offset = 4 * (roi - start) + 1 - axis;
      // + 1: the border; the padded map has side + 2 pixels, so its last one is at side + 1.
      grid[offset] = (low + margin + 1) / (side + 1);
      grid[offset + 2] = (low + length - margin + 1) / (side + 1);
    }
  }
  return {
    grid: tf.tensor2d(grid, [end - start, 4]),
    imageIndices: tf.zeros([end - start], 'int32'),
  };
}
