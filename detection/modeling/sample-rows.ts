/** What parts of a model put into `summary.samples`. */
import * as tf from '@tensorflow/tfjs-core';
import type { SampleLevel, SampleRows } from '../events/samples';
import { concatBoxes, numBoxes, type Boxes } from '../structures/boxes';
import { BETWEEN_THRESHOLDS } from './matching/matcher';

/** Anchors, or places, that a dense detector learns from. */
export const DENSE_SAMPLES = 'dense/anchors';

/**
 * What each row adds to a loss: its own, summed over columns, times its factor.
 *
 * @param losses [R] or [R, C]
 * @param factor weight of the loss / what its sum is divided by
 * @returns [R]
 */
export function shares(losses: tf.Tensor, factor: number): Float32Array {
  return tf.tidy(() => tf.mul(losses.rank > 1 ? tf.sum(losses, 1) : losses, factor).dataSync<'float32'>());
}

/** [count] 1 at some rows. */
export function flags(count: number, ...rows: readonly Int32Array[]): Uint8Array {
  const result = new Uint8Array(count);
  for (const list of rows) for (const row of list) result[row] = 1;
  return result;
}

/** The levels of anchors on feature maps [N, H, W, C]. */
function sampleLevels(features: readonly tf.Tensor4D[], anchors: readonly Boxes[]): SampleLevel[] {
  return features.map(({ shape: [, height, width] }, level) => ({
    map: { height, width },
    numRows: numBoxes(anchors[level]),
  }));
}

/**
 * The likeliest foreground label of each row, and its probability.
 *
 * @param probabilities [R * numLabels], label 0 is the background
 */
export function likeliest(
  probabilities: Float32Array,
  numLabels: number,
): { scores: Float32Array; labels: Int32Array } {
  const numRows = probabilities.length / numLabels;
  const scores = new Float32Array(numRows);
  const labels = new Int32Array(numRows);
  for (let row = 0; row < numRows; row++) {
    let best = 1;
    for (let label = 2; label < numLabels; label++) {
      if (probabilities[row * numLabels + label] > probabilities[row * numLabels + best]) best = label;
    }
    labels[row] = best;
    scores[row] = probabilities[row * numLabels + best];
  }
  return { scores, labels };
}

/** The anchors of a batch as candidates, of each image. */
export function candidates(
  about: string,
  features: readonly tf.Tensor4D[],
  anchors: readonly Boxes[],
): (SampleRows & { readonly boxes: Boxes })[] {
  const boxes = concatBoxes(anchors);
  const levels = sampleLevels(features, anchors);
  const [numImages] = features[0].shape;
  return Array.from({ length: numImages }, (_, image) => ({ image, about, levels, boxes }));
}

/** What the candidates of one image match, where all that are not ignored enter the losses. */
export function matchedCandidates(image: number, matches: Int32Array): SampleRows {
  return {
    image,
    matchedGt: matches,
    sampled: Uint8Array.from(matches, (match) => (match === BETWEEN_THRESHOLDS ? 0 : 1)),
  };
}
