import * as tf from '@tensorflow/tfjs-core';
import type { Reading } from '../../nn/reading';
import { descendingOrder } from '../../ops/descending-order';
import { batchedNms } from '../../ops/nms';
import { sigmoid } from '../../ops/sigmoid';
import { clipBoxes, concatBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import type { Size } from '../../structures/size';
import type { Found } from '../found';
import type { BoxCoder } from '../matching/box-coder';

const { fround } = Math;

/** Column 0 of the logits is the background, which torchvision's dense heads train like a class. It is never emitted. */
const FIRST_LABEL = 1;
/** By so much a logit may lie below that of the threshold before its probability, in float32, is sure to do so. */
const LOGIT_MARGIN = 0.5;

/** Options of the inference of dense detectors. */
export interface DenseInferenceOptions {
  /** Score above which a pair of anchor and label is a candidate. */
  readonly scoreThreshold: number;
  /** Candidates of each level that are left, the best. */
  readonly topkCandidates: number;
  /** Overlap (0..1) above which non-maximum suppression drops the worse of two detections with the same label. */
  readonly nmsThreshold: number;
  /** Largest number of detections per image. */
  readonly detectionsPerImage: number;
}

/** What dense heads say of the R anchors of one level of N images. */
export interface DensePredictions {
  /** [N, R, K + 1] */
  readonly classLogits: tf.Tensor3D;
  /** [N, R, 4] */
  readonly boxDeltas: tf.Tensor3D;
  /** [N, R, 1] */
  readonly centerness?: tf.Tensor3D;
}

/** Turns what is said of an anchor's box into the box: BoxCoder, DistanceCoder. */
export type BoxDecoder = Pick<BoxCoder, 'decodeInto'>;

/** Predictions for one level after the other, each when it is asked for. Disposes the features. */
export function* predictLevels(
  features: readonly tf.Tensor4D[],
  predict: (feature: tf.Tensor4D) => DensePredictions,
): Generator<DensePredictions, void> {
  for (const feature of features) {
    const predictions = predict(feature);
    feature.dispose();
    yield predictions;
  }
}

/**
 * Inference of a dense detector from its predictions.
 *
 * @param levels predictions for each, which are disposed once they are read: of `predictLevels` no more than one level's
 *   are there at a time
 * @param anchors of each level, pixels of the resized images
 * @param imageSizes of each image, before padding
 * @returns what is found in each image, pixels of the resized image
 */
export function* detectDensely(
  levels: Iterable<DensePredictions>,
  anchors: readonly Boxes[],
  imageSizes: readonly Size[],
  decoder: BoxDecoder,
  options: DenseInferenceOptions,
): Reading<Found[]> {
  const candidates: Found[][] = imageSizes.map(() => []);
  let level = 0;
  for (const { classLogits, boxDeltas, centerness } of levels) {
    const anchorsOfLevel = anchors[level++];
    const tensors = [classLogits, boxDeltas, ...(centerness ? [centerness] : [])];
    const [logits, deltas, centers] = yield tensors;
    tf.dispose(tensors);
    const [, numAnchors, numLabels] = classLogits.shape;
    imageSizes.forEach((imageSize, image) => {
      const first = image * numAnchors;
      const last = first + numAnchors;
      const predictions: LevelPredictions = {
        logits: logits.subarray(first * numLabels, last * numLabels),
        numLabels,
        centerness: centerness && centers.subarray(first, last),
        decodeInto: (boxes, index, anchor) =>
          decoder.decodeInto(boxes, index, deltas, first + anchor, anchorsOfLevel, anchor),
      };
      candidates[image].push(levelCandidates(predictions, imageSize, options));
    });
  }
  return candidates.map((ofImage) => bestCandidates(ofImage, options));
}

/** What a dense head says of the R anchors of one level of one image. */
interface LevelPredictions {
  /** [R * (K + 1)] of each label; label 0 is the background */
  readonly logits: Float32Array;
  readonly numLabels: number;
  /** Logit of what a label's probability is multiplied with before its root is the score (centerness), of each anchor. */
  readonly centerness?: Float32Array;
  /** Writes the box that an anchor predicts to place `index` of `boxes`. */
  decodeInto(boxes: Boxes, index: number, anchor: number): void;
}

/**
 * The best pairs of anchor and label of one level, seen inside the image: what torchvision's RetinaNet and FCOS do before
 * they suppress. Of equal scores it takes the lower index first, which torch leaves open. What is not a number is left out.
 */
function levelCandidates(
  predictions: LevelPredictions,
  imageSize: Size,
  { scoreThreshold, topkCandidates }: DenseInferenceOptions,
): Found {
  const { numLabels } = predictions;
  const { pairs, scores } = pairsAboveThreshold(predictions, fround(scoreThreshold));
  const best = descendingOrder(scores, Math.min(topkCandidates, scores.length));
  const decoded = new Float32Array(best.length * 4);
  best.forEach((candidate, i) =>
    predictions.decodeInto(decoded, i, Math.floor(pairs[candidate] / numLabels)),
  );
  const clipped = clipBoxes(decoded, imageSize);
  const numbers = Int32Array.from(best.keys()).filter(
    (i) => !Number.isNaN(clipped[4 * i] + clipped[4 * i + 1] + clipped[4 * i + 2] + clipped[4 * i + 3]),
  );
  return {
    boxes: selectBoxes(clipped, numbers),
    scores: Float32Array.from(numbers, (i) => scores[best[i]]),
    labels: numbers.map((i) => pairs[best[i]] % numLabels),
  };
}

/** What no better candidate of its label covers, best first, of all levels of one image. */
export function bestCandidates(
  levels: readonly Found[],
  { nmsThreshold, detectionsPerImage }: DenseInferenceOptions,
): Found {
  const boxes = concatBoxes(levels.map((level) => level.boxes));
  const scores = Float32Array.from(levels.flatMap((level) => [...level.scores]));
  const labels = Int32Array.from(levels.flatMap((level) => [...level.labels]));
  const kept = batchedNms(boxes, scores, labels, nmsThreshold, detectionsPerImage);
  return {
    boxes: selectBoxes(boxes, kept),
    scores: Float32Array.from(kept, (i) => scores[i]),
    labels: kept.map((i) => labels[i]),
  };
}

/** Pairs with a score above the threshold as indices anchor * numLabels + label, ascending, and their scores. */
function pairsAboveThreshold(
  { logits, numLabels, centerness }: LevelPredictions,
  threshold: number,
): { pairs: Int32Array; scores: Float32Array } {
  const pairs: number[] = [];
  const scores: number[] = [];
  // Nearly all logits are far below: only near the threshold a probability is worth its exponential.
  const leastProbability = centerness ? threshold ** 2 : threshold;
  const leastLogit = Math.log(leastProbability / (1 - leastProbability)) - LOGIT_MARGIN;
  for (let anchor = 0, first = 0; first < logits.length; anchor++, first += numLabels) {
    for (let pair = first + FIRST_LABEL; pair < first + numLabels; pair++) {
      if (!(logits[pair] > leastLogit)) continue;
      const probability = sigmoid(logits[pair]);
      const score = centerness
        ? fround(Math.sqrt(fround(probability * sigmoid(centerness[anchor]))))
        : probability;
      if (!(score > threshold)) continue;
      pairs.push(pair);
      scores.push(score);
    }
  }
  return { pairs: Int32Array.from(pairs), scores: Float32Array.from(scores) };
}
