import * as tf from '@tensorflow/tfjs-core';
import { reshape } from '../nn/reshape';
import { isRecording, noGradient, recordOperation } from '../nn/tfjs-internals';

/** Entries of a matrix, each once. */
export interface PositiveEntries {
  /** Row of each entry. */
  readonly rows: Int32Array;
  /** Column of each entry. */
  readonly columns: Int32Array;
  /** What the loss of each counts; 1 if left out. */
  readonly weights?: Float32Array | undefined;
}

/** What is special in the matrix of an image. */
export interface FocalTargets {
  readonly positives: PositiveEntries;
  /** Rows whose entries do not count, none of them positive. */
  readonly ignoredRows: Int32Array;
}

/** Parameters of the focal loss (Lin et al. 2017). */
export interface FocalLossOptions {
  /** Weight of positive entries, 0..1; negative ones have the rest of 1. */
  readonly alpha: number;
  /** Exponent, 0 or more, of how wrong a probability is: the higher, the less count entries that are right anyhow. */
  readonly gamma: number;
}

/** Entries that are computed at once. Their intermediates, 1 MiB each, stay in the cache, and their sum keeps its digits. */
const BLOCK_SIZE = 2 ** 18;
/** A logit whose probability, loss and slope are zero: stands in for what takes no part. */
const NEVER = -1e4;

/** Some rows of the logits, and what is special in them. */
interface Block {
  /** Among the rows of all images. */
  readonly firstRow: number;
  readonly numRows: number;
  /** Of P positive entries [P * 2] row within the block, and column. */
  readonly positives: Int32Array;
  readonly positiveWeights: Float32Array | undefined;
  /** Rows within the block. */
  readonly ignoredRows: Int32Array;
}

/** `slopes`: derivative of the loss of each entry by its logit; none where nothing is being recorded. */
type BlockLoss = { sum: tf.Tensor; slopes?: tf.Tensor | undefined };

/** The losses of the entries of a block: of all as background, 0 where they are none, and of its P positive ones. */
interface EntryLosses {
  /** [rows, K] */
  readonly negative: { readonly losses: tf.Tensor; readonly slopes?: tf.Tensor };
  /** [P]; `entries` [P, 2] row within the block, and column. */
  readonly positive?: {
    readonly losses: tf.Tensor;
    readonly slopes?: tf.Tensor;
    readonly entries: tf.Tensor2D;
  };
}

/**
 * Sum of the focal loss (Lin et al. 2017) over all entries of [R, K]: torchvision's sigmoid_focal_loss of a matrix of
 * targets that is 1 at `positives` and 0 elsewhere, without that matrix. One operation of the tape, which keeps as many
 * numbers as there are logits. The caller disposes.
 *
 * @param logits [R, K]
 * @param ignoredRows whose entries do not count, none of them positive
 */
export function sigmoidFocalLossSum(
  logits: tf.Tensor2D,
  positives: PositiveEntries,
  options: FocalLossOptions,
  ignoredRows: Int32Array = new Int32Array(),
): tf.Scalar {
  return tf.tidy(() => {
    const ofOne = reshape<tf.Rank.R3>(logits, [1, ...logits.shape]);
    return reshape<tf.Rank.R0>(sigmoidFocalLossSums(ofOne, [{ positives, ignoredRows }], options), []);
  });
}

/**
 * The same of a matrix for each of N images: [N]. The caller disposes.
 *
 * @param logits [N, R, K]
 */
export function sigmoidFocalLossSums(
  logits: tf.Tensor3D,
  targets: readonly FocalTargets[],
  options: FocalLossOptions,
): tf.Tensor1D {
  return tf.tidy(() => {
    const withSlopes = isRecording();
    const [, numRows, numColumns] = logits.shape;
    const { images, sums } = noGradient(() => {
      const rows = tf.reshape<tf.Rank.R2>(logits, [-1, numColumns]);
      const images = targets.map((ofImage, image) =>
        blocksOf(image * numRows, [numRows, numColumns], ofImage).map((block) =>
          tf.tidy(() => sumOfBlock(entryLosses(rows, block, options, withSlopes))),
        ),
      );
      const sumOf = (blocks: readonly BlockLoss[]): tf.Tensor =>
        tf.sum(tf.stack(blocks.map((block) => block.sum)));
      return { images, sums: tf.stack(images.map(sumOf)) as tf.Tensor1D };
    });
    const imageOfBlock = images.flatMap((blocks, image) => blocks.map(() => image));
    const slopes = images.flatMap((blocks) => blocks.flatMap((block) => block.slopes ?? []));
    recordOperation('SigmoidFocalLoss', { logits }, sums, slopes, (dy, saved) => ({
      logits: () => {
        const factors = tf.unstack(dy);
        const scaled = saved.map((ofBlock, i) => {
          const product = tf.mul(ofBlock, factors[imageOfBlock[i]]);
          ofBlock.dispose();
          return product;
        });
        return tf.reshape(tf.concat(scaled), logits.shape);
      },
    }));
    return sums;
  });
}

