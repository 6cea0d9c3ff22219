import { readFile } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import type { Size } from '../../detection/structures/size';
import { bmp } from './formats/bmp';
import { heicRefusal, refuseForeign, SIGNATURE_BYTES } from './formats/foreign-format';
import { ImageError } from './image-error';
import { netpbm } from './formats/netpbm';
import { orientationOf, turnSize, type Orientation } from './orientation';
import { readStart, requireContent } from './picture-file';
import { MAX_HEADER_BYTES, type PlainFormat } from './formats/plain-format';

/** Pictures that declare more pixels are taken for decompression bombs: the number at which PIL refuses. */
export const MAX_PIXELS = 178_956_970;

/** What can be read, by sharp's names. It would also draw SVG files, which are text and have no stored pixels. */
const FORMATS: readonly string[] = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif'];

/** What can be read, for messages. */
const READABLE = 'JPEG, PNG, WebP, GIF, TIFF, AVIF, BMP, PBM, PGM, PPM';

/** How sharp opens pictures. A wrong checksum and a file that ends early count, a mere warning of the decoder does not. */
export function sharpOptions(maxPixels: number) {
  return { failOn: 'error', ignoreIcc: true, limitInputPixels: maxPixels } as const;
}

/** What a picture says of itself before its pixels. */
export interface PictureHeader {
  /** Of the pixels as they are stored. */
  readonly stored: Size;
  /** How programs that show the picture turn it. */
  readonly orientation: Orientation;
  /** Of the picture as it is shown: turned. */
  readonly shown: Size;
  /** Whether its values have 16 bits, of which the lower 8 are dropped. */
  readonly is16Bit: boolean;
}

/**
 * Reads what a picture says of itself, and none of its pixels: much faster than decodeImage, and as strict but for
 * damage behind the header.
 *
 * @throws ImageError as decodeImage, as far as the header tells
 */
export async function readPictureHeader(file: string, maxPixels = MAX_PIXELS): Promise<PictureHeader> {
  await requireContent(file);
  const start = await readStart(file, SIGNATURE_BYTES);
  refuseForeign(start, file);
  const plain = plainFormatOf(start);
  if (plain !== undefined)
    return plainHeader(plain, await readStart(file, MAX_HEADER_BYTES), file, maxPixels);
  // libvips takes what stands in brackets at the end of a name for its own options.
  const source = file.endsWith(']') ? await readFile(file) : file;
  try {
    return headerOf(await readMetadata(sharp(source, sharpOptions(maxPixels)), file));
  } catch (error) {
    // libvips calls a file that it could not open one of an unknown type.
    if (!(error instanceof ImageError)) await readStart(file, 1);
    throw asImageError(file, error, maxPixels);
  }
}

/** The format of a file by its first bytes, where it is one of those that sharp does not read. */
export function plainFormatOf(start: Buffer): PlainFormat | undefined {
  return [bmp, netpbm].find((format) => format.recognizes(start));
}

/**
 * The header of a picture in a plain format, which has no orientation.
 *
 * @param start the first MAX_HEADER_BYTES of the file, or more
 * @throws ImageError
 */
export function plainHeader(
  format: PlainFormat,
  start: Buffer,
  file: string,
  maxPixels: number,
): PictureHeader {
  const size = format.readSize(start, file);
  if (size.width * size.height > maxPixels) throw tooLarge(file, maxPixels);
  return { stored: size, orientation: 1, shown: size, is16Bit: false };
}

/** The header of a picture by its metadata. */
export function headerOf({ width, height, orientation: stated, format, depth }: Metadata): PictureHeader {
  const orientation = orientationOf(stated);
  const stored = { width, height };
  // Pictures of other formats, as AVIF, have 10 or 12 bits and fill them.
  const is16Bit = depth === 'ushort' && (format === 'png' || format === 'tiff');
  return { stored, orientation, shown: turnSize(stored, orientation), is16Bit };
}

/** Whether a picture is taken as it is stored, or turned as its EXIF orientation says. */
export type Frame = 'stored' | 'shown';

/** @throws ImageError if the picture has another size than it should have */
export function requireSize(file: string, header: PictureHeader, frame: Frame, expected: Size): void {
  const { width, height } = header[frame];
  if (isSameSize(header[frame], expected)) return;
  const other = frame === 'stored' ? 'shown' : 'stored';
  const isTurned = !isSameSize(header.stored, header.shown);
  throw new ImageError(
    file,
    `the picture ${isTurned ? `is ${frame} as` : 'has'} ${width}x${height} pixels, but the annotations say ` +
      `${expected.width}x${expected.height}` +
      (isSameSize(header[other], expected)
        ? `, as it is ${other} (its EXIF orientation is ${header.orientation})`
        : ''),
    'size',
    {
      stored: header.stored,
      shown: header.shown,
      expected: { width: expected.width, height: expected.height },
    },
  );
}

/** Whether two sizes are the same. */
export function isSameSize(a: Size, b: Size): boolean {
  return a.width === b.width && a.height === b.height;
}

/** @throws ImageError if the picture is of a type that is not supported; what sharp throws */
export async function readMetadata(image: Sharp, file: string): Promise<Metadata> {
  const metadata = await image.metadata();
  const { format, compression } = metadata;
  if (!FORMATS.includes(format))
    throw new ImageError(file, `pictures of type ${format} are not supported`, 'unknown type', { format });
  if (format === 'heif' && compression !== 'av1') throw heicRefusal(file);
  return metadata;
}

/** What the decoder has thrown says that the picture cannot be used. */
export function asImageError(file: string, error: unknown, maxPixels: number): unknown {
  return error instanceof ImageError || !(error instanceof Error)
    ? error
    : decodingError(file, error, maxPixels);
}

function decodingError(file: string, { message }: Error, maxPixels: number): ImageError {
  if (message.includes('unsupported image format'))
    return new ImageError(
      file,
      `this is not a picture of a supported type (${READABLE}), or it is truncated`,
      'unknown type',
    );
  if (message.includes('pixel limit')) return tooLarge(file, maxPixels);
  // libvips says the same of each attempt to read a picture.
  const lines = new Set(message.trim().split(/\s*\n\s*/));
  return new ImageError(file, `the picture is damaged: ${[...lines].join('; ')}`, 'damaged');
}

function tooLarge(file: string, maxPixels: number): ImageError {
  return new ImageError(file, `the picture declares more than ${maxPixels} pixels`, 'too large', {
    maxPixels,
  });
}
