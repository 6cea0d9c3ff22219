import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

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
      this.replace(file, (temporary) =>
        writeFileSync(temporary, Buffer.concat([whole.subarray(0, length), text])),
      );
    }
  }

  mend(names: readonly string[] = this.names): void {
    for (const name of names) {
      this.brokenNames.delete(name);
      this.replace(path.join(this.folder, name), (temporary) =>
        linkSync(path.join(this.spare, name), temporary),
      );
    }
  }

  private replace(file: string, write: (temporary: string) => void): void {
    const temporary = `${file}.soak`;
    rmSync(temporary, { force: true });
    write(temporary);
    renameSync(temporary, file);
    // A link renamed over another one of the same file leaves both.
    rmSync(temporary, { force: true });
  }
}
