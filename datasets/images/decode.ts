import sharp, { type Metadata, type Sharp } from 'sharp';
import type { RgbImage } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import { refuseForeign } from './formats/foreign-format';
import { ImageError } from './image-error';
import { readPicture } from './picture-file';
import {
  asImageError,
  headerOf,
  MAX_PIXELS,
  plainFormatOf,
  plainHeader,
  readMetadata,
  requireSize,
  sharpOptions,
  type PictureHeader,
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
  /** A picture that declares more pixels is refused. Default: what PIL refuses, 178 956 970. */
  readonly maxPixels?: number;
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
  const { bytes, name } = await readBytes(picture);
  return decodeBytes(bytes, name, options);
}

/**
 * The bytes of a picture's file, and what messages call it.
 *
 * @throws ImageError if there are none; the system's error if too many files are open
 */
export async function readBytes(
  picture: string | Uint8Array,
): Promise<{ readonly bytes: Buffer; readonly name: string }> {
  if (typeof picture === 'string') return { bytes: await readPicture(picture), name: picture };
  const name = 'a picture in memory';
  if (picture.length === 0) throw new ImageError(name, 'it is empty', 'empty');
  // The same memory.
  return { bytes: Buffer.from(picture.buffer, picture.byteOffset, picture.byteLength), name };
}

/** decodeImage of a picture that has been read. */
export async function decodeBytes(
  bytes: Buffer,
  name: string,
  options: DecodeOptions,
): Promise<DecodedImage> {
  refuseForeign(bytes, name);
  const plain = plainFormatOf(bytes);
  if (plain !== undefined) return decodePlain(plain, bytes, name, options);
  try {
    return await decode(bytes, name, options);
  } catch (error) {
    throw asImageError(name, error, options.maxPixels ?? MAX_PIXELS);
  }
}

function decodePlain(
  format: PlainFormat,
  bytes: Buffer,
  file: string,
  { expectedSize, maxPixels = MAX_PIXELS }: DecodeOptions,
): DecodedImage {
  const header = plainHeader(format, bytes, file, maxPixels);
  if (expectedSize !== undefined) requireSize(file, header, 'stored', expectedSize);
  return { pixels: format.decode(bytes, file), size: header.stored };
}

/**
 * A picture as stored, scaled down by the largest whole number that leaves its shorter side at least so many pixels; one that is
 * smaller than twice that is decoded as it is. Of a large JPEG or WebP file, libvips then decodes only as much as that takes
 * ("shrink on load"). Formats that only this project reads (BMP, Netpbm) stay as they are.
 *
 * @param name what messages call it
 * @throws ImageError as decodeImage
 */
export async function decodeShrunk(bytes: Buffer, name: string, minSide: number): Promise<DecodedImage> {
  refuseForeign(bytes, name);
  const plain = plainFormatOf(bytes);
  if (plain !== undefined) return decodePlain(plain, bytes, name, {});
  try {
    const { metadata, header } = await checkedHeader(bytes, name, {});
    const { width, height } = header.stored;
    const image = sharp(bytes, sharpOptions(MAX_PIXELS));
    const factor = Math.floor(Math.min(width, height) / minSide);
    if (factor < 2) return { pixels: await rgbBytes(image, metadata), size: header.stored };
    const size = { width: Math.round(width / factor), height: Math.round(height / factor) };
    return { pixels: await rgbBytes(image.resize({ ...size, fit: 'fill' }), metadata), size };
  } catch (error) {
    throw asImageError(name, error, MAX_PIXELS);
  }
}

async function decode(bytes: Buffer, file: string, options: DecodeOptions): Promise<DecodedImage> {
  const { upright = false, maxPixels = MAX_PIXELS } = options;
  const { metadata, header } = await checkedHeader(bytes, file, options);
  const image = sharp(bytes, { ...sharpOptions(maxPixels), autoOrient: upright });
  return { pixels: await rgbBytes(image, metadata), size: header[upright ? 'shown' : 'stored'] };
}

/** What the header of a picture says. @throws ImageError if the picture cannot be what it should be; what sharp throws */
export async function checkedHeader(
  bytes: Buffer,
  file: string,
  { expectedSize, upright = false, maxPixels = MAX_PIXELS }: DecodeOptions,
): Promise<{ readonly metadata: Metadata; readonly header: PictureHeader }> {
  const metadata = await readMetadata(sharp(bytes, sharpOptions(maxPixels)), file);
  const header = headerOf(metadata);
  if (expectedSize !== undefined) requireSize(file, header, upright ? 'shown' : 'stored', expectedSize);
  if (metadata.format === 'jpeg' && !hasEnd(bytes))
    throw new ImageError(file, 'the picture is damaged: its end is missing', 'damaged');
  return { metadata, header };
}

/** The bytes of what a pipeline makes of a picture: RGB, row by row. */
export async function rgbBytes(image: Sharp, { space }: Metadata): Promise<Uint8Array> {
  const opaque = image.removeAlpha();
  if (space !== 'cmyk') return opaque.toColourspace('srgb').raw().toBuffer();
  return cmykToRgb(await opaque.pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer());
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
