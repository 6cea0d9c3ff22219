import { open, readFile, stat } from 'node:fs/promises';
import sharp, { type Metadata, type Sharp } from 'sharp';
import { InputError, truncateText } from '../../detection/errors';
import type { RgbImage } from '../../detection/structures/resize';
import type { Size } from '../../detection/structures/size';
import { isOutOfFiles } from './out-of-files';

/** Pictures that declare more pixels are taken for decompression bombs: the number at which PIL refuses. */
export const MAX_PIXELS = 178_956_970;

/** What can be read, by sharp's names. It would also draw SVG files, which are text and have no stored pixels. */
const FORMATS: readonly string[] = ['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif'];

/** More than any system allows a path to have. */
const MAX_SHOWN_NAME = 4096;

/** A picture as bytes. */
export interface DecodedImage extends RgbImage {
  /** RGB, row by row, [height, width, 3]. */
  readonly pixels: Uint8Array;
}

/** What keeps a picture from being used. */
export type ImageFault =
  'missing' | 'unreadable' | 'no file' | 'empty' | 'unknown type' | 'damaged' | 'size' | 'too large';

const CODES: Readonly<Record<ImageFault, string>> = {
  missing: 'picture-missing',
  unreadable: 'picture-unreadable',
  'no file': 'picture-no-file',
  empty: 'picture-empty',
  'unknown type': 'picture-unknown-type',
  damaged: 'picture-damaged',
  size: 'picture-size',
  'too large': 'picture-too-large',
};

/** A picture cannot be used. */
export class ImageError extends InputError {
  override readonly name = 'ImageError';

  /** @internal */
  constructor(
    /** Its path, or what else it is called. */
    readonly file: string,
    /** What is wrong with the picture, as the rest of a sentence after its name. */
    readonly reason: string,
    /** The kind of fault. */
    readonly fault: ImageFault,
    facts: Readonly<Record<string, unknown>> = {},
  ) {
    // Names may hold new lines, and may be of any length; a message about a picture is one line.
    super(CODES[fault], `${truncateText(file.replaceAll('\n', '\\n'), MAX_SHOWN_NAME)}: ${reason}`, facts);
  }
}

/**
 * Decodes a picture to the RGB bytes that PIL's convert('RGB') gives: pixels as stored (EXIF orientation and
 * color profiles are ignored), gray repeated, alpha dropped rather than blended, the palette looked up, the
 * high byte of 16 bits, the first frame of several.
 *
 * @param picture path of its file, or the file's bytes
 * @param expectedSize what the annotations say
 * @throws ImageError if the file cannot be read, is damaged or truncated, is no picture, or has another size; the system's
 *   error if too many files are open
 */
export async function decodeImage(picture: string | Uint8Array, expectedSize?: Size): Promise<DecodedImage> {
  const name = typeof picture === 'string' ? picture : 'a picture in memory';
  const bytes = typeof picture === 'string' ? await readPicture(picture) : bufferOf(picture);
  if (bytes.length === 0) throw new ImageError(name, 'it is empty', 'empty');
  try {
    return await decode(bytes, name, expectedSize);
  } catch (error) {
    throw asImageError(name, error);
  }
}

async function readPicture(file: string): Promise<Buffer> {
  await requireContent(file);
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    throw readingError(file, error);
  });
}

/** The same memory. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * Reads what a picture says of itself, and none of its pixels: much faster than decodeImage, and as strict but for
 * damage behind the header.
 *
 * @throws ImageError as decodeImage, as far as the header tells
 */
export async function checkImageHeader(file: string, expectedSize: Size): Promise<void> {
  await requireContent(file);
  // libvips takes what stands in brackets at the end of a name for its own options.
  const source = file.endsWith(']') ? await readFile(file) : file;
  try {
    await readHeader(sharp(source, SHARP_OPTIONS), file, expectedSize);
  } catch (error) {
    // libvips calls a file that it could not open one of an unknown type.
    if (!(error instanceof ImageError)) await requireReadable(file);
    throw asImageError(file, error);
  }
}

