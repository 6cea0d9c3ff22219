import { InputError } from '../../detection/errors';
import type { RandomStream } from '../../detection/nn/random';
import type { Size } from '../../detection/structures/size';

/** What an augmentation may know of a picture beside its pixels. */
export interface AugmentedPicture {
  /** Id of its image in the data set. */
  readonly imageId: number;
  /** As stored. */
  readonly size: Size;
  /**
   * Where everything random is to come from: it follows from the loader's seed and from the place of the picture in the
   * training, so a run that is resumed sees the same pictures, with any number of workers.
   */
  readonly random: RandomStream;
}

/**
 * The default export of a module that `TrainingLoader` is given as `augmentation`: changes the colors of a picture, and no
 * more, as boxes and masks stay where they are. It runs in the loader's worker threads, after `photometricDistortion` and
 * before the picture is mirrored, resized and normalized.
 *
 * @param pixels [height, width, 3] bytes as stored: R, G, B of each pixel, row by row. They may be changed in place.
 * @returns other pixels of the same size; nothing where they were changed in place. A promise of either will do.
 */
export type Augmentation = (
  pixels: Uint8Array,
  picture: AugmentedPicture,
) => AugmentedPixels | Promise<AugmentedPixels>;

/** What an augmentation returns. */
export type AugmentedPixels = Uint8Array | Uint8ClampedArray | void;

const CODES = {
  module: 'augmentation-module',
  thrown: 'augmentation-failed',
  pixels: 'augmentation-pixels',
} as const;

/** What is wrong with an augmentation: it cannot be loaded, it throws, or it returns something else than pixels. */
export interface AugmentationFault {
  /** Loading the module, calling it, or what it returned. */
  readonly kind: keyof typeof CODES;
  /** Path of the module. */
  readonly module: string;
  /** In words that follow the module's name. */
  readonly reason: string;
  /** Of the picture that it was at, if any. */
  readonly imageId?: number;
  /** What the module has thrown, if it was an error. */
  readonly thrown?: ThrownError;
}

/** What is left of an error on its way to another thread. */
export interface ThrownError {
  /** The error's own. */
  readonly message: string;
  /** The error's own: where in the module it was thrown. */
  readonly stack?: string;
}

/** What has been thrown, in a form that goes from one thread to another. */
export function thrownError(error: unknown): ThrownError | undefined {
  return error instanceof Error ? { message: error.message, stack: error.stack } : undefined;
}

/** A module of the user that is to change the colors of pictures does not do so. */
export class AugmentationError extends InputError {
  override readonly name = 'AugmentationError';
  /** Path of the module. */
  readonly module: string;

  /** @internal */
  constructor(
    /** What is wrong. */
    readonly fault: AugmentationFault,
  ) {
    const { kind, module, reason, imageId, thrown } = fault;
    const cause = thrown && Object.assign(new Error(thrown.message), { stack: thrown.stack });
    super(CODES[kind], `${module}: ${reason}`, { imageId }, { cause });
    this.module = module;
  }
}
