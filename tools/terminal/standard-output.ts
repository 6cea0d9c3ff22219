import { fstatSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { writeContent, writingError } from '../../detection/files/content';
import type { InputError } from '../../detection/errors';

/** What is written to; `process.stdout` fits. */
export type Output = NodeJS.WritableStream &
  Pick<NodeJS.WriteStream, '_write' | 'writableLength'> & { readonly fd: number };

/**
 * Watches whether what is printed can be written. A reader that has read enough (`rcnn ... | head`) is no failure, and the
 * work goes on in any case: what it leaves behind counts more than what it says.
 */
export class StandardOutput {
  private failure: Error | undefined;

  constructor(private readonly output: Output = process.stdout) {
    output.on('error', this.onError);
    if (fstatSync(output.fd).isFile()) output._write = writeAll(output.fd);
  }

  /** Waits until all is written, and ends the watch. @returns what could not be written, for the user */
  async end(): Promise<InputError | undefined> {
    do await setImmediate();
    while (this.output.writableLength > 0 && this.failure === undefined);
    this.output.off('error', this.onError);
    return this.failure && writingError('standard output', this.failure);
  }

  private readonly onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') this.failure ??= error;
  };
}

/** Node.js writes to a file once, and does not look how much of it a full disk has taken. */
function writeAll(descriptor: number): Output['_write'] {
  return (chunk: Buffer, _encoding, done) => {
    try {
      writeContent(descriptor, [chunk], { isFlushed: false });
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}
