import type { Size } from '../../../detection/structures/size';
import { damaged, type PlainFormat } from './plain-format';

interface Header {
  readonly size: Size;
  /** Bits of black and white, rather than values. */
  readonly isBitmap: boolean;
  /** As digits, rather than bytes. */
  readonly isText: boolean;
  readonly channels: 1 | 3;
  readonly maxValue: number;
  /** Where the pixels begin. */
  readonly offset: number;
}

const MAX_VALUE = 65_535;

/** Portable bit, gray and pixel maps (PBM, PGM, PPM: P1 to P6), of up to 16 bits. */
export const netpbm: PlainFormat = {
  recognizes: (start) => /^P[1-6][\s#]/.test(start.subarray(0, 3).toString('latin1')),
  readSize: (start, file) => readHeader(start, file).size,
  decode(bytes, file) {
    const header = readHeader(bytes, file);
    const { size, channels, maxValue } = header;
    const count = size.width * size.height * channels;
    const values = readValues(bytes, header, count, file);
    const scaled = Uint8Array.from({ length: maxValue + 1 }, (_, value) =>
      roundHalfToEven((value / maxValue) * 255),
    );
    const rgb = new Uint8Array(size.width * size.height * 3);
    for (let i = 0; i < rgb.length; i++) {
      rgb[i] = scaled[Math.min(values[channels === 1 ? Math.floor(i / 3) : i], maxValue)];
    }
    return rgb;
  },
};

function readHeader(bytes: Buffer, file: string): Header {
  const kind = Number(String.fromCharCode(bytes[1]));
  const isBitmap = kind === 1 || kind === 4;
  const tokens = new Tokens(bytes, 2, file);
  const width = tokens.number();
  const height = tokens.number();
  const maxValue = isBitmap ? 1 : tokens.number();
  if (width === 0 || height === 0) throw damaged(file, 'it has no pixels');
  if (maxValue === 0 || maxValue > MAX_VALUE) throw damaged(file, `its largest value is ${maxValue}`);
  return {
    size: { width, height },
    isBitmap,
    isText: kind <= 3,
    channels: kind === 3 || kind === 6 ? 3 : 1,
    maxValue,
    // One space, or the end of the line.
    offset: tokens.position + 1,
  };
}

/** The values of a picture, 0 to maxValue: of bits, 1 is white here. */
function readValues(bytes: Buffer, header: Header, count: number, file: string): ArrayLike<number> {
  const { size, isBitmap, isText, maxValue, offset } = header;
  const values = new Uint16Array(count);
  if (isText) {
    const tokens = new Tokens(bytes, offset - 1, file);
    for (let i = 0; i < count; i++) values[i] = isBitmap ? 1 - tokens.bit() : tokens.number();
    return values;
  }
  const bytesPerValue = maxValue > 255 ? 2 : 1;
  const rowBytes = Math.ceil(size.width / 8);
  const length = isBitmap ? size.height * rowBytes : count * bytesPerValue;
  if (bytes.length < offset + length) throw damaged(file, 'its end is missing');
  if (!isBitmap && bytesPerValue === 1) return bytes.subarray(offset, offset + length);
  for (let i = 0; i < count; i++) {
    if (isBitmap) {
      const [row, x] = [Math.floor(i / size.width), i % size.width];
      values[i] = 1 - ((bytes[offset + row * rowBytes + (x >> 3)] >> (7 - (x & 7))) & 1);
    } else {
      values[i] = bytes.readUInt16BE(offset + 2 * i);
    }
  }
  return values;
}

/** As Python rounds, and PIL with it. */
function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}

const HASH = 0x23;
const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const isEndOfLine = (byte: number): boolean => byte === 0x0a || byte === 0x0d;

/** Numbers between spaces and comments. */
class Tokens {
  constructor(
    private readonly bytes: Buffer,
    /** Of the byte after the last token. */
    public position: number,
    private readonly file: string,
  ) {}

  number(): number {
    this.skipSpace();
    let value = 0;
    const start = this.position;
    for (; this.isDigit(); this.position++) value = 10 * value + this.bytes[this.position] - DIGIT_0;
    if (this.position === start || value > Number.MAX_SAFE_INTEGER) throw this.fault();
    return value;
  }

  /** Bits need no spaces between them. */
  bit(): number {
    this.skipSpace();
    const value = this.bytes[this.position++] - DIGIT_0;
    if (value !== 0 && value !== 1) throw this.fault();
    return value;
  }

  private isDigit(): boolean {
    const byte = this.bytes[this.position];
    return byte >= DIGIT_0 && byte <= DIGIT_9;
  }

  private skipSpace(): void {
    for (; ; this.position++) {
      const byte = this.bytes[this.position];
      if (byte === HASH) {
        while (this.position < this.bytes.length && !isEndOfLine(this.bytes[this.position])) this.position++;
      } else if (!isSpace(byte)) return;
    }
  }

  private fault(): Error {
    const isOver = this.position >= this.bytes.length;
    return damaged(this.file, isOver ? 'its end is missing' : 'it has something other than numbers');
  }
}
