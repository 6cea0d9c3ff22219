import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import sharp from 'sharp';

/** A temporary folder with files and pictures. To be made inside a describe or a file. */
export class DataFolder {
  private folder = '';

  constructor() {
    beforeAll(() => void (this.folder = mkdtempSync(path.join(tmpdir(), 'formats-'))));
    afterAll(() => rmSync(this.folder, { recursive: true }));
  }

  at(...names: string[]): string {
    return path.join(this.folder, ...names);
  }

  /** Writes text files by their names below a folder; undefined stands for a picture of 40 x 30 pixels. */
  async write(folder: string, files: Readonly<Record<string, string | undefined>>): Promise<string> {
    for (const [name, content] of Object.entries(files)) {
      const file = this.at(folder, name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content ?? (await picture()));
    }
    return this.at(folder);
  }
}

/** Bytes of a picture of 40 x 30 pixels, as stored. */
export function picture(orientation?: number): Promise<Buffer> {
  const image = sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } }).jpeg();
  return (orientation === undefined ? image : image.withMetadata({ orientation })).toBuffer();
}
