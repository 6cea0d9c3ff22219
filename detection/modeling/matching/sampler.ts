import type { RandomStream } from '../../nn/random';
import { indicesWhere } from './indices-where';

/** Indices of the boxes that enter the losses, ascending. */
export interface SampledIndices {
  /** Indices of the sampled positives. */
  readonly positives: Int32Array;
  /** Indices of the sampled negatives. */
  readonly negatives: Int32Array;
}

/** What is sampled of an image. */
export interface SamplerOptions {
  /** Boxes drawn from one image, fewer if there are not enough. */
  readonly batchSizePerImage: number;
  /** Largest share of positives among them, 0..1. */
  readonly positiveFraction: number;
}

/**
 * Draws a batch with at most a given share of positives, filled up with negatives: torchvision's
 * BalancedPositiveNegativeSampler. Where all are taken, no random number is drawn.
 */
export class BalancedSampler {
  /** Draws from a stream of its own. */
  constructor(
    private readonly options: SamplerOptions,
    private readonly random: RandomStream,
  ) {}

  /**
   * Draws the boxes of one image.
   *
   * @param labels 1 or more: positive; 0: negative; less: neither
   */
  sample(labels: Int8Array | Int32Array): SampledIndices {
    const positives = indicesWhere(labels, (label) => label >= 1);
    const negatives = indicesWhere(labels, (label) => label === 0);
    const { batchSizePerImage, positiveFraction } = this.options;
    const numPositives = Math.min(positives.length, Math.floor(batchSizePerImage * positiveFraction));
    const numNegatives = Math.min(negatives.length, batchSizePerImage - numPositives);
    return { positives: this.draw(positives, numPositives), negatives: this.draw(negatives, numNegatives) };
  }

  private draw(indices: Int32Array, count: number): Int32Array {
    return count === indices.length ? indices : this.random.sample(indices, count).slice().sort();
  }
}
