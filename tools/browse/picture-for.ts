import { decodeImage, type DecodedImage } from '../../datasets/images/decode';
import { ImageError } from '../../datasets/images/image-error';
import { sizeOfSide } from '../../datasets/images/picture-size';
import type { Size } from '../../detection/structures/size';
import { encodePicture } from '../html/encode-picture';
import type { CollectedPicture } from './collect/collect';

/** Of a picture that is not made smaller: it may be looked at closely. */
const WHOLE_QUALITY = 88;

export interface EncodedPicture {
  readonly jpeg: Buffer;
  /** Of the picture itself. */
  readonly size: Size;
}

/**
 * A picture for a page, never larger than it is.
 *
 * @param side of its longer side, pixels; by default that of the picture
 * @returns undefined where there is none; an ImageError where it cannot be shown
 */
export async function pictureFor(
  { file, page }: CollectedPicture,
  side?: number,
): Promise<EncodedPicture | ImageError | undefined> {
  if (file === undefined) return undefined;
  try {
    const decoded = await decodeFor(file, page);
    const { size } = decoded;
    const longer = Math.max(size.width, size.height);
    const isWhole = side === undefined || longer <= side;
    return {
      jpeg: isWhole
        ? await encodePicture(decoded, size, WHOLE_QUALITY)
        : await encodePicture(decoded, sizeOfSide(size, side)),
      size,
    };
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
}

/** Upright, unless only the picture as stored has the size that the boxes refer to. */
async function decodeFor(file: string | Uint8Array, { width, height }: Size): Promise<DecodedImage> {
  const upright = await decodeImage(file, { upright: true });
  const isMeant = ({ size }: DecodedImage): boolean => size.width === width && size.height === height;
  if (isMeant(upright)) return upright;
  const stored = await decodeImage(file);
  return isMeant(stored) ? stored : upright;
}
