import type { Detections } from '../../detection/structures/instances';
import type { RgbImage } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import { decodeImage, ImageError, type DecodedImage, type DecodeOptions } from '../images/decode';
import { LargePicture, openPicture } from '../images/open-picture';
import { partsInFile, partsInMemory } from '../images/picture-parts';
import { detectAugmented, type AugmentedOptions } from './detect-augmented';
import { detectTiled } from './detect-tiled';
import type { InferenceOptions } from './options';
import type { PictureDetector } from './picture-detector';

/** How a detector is run over pictures. */
export interface DetectOptions extends InferenceOptions {
  /** Ends it between two batches: its reason is thrown. */
  readonly signal?: AbortSignal;
  /** Is told how many tiles of a picture are done, and of how many, after each batch of them. */
  readonly onTiles?: (done: number, total: number) => void;
}

/** A picture, and what was found in it. */
export interface DetectedPicture {
  /** Of the picture. */
  readonly size: Size;
  /** RGB, row by row, [height, width, 3]; absent where the picture was decoded part by part, being too large. */
  readonly pixels?: Uint8Array;
  /** Best first, in pixels of the picture. */
  readonly detections: Detections;
}

/** A picture's file, and how it is decoded. */
export interface PictureFile extends Pick<DecodeOptions, 'expectedSize'> {
  /** Path of the file, or its bytes. */
  readonly file: string | Uint8Array;
  /** Whether the picture is turned as its EXIF orientation says. Default true. */
  readonly upright?: boolean;
}

/**
 * Detections in pictures that are in memory, in their pixels, best first.
 *
 * @throws the signal's reason.
 */
export async function detectImages(
  model: PictureDetector,
  images: readonly RgbImage[],
  options: DetectOptions = {},
): Promise<Detections[]> {
  const { tiles, ...rest } = options;
  if (tiles === undefined) return detectAugmented(model, images, rest);
  const found: Detections[] = [];
  for (const image of images) found.push(await detectTiled(model, partsInMemory(image), { ...rest, tiles }));
  return found;
}

/** Batches that are decoded ahead of the one in the detector; with it they bound the memory. */
const DECODED_AHEAD = 2;

/**
 * What is found in pictures, in their order; an ImageError in the place of a picture that cannot be used. Without tiles all of
 * the pictures are in memory at once, and share batches where they come to one size. With tiles one picture is done after the
 * other, and of a large one a part is in memory at a time.
 *
 * @throws the signal's reason.
 */
export async function detectFiles(
  model: PictureDetector,
  pictures: readonly PictureFile[],
  options: DetectOptions = {},
): Promise<(DetectedPicture | ImageError)[]> {
  for await (const found of detectFileBatches(model, [pictures], options)) return found;
  return [];
}

/**
 * `detectFiles` of one batch after the other. Without tiles the pictures of the next batches are decoded, in threads of their own,
 * while one goes through the detector.
 *
 * @throws the signal's reason.
 */
export async function* detectFileBatches(
  model: PictureDetector,
  batches: Iterable<readonly PictureFile[]>,
  options: DetectOptions = {},
): AsyncGenerator<(DetectedPicture | ImageError)[], void> {
  const { tiles, maxPixels, ...augmented } = options;
  if (tiles !== undefined) {
    for (const batch of batches) yield detectFilesTiled(model, batch, { ...options, tiles });
    return;
  }
  const decoding: Promise<(DecodedImage | ImageError)[]>[] = [];
  const waiting = batches[Symbol.iterator]();
  for (;;) {
    while (decoding.length <= DECODED_AHEAD) {
      const next = waiting.next();
      if (next.done === true) break;
      const decoded = decodeAll(next.value, maxPixels);
      // An error is thrown when its turn has come, and nowhere if the caller ends before.
      decoded.catch(() => undefined);
      decoding.push(decoded);
    }
    const decoded = await decoding.shift();
    if (decoded === undefined) return;
    yield await detectIn(model, decoded, augmented);
  }
}

function decodeAll(
  pictures: readonly PictureFile[],
  maxPixels: number | undefined,
): Promise<(DecodedImage | ImageError)[]> {
  return Promise.all(
    pictures.map(({ file, upright = true, expectedSize }) =>
      errorAsValue(decodeImage(file, { upright, expectedSize, maxPixels })),
    ),
  );
}

async function detectFilesTiled(
  model: PictureDetector,
  pictures: readonly PictureFile[],
  { tiles, maxPixels, ...augmented }: DetectOptions & Required<Pick<DetectOptions, 'tiles'>>,
): Promise<(DetectedPicture | ImageError)[]> {
  const found: (DetectedPicture | ImageError)[] = [];
  for (const { file, upright = true, expectedSize } of pictures) {
    const tiled = async (): Promise<DetectedPicture> => {
      const opened = await openPicture(file, { upright, expectedSize, maxPixels });
      const isLarge = opened instanceof LargePicture;
      const picture = isLarge ? partsInFile(opened) : partsInMemory(opened);
      const detections = await detectTiled(model, picture, { ...augmented, tiles });
      return { size: opened.size, ...(!isLarge && { pixels: opened.pixels }), detections };
    };
    found.push(await errorAsValue(tiled()));
  }
  return found;
}

async function detectIn(
  model: PictureDetector,
  decoded: readonly (DecodedImage | ImageError)[],
  augmented: AugmentedOptions,
): Promise<(DetectedPicture | ImageError)[]> {
  const images = decoded.filter((image): image is DecodedImage => !(image instanceof ImageError));
  const found = (await detectAugmented(model, images, augmented)).values();
  return decoded.map((image) =>
    image instanceof ImageError ? image : { ...image, detections: found.next().value! },
  );
}

async function errorAsValue<T>(promise: Promise<T>): Promise<T | ImageError> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ImageError) return error;
    throw error;
  }
}
