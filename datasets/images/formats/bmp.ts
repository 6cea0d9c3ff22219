import type { Size } from '../../../detection/structures/size';
import { ImageError } from '../image-error';
import { damaged, type PlainFormat } from './plain-format';
import { decodeRuns } from './bmp-runs';

/** Values of the field "compression". */
const RAW = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

const FILE_HEADER = 14;
/** Sizes of the second header: of OS/2, of Windows, and the least that has masks in it. */
const CORE_HEADER = 12;
const INFO_HEADER = 40;
const MASKS_HEADER = 52;

interface Header {
  readonly size: Size;
  /** Whether the first row in the file is the upper one. */
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where the pixels begin. */
  readonly offset: number;
  /** Where the palette begins, how many colors it has, and bytes of each. */
  readonly palette: { readonly offset: number; readonly count: number; readonly bytes: number };
  /** Which bits of a pixel are red, green and blue. */
  readonly masks: readonly number[];
}

/**
 * Windows and OS/2 bitmaps of 1, 4, 8, 16, 24 and 32 bits, upwards or downwards, with run lengths, with masks. What else
 * there is (JPEG or PNG in a bitmap) is refused.
 */
export const bmp: PlainFormat = {
  recognizes: (start) => start.subarray(0, 2).toString('latin1') === 'BM',
  readSize: (start, file) => readHeader(start, file).size,
  decode(bytes, file) {
    const header = readHeader(bytes, file);
    const { size, topDown, bits } = header;
    const { width, height } = size;
    const rgb = new Uint8Array(width * height * 3);
    const rowOf = (line: number): number => (topDown ? line : height - 1 - line) * width * 3;
    if (bits <= 8) {
      const palette = readPalette(bytes, header, file);
      const indices = readIndices(bytes, header, file);
      for (let line = 0, from = 0; line < height; line++) {
        for (let x = 0, to = rowOf(line); x < width; x++, from++, to += 3) {
          const color = 3 * indices[from];
          rgb[to] = palette[color];
          rgb[to + 1] = palette[color + 1];
          rgb[to + 2] = palette[color + 2];
        }
      }
      return rgb;
    }
    const { rows, stride } = readRows(bytes, header, file);
    const colorOf = header.masks.map(maskReader);
    const bytesPerPixel = bits / 8;
    for (let line = 0; line < height; line++) {
      let from = line * stride;
      for (let to = rowOf(line), end = to + width * 3; to < end; from += bytesPerPixel) {
        const pixel = rows.readUIntLE(from, bytesPerPixel);
        for (const color of colorOf) rgb[to++] = color(pixel);
      }
    }
    return rgb;
  },
};

function readHeader(bytes: Buffer, file: string): Header {
  const headerSize = bytes.length < FILE_HEADER + 4 ? 0 : bytes.readUInt32LE(FILE_HEADER);
  const isCore = headerSize === CORE_HEADER;
  if (!isCore && headerSize < INFO_HEADER) throw damaged(file, 'its header is incomplete');
  const end = FILE_HEADER + headerSize;
  if (bytes.length < end) throw damaged(file, 'its header is incomplete');
  const width = isCore ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const rows = isCore ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(isCore ? 24 : 28);
  const compression = isCore ? RAW : bytes.readUInt32LE(30);
  const offset = bytes.readUInt32LE(10);
  if (offset < end) throw damaged(file, 'its pixels begin within its header');
  if (width <= 0 || rows === 0) throw damaged(file, 'it has no pixels');
  requireKnown(bits, compression, file);
  const hasMasks = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  if (hasMasks && bytes.length < FILE_HEADER + MASKS_HEADER) throw damaged(file, 'its header is incomplete');
  return {
    size: { width, height: Math.abs(rows) },
    topDown: rows < 0,
    bits,
    compression,
    offset,
    palette: {
      offset: end,
      count: Math.min((isCore ? 0 : bytes.readUInt32LE(46)) || 2 ** bits, 2 ** bits),
      bytes: isCore ? 3 : 4,
    },
    masks: hasMasks ? [54, 58, 62].map((at) => bytes.readUInt32LE(at)) : usualMasks(bits),
  };
}

function requireKnown(bits: number, compression: number, file: string): void {
  const bitsOf: ReadonlyMap<number, readonly number[]> = new Map([
    [RAW, [1, 4, 8, 16, 24, 32]],
    [RLE8, [8]],
    [RLE4, [4]],
    [BITFIELDS, [16, 32]],
    [ALPHA_BITFIELDS, [16, 32]],
  ]);
  if (bitsOf.get(compression)?.includes(bits) === true) return;
  throw new ImageError(
    file,
    `bitmaps of ${bits} bits with compression ${compression} are not supported`,
    'unknown type',
    { format: 'bmp' },
  );
}

function usualMasks(bits: number): readonly number[] {
  return bits === 16 ? [0x7c00, 0x03e0, 0x001f] : [0xff0000, 0x00ff00, 0x0000ff];
}

/** What a pixel says of a color, of 0..255: rounded down, as PIL does. */
function maskReader(mask: number): (pixel: number) => number {
  if (mask === 0) return () => 0;
  const shift = 31 - Math.clz32(mask & -mask);
  const most = mask >>> shift;
  return most === 255
    ? (pixel) => (pixel & mask) >>> shift
    : (pixel) => Math.floor((((pixel & mask) >>> shift) * 255) / most);
}

/** [256 * 3], RGB. Colors that the file does not define are black, as in PIL. */
function readPalette(bytes: Buffer, { palette }: Header, file: string): Uint8Array {
  const { offset, count, bytes: entry } = palette;
  if (bytes.length < offset + count * entry) throw damaged(file, 'its palette is incomplete');
  const colors = new Uint8Array(256 * 3);
  for (let k = 0; k < count; k++) {
    for (let c = 0; c < 3; c++) colors[3 * k + c] = bytes[offset + k * entry + 2 - c];
  }
  return colors;
}

/** Places in the palette, [height, width], in the order of the file. */
function readIndices(bytes: Buffer, header: Header, file: string): Uint8Array {
  const { size, bits, compression, offset } = header;
  const { width, height } = size;
  if (compression !== RAW) return decodeRuns(bytes.subarray(offset), size, bits, file);
  const { rows, stride } = readRows(bytes, header, file);
  const indices = new Uint8Array(width * height);
  const perByte = 8 / bits;
  for (let line = 0, to = 0; line < height; line++) {
    for (let x = 0; x < width; x++, to++) {
      const byte = rows[line * stride + Math.floor(x / perByte)];
      indices[to] = (byte >> (8 - bits * (1 + (x % perByte)))) & (2 ** bits - 1);
    }
  }
  return indices;
}

/** Rows of pixels that are not compressed: each takes a multiple of four bytes, but for the last one's. */
function readRows(
  bytes: Buffer,
  { size: { width, height }, bits, offset }: Header,
  file: string,
): { rows: Buffer; stride: number } {
  const used = Math.ceil((width * bits) / 8);
  const stride = 4 * Math.ceil(used / 4);
  if (bytes.length < offset + (height - 1) * stride + used) throw damaged(file, 'its end is missing');
  return { rows: bytes.subarray(offset), stride };
}
