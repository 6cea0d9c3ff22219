/** Bytes that are read by ranges, each into memory of its own. */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /** `position + length` is at most `size`. */
  readAt(position: number, length: number): Uint8Array<ArrayBuffer>;
}

/** Bytes that are in memory already. */
export class BytesInMemory implements ByteSource {
  constructor(private readonly bytes: Uint8Array) {}

  get size(): number {
    return this.bytes.length;
  }

  readAt(position: number, length: number): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(position, position + length);
  }
}
