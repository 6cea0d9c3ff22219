import { InputError } from '../errors';

/** A detector that waits for pretrained weights is to be trained without. */
export class NormNotLoadedError extends InputError {
  override readonly name = 'NormNotLoadedError';

  /** @internal */
  constructor() {
    super(
      'norm-not-loaded',
      'frozen batch normalization needs pretrained weights, and none have been loaded: load some before training, ' +
        'or create the detector with another norm',
    );
  }
}

/** Batch norm is to be trained on a map of one pixel, in a batch of one image: there is nothing to learn of. */
export class SingleValueNormError extends InputError {
  override readonly name = 'SingleValueNormError';

  /** @internal */
  constructor() {
    super(
      'norm-single-value',
      'batch normalization cannot be trained on a single value for each channel, which has no variance; here a map of one ' +
        'pixel comes from a batch of one image: use batches of two images or more, or another norm',
    );
  }
}
