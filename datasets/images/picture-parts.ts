import type { Size, Window } from '../../detection/structures/size';
import type { RgbImage } from '../../detection/structures/resize';
import { cropImage } from './crop-image';
import { LargePicture, openPicture } from './open-picture';

/** A part of a picture. */
interface Part {
  /** Of its window. */
  readonly index: number;
  readonly image: RgbImage;
}

/** A picture of which parts are taken. */
export interface PictureParts {
  readonly size: Size;
  /** The whole of it: at its own size, or, where that is too large to be in memory, at the size that is wanted. */
  whole(wanted: Size): Promise<RgbImage>;
  /** The parts at these windows, each once, in any order. */
  parts(windows: readonly Window[]): Iterable<Part> | AsyncIterable<Part>;
}

/** The parts of a picture that is in memory. */
export function partsInMemory(image: RgbImage): PictureParts {
  return {
    size: image.size,
    whole: () => Promise.resolve(image),
    *parts(windows) {
      for (const [index, window] of windows.entries()) yield { index, image: cropImage(image, window) };
    },
  };
}

/** The parts of a picture that is too large for that. */
export function partsInFile(picture: LargePicture): PictureParts {
  return {
    size: picture.size,
    whole: (wanted) => picture.resized(wanted),
    parts: (windows) => picture.parts(windows),
  };
}

/**
 * The parts of a picture that has been detected in.
 *
 * @param file path of the picture's file, read again where its pixels are not in memory
 * @throws ImageError where it has to be read and cannot be.
 */
export async function partsOfDetected(
  { size, pixels }: { readonly size: Size; readonly pixels?: Uint8Array },
  file: string,
): Promise<PictureParts> {
  if (pixels !== undefined) return partsInMemory({ size, pixels });
  const opened = await openPicture(file, { upright: true, maxPixels: size.width * size.height });
  return opened instanceof LargePicture ? partsInFile(opened) : partsInMemory(opened);
}
