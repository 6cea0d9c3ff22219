import sharp from 'sharp';
import type { RgbImage } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import { refuseForeign } from './formats/foreign-format';
import { ImageError } from './image-error';
import { readPicture } from './picture-file';
import {
  asImageError,
  headerOf,
  plainFormatOf,
  plainHeader,
  readMetadata,
  requireSize,
  SHARP_OPTIONS,
} from './picture-header';
import type { PlainFormat } from './formats/plain-format';

export { ImageError, type ImageFault } from './image-error';

/** A picture as bytes. */
export interface DecodedImage extends RgbImage {
  /** RGB, row by row, [height, width, 3]. */
  readonly pixels: Uint8Array;
}

/** How a picture is decoded. */
export interface DecodeOptions {
  /** What the annotations say: another size is refused. Default: any will do. */
  readonly expectedSize?: Size;
  /** Turn the picture as its EXIF orientation says, as programs that show it do. Default false: pixels as stored. */
  readonly upright?: boolean;
}

/**
 * Decodes a picture to the RGB bytes that PIL's convert('RGB') gives: color profiles are ignored, gray is repeated, alpha
 * dropped rather than blended, the palette looked up, of 16 bits the high byte taken, and of several frames the first. Pixels
 * are as stored, or as PIL's exif_transpose has them where `upright`.
 *
 * @param picture path of its file, or the file's bytes
 * @throws ImageError if the file cannot be read, is damaged or truncated, is no picture, or has another size; the system's
 *   error if too many files are open
 */
export async function decodeImage(
  picture: string | Uint8Array,
  options: DecodeOptions = {},
): Promise<DecodedImage> {
  const name = typeof picture === 'string' ? picture : 'a picture in memory';
  const bytes = typeof picture === 'string' ? await readPicture(picture) : bufferOf(picture);
  if (bytes.length === 0) throw new ImageError(name, 'it is empty', 'empty');
  refuseForeign(bytes, name);
  const plain = plainFormatOf(bytes);
  if (plain !== undefined) return decodePlain(plain, bytes, name, options);
  try {
    return await decode(bytes, name, options);
  } catch (error) {
    throw asImageError(name, error);
  }
}

function decodePlain(
  format: PlainFormat,
  bytes: Buffer,
  file: string,
  { expectedSize }: DecodeOptions,
): DecodedImage {
  const header = plainHeader(format, bytes, file);
  if (expectedSize !== undefined) requireSize(file, header, 'stored', expectedSize);
  return { pixels: format.decode(bytes, file), size: header.stored };
}

/** The same memory. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

async function decode(
  bytes: Buffer,
  file: string,
  { expectedSize, upright = false }: DecodeOptions,
): Promise<DecodedImage> {
  const metadata = await readMetadata(sharp(bytes, SHARP_OPTIONS), file);
  const header = headerOf(metadata);
  const frame = upright ? 'shown' : 'stored';
  const size = header[frame];
  if (expectedSize !== undefined) requireSize(file, header, frame, expectedSize);
  if (metadata.format === 'jpeg' && !hasEnd(bytes))
    throw new ImageError(file, 'the picture is damaged: its end is missing', 'damaged');
  const image = sharp(bytes, { ...SHARP_OPTIONS, autoOrient: upright }).removeAlpha();
  if (metadata.space === 'cmyk') {
    const inks = await image.pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer();
    return { pixels: cmykToRgb(inks), size };
  }
  return { pixels: await image.toColourspace('srgb').raw().toBuffer(), size };
}

const START_OF_SCAN = 0xda;
const END_OF_IMAGE = Buffer.of(0xff, 0xd9);

/**
 * Whether a JPEG file has a mark for its end: a download that has stopped may leave zeros in the rest of the file, and
 * libjpeg takes them for a part of the picture.
 */
function hasEnd(bytes: Buffer): boolean {
  let at = 2;
  // Up to the pixels: a preview in the header has an end of its own.
  while (at + 4 <= bytes.length && bytes[at] === 0xff && bytes[at + 1] !== START_OF_SCAN) {
    at += bytes[at + 1] === 0xff ? 1 : 2 + bytes.readUInt16BE(at + 2);
  }
  return bytes.includes(END_OF_IMAGE, at);
}

/** PIL's conversion: each color is what black leaves, less its ink's share of that, rounded in its way. */
function cmykToRgb(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4) {
    const light = 255 - inks[from + 3];
    for (let c = 0; c < 3; c++) {
      const product = inks[from + c] * light + 128;
      rgb[to++] = light - (((product >> 8) + product) >> 8);
    }
  }
  return rgb;
}
