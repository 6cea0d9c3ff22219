import type { ByteSource } from './byte-source';
import { PickleError } from './pickle/pickle-values';

/** Small reads go through a window; long ones straight from the source. */
const WINDOW_BYTES = 1 << 16;
/** Longest line: the module or the name of a global. */
const MAX_LINE_BYTES = 1024;

/** Reads a source from front to back. All reads throw a PickleError where the bytes end before. */
export class ByteCursor {
  private window: Uint8Array<ArrayBuffer> = new Uint8Array();
  private view = new DataView(this.window.buffer);
  private windowBegin = 0;

  constructor(
    private readonly source: ByteSource,
    /** Of the next byte, in the source. */
    public position = 0,
  ) {}

  uint8(): number {
    const at = this.advance(1);
    return this.view.getUint8(at);
  }

  uint16(): number {
    const at = this.advance(2);
    return this.view.getUint16(at, true);
  }

  int32(): number {
    const at = this.advance(4);
    return this.view.getInt32(at, true);
  }

  uint32(): number {
    const at = this.advance(4);
    return this.view.getUint32(at, true);
  }

  /** Rounded beyond 2^53, which is longer than any file. */
  uint64(): number {
    const at = this.advance(8);
    return Number(this.view.getBigUint64(at, true));
  }

  /** Pickles alone have big-endian numbers, and only these. */
  bigEndianFloat64(): number {
    const at = this.advance(8);
    return this.view.getFloat64(at, false);
  }

  /** Memory of its own. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    this.require(length);
    const inWindow = this.position - this.windowBegin;
    const bytes =
      inWindow >= 0 && inWindow + length <= this.window.length
        ? this.window.slice(inWindow, inWindow + length)
        : this.source.readAt(this.position, length);
    this.position += length;
    return bytes;
  }

  /** Up to a line feed, which is left out. */
  line(): string {
    const bytes: number[] = [];
    for (let byte = this.uint8(); byte !== 0x0a; byte = this.uint8()) {
      if (bytes.push(byte) > MAX_LINE_BYTES)
        throw new PickleError('pickle-name-long', 'has an unterminated name');
    }
    return Buffer.from(bytes).toString('latin1');
  }

  /** Steps over `length` bytes; returns where in the window they begin. */
  private advance(length: number): number {
    this.require(length);
    const begin = this.position - this.windowBegin;
    this.position += length;
    if (begin >= 0 && begin + length <= this.window.length) return begin;
    this.windowBegin = this.position - length;
    this.window = this.source.readAt(
      this.windowBegin,
      Math.min(WINDOW_BYTES, this.source.size - this.windowBegin),
    );
    this.view = new DataView(this.window.buffer);
    return 0;
  }

  private require(length: number): void {
    if (length > this.source.size - this.position) {
      throw new PickleError('pickle-cut', 'is truncated: it ends in the middle of an operation');
    }
  }
}

/** Bytes in memory as a source. */
export function memorySource(bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return {
    size: bytes.length,
    readAt: (position, length) => bytes.slice(position, position + length),
  };
}