/** Reading a pipe or a device may never end. */
async function requireContent(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw readingError(file, error);
  });
  if (found.isDirectory()) throw new ImageError(file, 'this is a folder, not a picture', 'no file');
  if (!found.isFile()) throw new ImageError(file, 'this is a pipe or a device, not a picture', 'no file');
  if (found.size === 0) throw new ImageError(file, 'the file is empty', 'empty');
}

// failOn 'error': a wrong checksum and a file that ends early count, a mere warning of the decoder does not.
const SHARP_OPTIONS = { failOn: 'error', ignoreIcc: true, limitInputPixels: MAX_PIXELS } as const;

async function requireReadable(file: string): Promise<void> {
  const handle = await open(file).catch((error: NodeJS.ErrnoException) => {
    throw readingError(file, error);
  });
  await handle.close();
}

async function decode(bytes: Buffer, file: string, expectedSize: Size | undefined): Promise<DecodedImage> {
  const image = sharp(bytes, SHARP_OPTIONS);
  const { format, width, height, space } = await readHeader(image, file, expectedSize);
  if (format === 'jpeg' && !hasEnd(bytes))
    throw new ImageError(file, 'the picture is damaged: its end is missing', 'damaged');
  if (space === 'cmyk') {
    const inks = await image.removeAlpha().pipelineColourspace('cmyk').toColourspace('cmyk').raw().toBuffer();
    return { pixels: cmykToRgb(inks), size: { width, height } };
  }
  const pixels = await image.removeAlpha().toColourspace('srgb').raw().toBuffer();
  return { pixels, size: { width, height } };
}

async function readHeader(image: Sharp, file: string, expectedSize: Size | undefined): Promise<Metadata> {
  const metadata = await image.metadata();
  const { format, width, height } = metadata;
  if (!FORMATS.includes(format))
    throw new ImageError(file, `pictures of type ${format} are not supported`, 'unknown type', { format });
  if (expectedSize !== undefined && (expectedSize.width !== width || expectedSize.height !== height)) {
    throw new ImageError(file, sizeProblem({ width, height }, expectedSize), 'size', {
      stored: { width, height },
      expected: { width: expectedSize.width, height: expectedSize.height },
    });
  }
  return metadata;
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

function readingError(file: string, error: NodeJS.ErrnoException): Error {
  if (isOutOfFiles(error)) return error;
  const { code, message } = error;
  if (code === 'ENOENT') return new ImageError(file, 'there is no such file', 'missing');
  return new ImageError(file, `the file cannot be read (${code ?? message})`, 'unreadable');
}

function sizeProblem(stored: Size, expected: Size): string {
  const swapped = stored.width === expected.height && stored.height === expected.width;
  return (
    `the picture is stored as ${stored.width}x${stored.height} pixels, but the annotations say ` +
    `${expected.width}x${expected.height}` +
    (swapped ? ' (they may have followed its EXIF orientation, which is ignored here as COCO does)' : '')
  );
}

/** What the decoder has thrown says that the picture cannot be used. */
function asImageError(file: string, error: unknown): unknown {
  return error instanceof ImageError || !(error instanceof Error) ? error : decodingError(file, error);
}

function decodingError(file: string, { message }: Error): ImageError {
  if (message.includes('unsupported image format'))
    return new ImageError(
      file,
      `this is not a picture of a supported type (${FORMATS.join(', ')}), or it is truncated`,
      'unknown type',
    );
  if (message.includes('pixel limit'))
    return new ImageError(file, `the picture declares more than ${MAX_PIXELS} pixels`, 'too large', {
      maxPixels: MAX_PIXELS,
    });
  // libvips says the same of each attempt to read a picture.
  const lines = new Set(message.trim().split(/\s*\n\s*/));
  return new ImageError(file, `the picture is damaged: ${[...lines].join('; ')}`, 'damaged');
}