/** Of each row of one image: [R], not differentiated. The caller disposes. @param logits [R, K] */
export function sigmoidFocalLossOfRows(
  logits: tf.Tensor2D,
  targets: FocalTargets,
  options: FocalLossOptions,
): tf.Tensor1D {
  return tf.tidy(() =>
    noGradient(() => {
      const blocks = blocksOf(0, logits.shape, targets).map((block) =>
        tf.tidy(() => rowsOfBlock(entryLosses(logits, block, options, false))),
      );
      return tf.concat(blocks) as tf.Tensor1D;
    }),
  );
}

/** Cuts an image's rows, which begin at `start` among those of all images, into blocks; there is one at least. */
function blocksOf(
  start: number,
  [numRows, numColumns]: readonly [number, number],
  { positives, ignoredRows }: FocalTargets,
): Block[] {
  const rowsOfBlock = Math.max(1, Math.floor(BLOCK_SIZE / numColumns));
  return Array.from({ length: Math.max(1, Math.ceil(numRows / rowsOfBlock)) }, (_, i) => {
    const firstRow = i * rowsOfBlock;
    const end = Math.min(firstRow + rowsOfBlock, numRows);
    const isInside = (row: number): boolean => row >= firstRow && row < end;
    const inside = Int32Array.from(positives.rows.keys()).filter((k) => isInside(positives.rows[k]));
    const { rows, columns, weights } = positives;
    return {
      firstRow: start + firstRow,
      numRows: end - firstRow,
      positives: Int32Array.from([...inside].flatMap((k) => [rows[k] - firstRow, columns[k]])),
      positiveWeights: weights && Float32Array.from(inside, (k) => weights[k]),
      ignoredRows: ignoredRows.filter(isInside).map((row) => row - firstRow),
    };
  });
}

function entryLosses(
  logits: tf.Tensor2D,
  { firstRow, numRows, positives, positiveWeights, ignoredRows }: Block,
  { alpha, gamma }: FocalLossOptions,
  withSlopes: boolean,
): EntryLosses {
  const numColumns = logits.shape[1];
  const rows = tf.slice(logits, [firstRow, 0], [numRows, numColumns]);
  let background: tf.Tensor = rows;
  if (ignoredRows.length > 0) {
    const never = tf.fill([ignoredRows.length, numColumns], NEVER);
    background = tf.tensorScatterUpdate(background, tf.tensor2d(ignoredRows, [ignoredRows.length, 1]), never);
  }
  if (positives.length === 0) {
    return { negative: focalLoss(background, 1 - alpha, gamma, withSlopes) };
  }
  const entries = tf.tensor2d(positives, [positives.length / 2, 2]);
  background = tf.tensorScatterUpdate(background, entries, tf.fill([positives.length / 2], NEVER));
  // What a positive entry's logit is for, its negative is against.
  const weights = positiveWeights ? tf.mul(tf.tensor1d(positiveWeights), alpha) : alpha;
  return {
    negative: focalLoss(background, 1 - alpha, gamma, withSlopes),
    positive: { ...focalLoss(tf.neg(tf.gatherND(rows, entries)), weights, gamma, withSlopes), entries },
  };
}

function sumOfBlock({ negative, positive }: EntryLosses): BlockLoss {
  if (!positive) return { sum: tf.sum(negative.losses), slopes: negative.slopes };
  return {
    sum: tf.add(tf.sum(negative.losses), tf.sum(positive.losses)),
    slopes:
      negative.slopes &&
      positive.slopes &&
      tf.tensorScatterUpdate(negative.slopes, positive.entries, tf.neg(positive.slopes)),
  };
}

/** [rows of the block] */
function rowsOfBlock({ negative, positive }: EntryLosses): tf.Tensor {
  const sums = tf.sum(negative.losses, 1);
  if (!positive) return sums;
  const rows = tf.slice(positive.entries, [0, 0], [-1, 1]);
  return tf.add(sums, tf.scatterND(rows, positive.losses, sums.shape));
}

/** Of entries that should be 0, with probability p: weight * p^gamma * -log(1 - p), and its derivative by the logit. */
function focalLoss(
  logits: tf.Tensor,
  weight: number | tf.Tensor,
  gamma: number,
  withSlopes: boolean,
): { losses: tf.Tensor; slopes?: tf.Tensor } {
  const probabilities = tf.sigmoid(logits);
  // A square costs a fraction of a power.
  const focus = gamma === 2 ? tf.square(probabilities) : tf.pow(probabilities, gamma);
  const weights = tf.mul(focus, weight);
  const losses = tf.mul(weights, tf.softplus(logits));
  if (!withSlopes) return { losses };
  const byFocus = tf.mul(tf.mul(losses, tf.sub(1, probabilities)), gamma);
  return { losses, slopes: tf.add(byFocus, tf.mul(weights, probabilities)) };
}
