import * as tf from '@tensorflow/tfjs-core';
import type { SampleRows } from '../../events/samples';
import { summary } from '../../events/summary';
import { disposingAll } from '../../nn/scope';
import { noGradient } from '../../nn/tfjs-internals';
import type { Losses } from '../../nn/trainable';
import { descendingOrder } from '../../ops/descending-order';
import { softmaxFocalLossOfRows, softmaxFocalLossSum } from '../../ops/softmax-focal-loss';
import { weighed, weightsOfLabels } from '../loss-settings';
import type { BoxCoder } from '../matching/box-coder';
import { boxLoss, boxLossSum, concatTargets, type BoxTargets } from '../matching/box-loss';
import { decodeBoxes } from '../matching/decode-boxes';
import { flags, likeliest, shares } from '../sample-rows';
import type { SsdLossOptions } from '../ssd-defaults';
import type { DensePredictions } from './dense-inference';

/** Table of `summary.samples`. */
export const SSD_SAMPLES = 'ssd/anchors';

/** What the default boxes of one image are to predict; those that are not listed are background. */
export interface SsdTargets {
  /** [P], ascending: default boxes that are objects. */
  readonly positives: Int32Array;
  /** [P], 1..K. */
  readonly gtLabels: Int32Array;
  /** Default boxes that count neither as object nor as background, ascending. */
  readonly ignored: Int32Array;
  /** Of the P default boxes. */
  readonly boxes: BoxTargets;
}

/**
 * classification and bbox_regression: compute_loss of torchvision's SSD. Both are sums over the batch, divided by its objects:
 * the cross-entropy of the objects and of the background that is hardest, and the loss of the objects' boxes. An image
 * without objects teaches nothing. The caller disposes.
 *
 * @param predictions of N images
 * @param targets of each image
 * @param negToPosRatio background boxes for each object, image by image
 */
export function ssdLosses(
  { classLogits, boxDeltas }: DensePredictions,
  targets: readonly SsdTargets[],
  negToPosRatio: number,
  boxCoder: BoxCoder,
  options: SsdLossOptions,
): Losses {
  return tf.tidy(() => {
    const [numImages, numBoxes, numLabels] = classLogits.shape;
    const backgroundLosses = crossEntropyOfBackground(classLogits);
    const negatives = targets.map(({ positives, ignored }, image) => {
      const ofImage = backgroundLosses.subarray(image * numBoxes, (image + 1) * numBoxes);
      return hardNegatives(ofImage, positives, negToPosRatio, ignored);
    });
    const [positiveRows, negativeRows] = [targets.map(({ positives }) => positives), negatives].map((lists) =>
      rowsOfBatch(lists, numBoxes),
    );
    summary.scalar('ssd/num_pos_anchors', positiveRows.length / numImages);
    summary.scalar('ssd/num_neg_anchors', negativeRows.length / numImages);

    const labels = new Int32Array(numImages * numBoxes);
    const gtLabels = targets.flatMap((ofImage) => [...ofImage.gtLabels]);
    positiveRows.forEach((row, i) => (labels[row] = gtLabels[i]));
    const rows = Int32Array.from([...positiveRows, ...negativeRows]);
    const predLogits = tf.gather(
      tf.reshape<tf.Rank.R2>(classLogits, [-1, numLabels]),
      tf.tensor1d(rows, 'int32'),
    );
    const labelsOfRows = rows.map((row) => labels[row]);
    const predDeltas = tf.gather(
      tf.reshape<tf.Rank.R2>(boxDeltas, [-1, 4]),
      tf.tensor1d(positiveRows, 'int32'),
    );
    const boxTargets = concatTargets(targets.map(({ boxes }) => boxes));
    const boxSum = boxLossSum(predDeltas, boxTargets, boxCoder, options);
    const classSum = crossEntropySum(predLogits, labelsOfRows, options.classWeights);

    const divisor = Math.max(1, positiveRows.length);
    summary.samples(SSD_SAMPLES, () => {
      const { weights, classWeights } = options;
      const ofRows = shares(
        crossEntropyOfRows(predLogits, labelsOfRows, classWeights),
        weights.classification / divisor,
      );
      const boxLosses = boxLoss(predDeltas, boxTargets, boxCoder, options);
      const ofBoxes = shares(boxLosses, weights.bbox_regression / divisor);
      const predBoxes = decodeBoxes(predDeltas, boxTargets.references, boxCoder).dataSync<'float32'>();
      const probabilities = tf.softmax(classLogits).dataSync<'float32'>();
      let [positive, negative] = [0, positiveRows.length];
      return targets.flatMap(({ positives }, image): SampleRows[] => {
        const [start, end] = [positive, (positive += positives.length)];
        const ofNegatives = ofRows.subarray(negative, (negative += negatives[image].length));
        const size = numBoxes * numLabels;
        return [
          {
            image,
            sampled: flags(numBoxes, positives, negatives[image]),
            ...likeliest(probabilities.subarray(image * size, (image + 1) * size), numLabels),
          },
          {
            image,
            rows: positives,
            losses: {
              classification: ofRows.subarray(start, end),
              bbox_regression: ofBoxes.subarray(start, end),
            },
            predBoxes: predBoxes.subarray(4 * start, 4 * end),
          },
          { image, rows: negatives[image], losses: { classification: ofNegatives } },
        ];
      });
    });
    return weighed(
      {
        classification: tf.div<tf.Scalar>(classSum, divisor),
        bbox_regression: tf.div<tf.Scalar>(boxSum, divisor),
      },
      options.weights,
    );
  });
}

