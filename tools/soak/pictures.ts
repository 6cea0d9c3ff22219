import { copyFileSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { temporaryName } from '../../detection/files/temporary-names';
import { writeWholeFile } from '../../detection/files/whole-file';

/** What can be wrong with the file of a picture. */
export const DEFECTS = ['missing', 'empty', 'truncated', 'no picture'] as const;
export type Defect = (typeof DEFECTS)[number];

/** The pictures of a data set, of which some may be broken, and are mended again. Each change is a rename. */
export class Pictures {
  readonly names: readonly string[];
  private readonly brokenNames = new Set<string>();

  /**
   * @param folder of the pictures.
   * @param spare a folder to make, for whole copies of them; on the same disk.
   */
  constructor(
    private readonly folder: string,
    private readonly spare: string,
  ) {
    this.names = readdirSync(folder).sort();
    mkdirSync(spare);
    for (const name of this.names) copyFileSync(path.join(folder, name), path.join(spare, name));
  }

  /** Names of those that are broken, in the order in which they broke. */
  get broken(): string[] {
    return [...this.brokenNames];
  }

  get whole(): string[] {
    return this.names.filter((name) => !this.brokenNames.has(name));
  }

  break(names: readonly string[], defect: Defect): void {
    for (const name of names) {
      this.brokenNames.add(name);
      const file = path.join(this.folder, name);
      if (defect === 'missing') {
        rmSync(file, { force: true });
        continue;
      }
      const whole = readFileSync(path.join(this.spare, name));
      const length = { empty: 0, truncated: Math.floor(whole.length / 2), 'no picture': 0 }[defect];
      const text = defect === 'no picture' ? Buffer.from('This is no picture.\n') : Buffer.alloc(0);
      writeWholeFile(file, [whole.subarray(0, length), text]);
    }
  }

  repair(names: readonly string[] = this.names): void {
    for (const name of names) {
      this.brokenNames.delete(name);
      putBack(path.join(this.spare, name), path.join(this.folder, name));
    }
  }
}

/** The copy itself under another name: a full disk has room for that. */
function putBack(copy: string, file: string): void {
  const temporary = temporaryName(file);
  rmSync(temporary, { force: true });
  linkSync(copy, temporary);
  renameSync(temporary, file);
  // A link renamed over another one of the same file leaves both.
  rmSync(temporary, { force: true });
}
