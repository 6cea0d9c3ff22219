import * as tf from '@tensorflow/tfjs-core';
import type { InputSpec } from './input-spec';
import { batchSlot, paddedSize, resizeAndNormalize, resizedSize } from './resize';
import type { RgbImage } from './resize';
import type { Size } from './size';

/**
 * Images as a model takes them: normalized, resized, padded with zeros at the right and the bottom to one
 * common size that is a multiple of the model's size divisor (torchvision's ImageList).
 */
export interface ImageBatch {
  /** [N, H, W, 3]. Whoever made the batch disposes it. */
  readonly tensor: tf.Tensor4D;
  /** Size of each image after resizing, before padding. Boxes are clipped to it. */
  readonly sizes: readonly Size[];
  /** Size of each image as stored. Detections are given in its pixels. */
  readonly originalSizes: readonly Size[];
}

/** What is known of images beside their pixels. */
export type ImageSizes = Omit<ImageBatch, 'tensor'>;

/**
 * Makes a batch of a copy of pixels that are normalized and padded already, [N, padded.height, padded.width, 3]. The
 * caller disposes `tensor`.
 */
export function makeImageBatch(
  pixels: Float32Array,
  padded: Size,
  sizes: readonly Size[],
  originalSizes: readonly Size[],
): ImageBatch {
  const shape: [number, number, number, number] = [sizes.length, padded.height, padded.width, 3];
  // TensorFlow may read an array as long as a tensor lives that was made of it, and those that share its memory. The
  // product has memory of its own (1 ms for 10 MB).
  const tensor = tf.tidy(() => tf.mul<tf.Tensor4D>(tf.tensor4d(pixels, shape, 'float32'), 1));
  return { tensor, sizes, originalSizes };
}

/**
 * Makes a batch of pictures in memory, as the model takes them: torchvision's GeneralizedRCNNTransform in evaluation
 * mode. The caller disposes `tensor`.
 */
export function batchImages(images: readonly RgbImage[], input: InputSpec): ImageBatch {
  if (images.length === 0) throw new RangeError('a batch needs at least one image');
  const originalSizes = images.map((image) => image.size);
  const sizes = originalSizes.map((size) => resizedSize(size, input.resize));
  const padded = paddedSize(sizes, input.sizeDivisor);
  const pixels = new Float32Array(images.length * padded.height * padded.width * 3);
  images.forEach((image, i) => resizeAndNormalize(image, sizes[i], batchSlot(pixels, padded, i), input));
  return makeImageBatch(pixels, padded, sizes, originalSizes);
}
