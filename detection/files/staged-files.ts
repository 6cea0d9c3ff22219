import { readFileSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeContent, writingError, type Content } from './content';
import { destinationOf, type Destination } from './destination';
import { makeFolders } from './make-folders';
import { temporaryName } from './temporary-names';

interface StagedFile {
  readonly file: string;
  readonly temporary: string;
  readonly destination: Destination;
}

/**
 * Files that are to be there all together or not at all. Each is written under its temporary name as soon as it is known, so
 * that none has to be kept in memory; all get their names at the end. Whoever makes it discards it, whatever happens:
 *
 *     const files = new StagedFiles();
 *     try {
 *       for (...) files.add(name, content);
 *       files.publish();
 *     } finally {
 *       files.discard();
 *     }
 */
export class StagedFiles {
  private staged: StagedFile[] = [];
  private published: string[] = [];
  private madeFolders: string[] = [];

  /**
   * Writes a file under its temporary name, in a folder that is made if need be. Not brought to the disk: what a machine that
   * dies takes along can be made again.
   *
   * @throws InputError where it cannot be written, or what has its name cannot be replaced.
   */
  add(file: string, content: Content): void {
    const temporary = this.reserve(file);
    try {
      writeContent(temporary, content, { isFlushed: false });
    } catch (error) {
      throw writingError(file, error);
    }
  }

  /**
   * The temporary name of a file, for whoever writes it bit by bit, in a folder that is made if need be.
   *
   * @throws InputError where the folder cannot be made, or what has its name cannot be replaced.
   */
  reserve(file: string): string {
    try {
      this.makeFolder(path.dirname(file));
      const destination = destinationOf(file);
      const temporary = temporaryName(destination.isReplaced ? destination.file : file);
      this.staged.push({ file, temporary, destination });
      return temporary;
    } catch (error) {
      throw writingError(file, error);
    }
  }

  /**
   * Gives all files their names; what is no regular file is written through.
   *
   * @throws InputError where one cannot get its name.
   */
  publish(): void {
    for (const { file, temporary, destination } of this.staged) {
      try {
        if (destination.isReplaced) {
          renameSync(temporary, destination.file);
          this.published.push(destination.file);
        } else {
          writeContent(destination.file, [readFileSync(temporary)], { isFlushed: false });
          rmSync(temporary);
        }
      } catch (error) {
        throw writingError(file, error);
      }
    }
    [this.staged, this.published, this.madeFolders] = [[], [], []];
  }

  /** Removes all files, and the folders made for them, unless all have been published. */
  discard(): void {
    for (const { temporary } of this.staged) rmSync(temporary, { force: true });
    for (const file of this.published) rmSync(file, { force: true });
    // The inner ones first.
    for (const folder of this.madeFolders.sort((a, b) => b.length - a.length)) removeIfEmpty(folder);
    [this.staged, this.published, this.madeFolders] = [[], [], []];
  }

  private makeFolder(folder: string): void {
    const whole = path.resolve(folder);
    const first = makeFolders(whole);
    if (first === undefined) return;
    for (let at = whole; at.length >= first.length; at = path.dirname(at)) this.madeFolders.push(at);
  }
}

/** Others may have put something there in the meantime. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It stays.
  }
}