/** [N * A] what each default box would lose if it were background. No gradient flows through the choice of the hardest. */
function crossEntropyOfBackground(classLogits: tf.Tensor3D): Float32Array {
  return disposingAll(() =>
    noGradient(() => {
      const background = tf.squeeze(tf.slice(classLogits, [0, 0, 0], [-1, -1, 1]), [2]);
      return tf.sub(tf.logSumExp(classLogits, 2), background).dataSync<'float32'>();
    }),
  );
}

/**
 * The default boxes of one image that count as background: those that would lose most, the hardest first, of equals the
 * lower index (torch leaves that open). Where there are not so many, the first objects fill the list up, and count twice:
 * so it is in torchvision.
 *
 * @param backgroundLosses [A]
 * @param ignored those that are never in the list
 */
export function hardNegatives(
  backgroundLosses: Float32Array,
  positives: Int32Array,
  negToPosRatio: number,
  ignored: Int32Array = new Int32Array(0),
): Int32Array {
  const losses = backgroundLosses.slice();
  for (const positive of positives) losses[positive] = -Infinity;
  // Behind all others.
  for (const index of ignored) losses[index] = NaN;
  const count = Math.ceil(Math.fround(negToPosRatio * positives.length));
  return descendingOrder(losses, Math.min(count, losses.length - ignored.length));
}

/** Indices within each image as rows of all images together. */
function rowsOfBatch(lists: readonly Int32Array[], numBoxes: number): Int32Array {
  return Int32Array.from(lists.flatMap((list, image) => [...list].map((index) => image * numBoxes + index)));
}

/** Of rows [R, K + 1], each by the weight of its class. */
function crossEntropySum(
  logits: tf.Tensor2D,
  labels: Int32Array,
  classWeights: readonly number[],
): tf.Scalar {
  const weights = weightsOfLabels(labels, classWeights);
  if (weights) return softmaxFocalLossSum(logits, labels, weights, 0);
  return plainCrossEntropy(logits, labels, tf.Reduction.SUM);
}

/** The same of each row: [R] or [R, 1]. */
function crossEntropyOfRows(
  logits: tf.Tensor2D,
  labels: Int32Array,
  classWeights: readonly number[],
): tf.Tensor {
  const weights = weightsOfLabels(labels, classWeights);
  if (weights) return softmaxFocalLossOfRows(logits, labels, weights, 0);
  return plainCrossEntropy(logits, labels, tf.Reduction.NONE);
}

function plainCrossEntropy<Result extends tf.Tensor>(
  logits: tf.Tensor2D,
  labels: Int32Array,
  reduction: tf.Reduction,
): Result {
  const oneHot = tf.oneHot(tf.tensor1d(labels, 'int32'), logits.shape[1]);
  return tf.losses.softmaxCrossEntropy(oneHot, logits, undefined, 0, reduction);
}
