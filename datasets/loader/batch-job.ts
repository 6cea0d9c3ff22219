import type { InputSpec } from '../../detection/structures/input-spec';
import type { Mask } from '../../detection/structures/mask';
import type { Size, Window } from '../../detection/structures/size';
import type { ImageError, ImageFault } from '../images/decode';
import type { AugmentationFault } from '../transforms/augmentation';
import type { GeometricStep } from '../transforms/geometry';
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
  /** What is done to its geometry after that, in this order. Default: nothing. */
  readonly steps?: readonly GeometricStep[];
  /** Mirror left to right then. */
  readonly flip: boolean;
  /** After resizing. */
  readonly resized: Size;
  /**
   * The part of the resized picture that is used; where it reaches beyond the picture there are zeros. It begins in the picture,
   * but in a mosaic. Default: all of it.
   */
  readonly window?: Window;
}

/** One image of a batch: a picture, or several in one. */
export interface ImageJob extends PictureJob {
  /** The other pictures of a mosaic. All have windows of the same size, and no two are seen at the same place. */
  readonly mosaic?: readonly PictureJob[];
  /** A picture of which something is pasted over that. */
  readonly pasted?: PastedPicture;
}

/** Objects of another picture that are pasted into an image. */
export interface PastedPicture {
  /** As large as the image. */
  readonly picture: PictureJob;
  /** Where it hides the image. */
  readonly area: Mask;
}

/** All pictures that an image is made of, the one that it is called after first. */
export function picturesOf(image: ImageJob): readonly PictureJob[] {
  const { mosaic = [], pasted } = image;
  return [image, ...mosaic, ...(pasted ? [pasted.picture] : [])];
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
export function sizeInBatch({ resized, window }: Pick<PictureJob, 'resized' | 'window'>): Size {
  return window === undefined ? resized : { height: window.height, width: window.width };
}

/** What a worker needs to know to make the pixels of a batch. */
export interface BatchJob {
  readonly pictures: readonly ImageJob[];
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

/** An image of a batch that cannot be made, as a picture cannot be used, and why. */
export interface RefusedPicture {
  /** Place of the image in the batch. */
  readonly index: number;
  /** Place of the picture among the image's `picturesOf`: the first that cannot be used. */
  readonly part: number;
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
