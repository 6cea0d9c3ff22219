import { closeSync, openSync } from 'node:fs';
import { writeContent, writingError } from '../../../detection/files/content';
import { destinationOf } from '../../../detection/files/destination';
import type { StagedFiles } from '../../../detection/files/staged-files';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';
import { hasLines } from './json-file';

/**
 * The file of `--json` of a video, to which each frame is written when it is known: an hour of video does not fit into memory.
 * A line for each in a `.jsonl`, a list otherwise. A pipe gets them at once.
 */
export class JsonFrames {
  private readonly descriptor: number;
  private readonly isOwn: boolean;
  private readonly hasLines: boolean;
  private count = 0;

  /** @throws InputError where the file cannot be written. */
  constructor(
    private readonly file: string,
    staged: StagedFiles,
  ) {
    this.hasLines = hasLines(file);
    const through = statOrUndefined(file) ? destinationOf(file) : undefined;
    const target = through?.isReplaced === false ? through.file : staged.reserve(file);
    this.isOwn = typeof target === 'string';
    this.descriptor = typeof target === 'string' ? openSync(target, 'w') : target;
  }

  /** @throws InputError where it cannot be written. */
  add(frame: object): void {
    const first = this.hasLines ? '' : '[\n';
    const next = this.hasLines ? '\n' : ',\n';
    this.write(`${this.count++ === 0 ? first : next}${JSON.stringify(frame)}`);
  }

  /** To be called after the last frame. @throws InputError where it cannot be written. */
  finish(): void {
    if (this.count === 0) this.write(this.hasLines ? '' : '[]\n');
    else this.write(this.hasLines ? '\n' : '\n]\n');
  }

  /** To be called in any case. */
  close(): void {
    if (this.isOwn) closeSync(this.descriptor);
  }

  private write(text: string): void {
    try {
      writeContent(this.descriptor, text, { isFlushed: false });
    } catch (error) {
      throw writingError(this.file, error);
    }
  }
}
