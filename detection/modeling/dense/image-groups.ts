import * as tf from '@tensorflow/tfjs-core';
import type { HeadGradients } from '../../nn/head-losses';

/**
 * The images that a dense head looks at in each of its pieces: one where a piece is differentiated and forgotten before the
 * next begins; all where nothing is forgotten, since cutting the maps would only copy them.
 *
 * @returns indices, ascending
 */
export function imageGroups(numImages: number, headGradients: HeadGradients): number[][] {
  const images = Array.from({ length: numImages }, (_, image) => image);
  return headGradients === 'in-forward' ? images.map((image) => [image]) : [images];
}

/** The maps of a group of images among a level's [N, H, W, C]. The caller disposes, or a tidy. */
export function mapsOf(feature: tf.Tensor4D, images: readonly number[]): tf.Tensor4D {
  if (images.length === feature.shape[0]) return feature;
  return tf.slice(feature, [images[0], 0, 0, 0], [images.length, -1, -1, -1]);
}
