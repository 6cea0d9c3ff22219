import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** What has been added to a file since the last look. */
export interface Added {
  /** Empty where nothing has. */
  readonly bytes: Buffer;
  /** The file is another one than before, or shorter: the bytes are all that it has. */
  readonly isNew: boolean;
}

/** A file that another process writes to: only what is new of it is read. */
export class GrowingFile {
  private inode = 0;
  private read = 0;

  constructor(private readonly file: string) {}

  /** What has been added; nothing where there is no such file yet. */
  look(): Added {
    const descriptor = openIfThere(this.file);
    if (descriptor === undefined) return { bytes: Buffer.alloc(0), isNew: false };
    try {
      const { ino, size } = fstatSync(descriptor);
      const isNew = ino !== this.inode || size < this.read;
      if (isNew) [this.inode, this.read] = [ino, 0];
      const bytes = Buffer.alloc(size - this.read);
      const count = readSync(descriptor, bytes, 0, bytes.length, this.read);
      this.read += count;
      return { bytes: bytes.subarray(0, count), isNew };
    } finally {
      closeSync(descriptor);
    }
  }
}

function openIfThere(file: string): number | undefined {
  try {
    return openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
