import { InputError } from '../../detection/errors';

/** There is not so much memory as the pixels of a batch need: smaller images, or fewer of them in a batch, need less. */
export class BatchMemoryError extends InputError {
  override readonly name = 'BatchMemoryError';

  /** @internal */
  constructor(
    /** What they need. */
    readonly bytes: number,
  ) {
    super('batch-memory', `not enough memory: the pixels of a batch need ${Math.ceil(bytes / 1e6)} MB`);
  }
}

/**
 * Shared memory that workers write batches to, used again and again. A fresh buffer for each batch cost as much as the
 * resizing: pages to be filled with zeros by the system, and a garbage collector that is called for every few of them.
 */
export class PixelBuffers {
  private readonly free: SharedArrayBuffer[] = [];

  /**
   * A buffer of at least so many bytes, with anything in it. One that is too small makes way for a larger one.
   *
   * @throws BatchMemoryError where there is not so much memory
   */
  take(bytes: number): SharedArrayBuffer {
    const buffer = this.free.pop();
    return buffer !== undefined && buffer.byteLength >= bytes ? buffer : allocate(bytes);
  }

  /** Gives back a buffer that nobody reads or writes any more. */
  release(buffer: SharedArrayBuffer): void {
    this.free.push(buffer);
  }
}

function allocate(bytes: number): SharedArrayBuffer {
  try {
    return new SharedArrayBuffer(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BatchMemoryError(bytes);
  }
}
