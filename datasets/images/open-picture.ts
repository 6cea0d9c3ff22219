import sharp, { type Metadata } from 'sharp';
import type { Size, Window } from '../../detection/structures/size';
import { cropImage } from './crop-image';
import {
  checkedHeader,
  decodeBytes,
  readBytes,
  rgbBytes,
  type DecodedImage,
  type DecodeOptions,
} from './decode';
import { refuseForeign } from './formats/foreign-format';
import { inverseOrientation, turnBox, turnSize, type Orientation } from './orientation';
import { asImageError, MAX_PIXELS, plainFormatOf, sharpOptions } from './picture-header';
import { turnImage } from './turn-image';

/** A part of a picture. */
export interface PicturePart {
  /** Its place among the windows that were asked for. */
  readonly index: number;
  /** Its pixels. */
  readonly image: DecodedImage;
}

/**
 * Pixels of a picture that are in memory at once, bytes: 22 megapixels. Files can be read from the beginning only, so a larger
 * picture is decoded anew for each of its bands, up to the band's end: as much as five times the whole for 182 megapixels.
 */
const BAND_BYTES = 64 * 2 ** 20;

/**
 * Decodes a picture, or, where it is large, opens it, so that its parts can be decoded one by one. Formats that only this project
 * reads (BMP, Netpbm) are decoded as a whole, and so are progressive JPEG and interlaced PNG files, which the decoder itself
 * holds in memory.
 *
 * @param picture path of its file, or the file's bytes
 * @param bandBytes bytes of pixels that may be in memory at once
 * @throws ImageError as decodeImage, of a large picture as far as the header tells
 */
export async function openPicture(
  picture: string | Uint8Array,
  options: DecodeOptions = {},
  bandBytes = BAND_BYTES,
): Promise<DecodedImage | LargePicture> {
  const { upright = false, maxPixels = MAX_PIXELS } = options;
  const { bytes, name } = await readBytes(picture);
  refuseForeign(bytes, name);
  if (plainFormatOf(bytes) !== undefined) return decodeBytes(bytes, name, options);
  try {
    const { metadata, header } = await checkedHeader(bytes, name, options);
    const { stored, orientation } = header;
    if (metadata.isProgressive === true || 3 * stored.width * stored.height <= bandBytes)
      return await decodeBytes(bytes, name, options);
    return new LargePicture(name, bytes, metadata, stored, upright ? orientation : 1, maxPixels, bandBytes);
  } catch (error) {
    throw asImageError(name, error, maxPixels);
  }
}

/**
 * Finds out whether a picture can be decoded, all of it; a large one in little memory.
 *
 * @throws ImageError as decodeImage
 */
export async function checkPixels(picture: string | Uint8Array, options: DecodeOptions = {}): Promise<void> {
  const opened = await openPicture(picture, options);
  // Every pixel has a part in the one that is left.
  if (opened instanceof LargePicture) await opened.resized({ width: 1, height: 1 });
}

/**
 * A picture of which parts are decoded as they are needed. In memory are one band of it, or a row of parts where that is more,
 * and its file.
 */
export class LargePicture {
  /** @internal Use openPicture. */
  constructor(
    private readonly name: string,
    private readonly bytes: Buffer,
    private readonly metadata: Metadata,
    private readonly stored: Size,
    private readonly orientation: Orientation,
    private readonly maxPixels: number,
    private readonly bandBytes: number,
  ) {}

  /** In the frame that was asked for: as stored, or upright. */
  get size(): Size {
    return turnSize(this.stored, this.orientation);
  }

  /** All of the picture at another size, averaged (Lanczos). @throws ImageError where it is damaged. */
  async resized(size: Size): Promise<DecodedImage> {
    const stored = turnSize(size, this.orientation);
    const image = sharp(this.bytes, sharpOptions(this.maxPixels)).resize({ ...stored, fit: 'fill' });
    return turnImage(await this.decode(rgbBytes(image, this.metadata), stored), this.orientation);
  }

  /**
   * Parts of the picture, each once, in the order in which they lie in the file.
   *
   * @param windows pixels of the picture; they lie in it
   * @throws ImageError where the picture is damaged.
   */
  async *parts(windows: readonly Window[]): AsyncGenerator<PicturePart, void> {
    const back = inverseOrientation(this.orientation);
    const wanted = windows.map(({ left, top, width, height }, index) => {
      const [x, y, w, h] = turnBox([left, top, width, height], back, this.size);
      return { index, window: { left: x, top: y, width: w, height: h } };
    });
    wanted.sort((a, b) => a.window.top - b.window.top || a.window.left - b.window.left);
    const rowBytes = 3 * this.stored.width;
    while (wanted.length > 0) {
      const { top } = wanted[0].window;
      const lastRow = top + Math.max(wanted[0].window.height, Math.floor(this.bandBytes / rowBytes));
      const outside = wanted.findIndex(({ window }) => window.top + window.height > lastRow);
      const inBand = wanted.splice(0, outside < 0 ? wanted.length : outside);
      const bottom = Math.max(...inBand.map(({ window }) => window.top + window.height));
      const band = await this.read({ left: 0, top, width: this.stored.width, height: bottom - top });
      for (const { index, window } of inBand) {
        const part = cropImage(band, { ...window, top: window.top - top });
        yield { index, image: turnImage(part, this.orientation) };
      }
    }
  }

  private async read(window: Window): Promise<DecodedImage> {
    const image = sharp(this.bytes, sharpOptions(this.maxPixels)).extract(window);
    return this.decode(rgbBytes(image, this.metadata), { width: window.width, height: window.height });
  }

  private async decode(pixels: Promise<Uint8Array>, size: Size): Promise<DecodedImage> {
    try {
      return { pixels: await pixels, size };
    } catch (error) {
      throw asImageError(this.name, error, this.maxPixels);
    }
  }
}
