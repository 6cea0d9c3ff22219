import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { WeightsError } from './weights-error';

/** Longest single read or write; the system's limit is a little below 2 GiB. */
const CHUNK_BYTES = 1 << 30;

/** Bytes that are read by ranges, each into memory of its own. */
export interface ByteSource {
  /** In bytes. */
  readonly size: number;
  /** `position + length` is at most `size`. */
  readAt(position: number, length: number): Uint8Array<ArrayBuffer>;
}

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
      throw new WeightsError(name, undefined, `cannot be read: ${(error as Error).message}`);
    }
    throw new WeightsError(name, undefined, 'is not a file');
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
      if (count === 0) throw new WeightsError(this.name, undefined, 'became shorter while it was read');
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
      throw new WeightsError(this.name, undefined, `has ${length} bytes in one piece, which no memory holds`);
    }
  }
}

/**
 * Writes a file under a temporary name, brings it to the disk and renames it: nobody ever sees half of it.
 *
 * @throws WeightsError where it cannot be written; nothing is left behind then.
 */
export function writeBinaryFile(file: string, parts: Iterable<Uint8Array>): void {
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    const descriptor = openSync(temporary, 'w');
    try {
      for (const bytes of parts) writeFully(descriptor, bytes);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw new WeightsError(file, undefined, `cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function writeFully(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    done += writeSync(descriptor, bytes, done, Math.min(bytes.length - done, CHUNK_BYTES));
  }
}
