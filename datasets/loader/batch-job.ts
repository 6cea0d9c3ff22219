import type { InputSpec } from '../../detection/structures/input-spec';
import type { Size, Window } from '../../detection/structures/size';
import type { ImageError, ImageFault } from '../images/decode';
import type { AugmentationFault } from '../transforms/augmentation';
import type { ColorChange } from '../transforms/photometric';

/** What a worker needs to know to make the pixels of one picture. */
export interface PictureJob {
  /** Id of the image in its data set. */
  readonly imageId: number;
  /** Path of the picture, or the bytes of its file. */
  readonly file: string | Uint8Array;
  /** As the annotations say; the picture must have it. */
  readonly size: Size;
  /** Turn the picture first as its EXIF orientation says. Default false. */
  readonly upright?: boolean;
  /** What is done to the picture's colors, in this order. Default: nothing. */
  readonly colorChanges?: readonly ColorChange[];
  /** What the user's own module does to them then. Default: nothing. */
  readonly augmentation?: AugmentationJob;
  /** After resizing. */
  readonly resized: Size;
  /** The part of the resized picture that is used; where it reaches beyond the picture there are zeros. Default: all of it. */
  readonly window?: Window;
  /** Mirror left to right. */
  readonly flip: boolean;
}

/** A module that changes a picture's colors, and the random stream that it draws from. */
export interface AugmentationJob {
  /** Its path. */
  readonly module: string;
  /** Of the stream. */
  readonly seed: number;
  /** Name of the stream. */
  readonly stream: string;
}

/** What messages call a picture: `image 3 (a.jpg)`, or `image 3` where it comes as bytes. */
export function pictureName({ imageId, file }: PictureJob): string {
  return typeof file === 'string' ? `image ${imageId} (${file})` : `image ${imageId}`;
}

/** The size that the model sees. */
export function sizeInBatch({ resized, window }: PictureJob): Size {
  return window === undefined ? resized : { height: window.height, width: window.width };
}

/** What a worker needs to know to make the pixels of a batch. */
export interface BatchJob {
  readonly pictures: readonly PictureJob[];
  readonly input: InputSpec;
  /** Common size of the batch. */
  readonly padded: Size;
}

/** Float32 values of a batch, [N, H, W, 3]. */
export function numValues({ pictures, padded }: BatchJob): number {
  return pictures.length * padded.height * padded.width * 3;
}

/** Sent to a worker. */
export interface BatchRequest {
  readonly id: number;
  readonly job: BatchJob;
  /** Where the values go: memory that the worker shares, as long as the request has not been answered. */
  readonly buffer: SharedArrayBuffer;
}

/** A picture of a batch that cannot be used, and why. */
export interface RefusedPicture {
  /** Its place in the batch. */
  readonly index: number;
  readonly reason: string;
  readonly fault: ImageFault;
  /** Of the error. */
  readonly facts: ImageError['facts'];
}

/**
 * A worker's answer, once the request's buffer holds the batch: all pictures that could not be used, in the order of the
 * batch; or what is wrong with the user's augmentation. Anything else that goes wrong there ends the worker.
 */
export type BatchAnswer = { readonly id: number } & (
  { readonly refused: readonly RefusedPicture[] } | { readonly fault: AugmentationFault }
);
