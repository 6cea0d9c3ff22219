import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { ByteSource } from './byte-source';
import { WeightsError } from './weights-error';

/** Longest single read; the system's limit is a little below 2 GiB. */
const CHUNK_BYTES = 1 << 30;

/** A file open for reading. Whoever opens it closes it. */
export class BinaryFile implements ByteSource {
  private constructor(
    readonly name: string,
    readonly size: number,
    private readonly descriptor: number,
  ) {}

  /** @throws WeightsError where there is no such file, or none that can be read. */
  static open(name: string): BinaryFile {
    try {
      const descriptor = openSync(name, 'r');
      const found = fstatSync(descriptor);
      if (found.isFile()) return new BinaryFile(name, found.size, descriptor);
      closeSync(descriptor);
    } catch (error) {
      throw new WeightsError(
        'weights-unreadable',
        { file: name },
        `cannot be read: ${(error as Error).message}`,
        { cause: error },
      );
    }
    throw new WeightsError('weights-no-file', { file: name }, 'is not a file');
  }

  readAt(position: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.allocate(length);
    for (let done = 0; done < length;) {
      const count = readSync(
        this.descriptor,
        bytes,
        done,
        Math.min(length - done, CHUNK_BYTES),
        position + done,
      );
      if (count === 0)
        throw new WeightsError('weights-shrunk', { file: this.name }, 'became shorter while it was read');
      done += count;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private allocate(length: number): Uint8Array<ArrayBuffer> {
    try {
      return new Uint8Array(length);
    } catch {
      throw new WeightsError(
        'weights-no-memory',
        { file: this.name, bytes: length },
        `has ${length} bytes in one piece, more than fits into memory`,
      );
    }
  }
}
