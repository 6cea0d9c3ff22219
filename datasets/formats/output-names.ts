import path from 'node:path';
import { withoutExtension } from './folders';

/**
 * Names of pictures that files of annotations are called after: two pictures whose names differ in nothing but the extension
 * would share one.
 */
export class OutputNames {
  private readonly sources = new Map<string, string>();
  private numRenamed = 0;
  private example = '';

  /**
   * The name of a picture in the new folder: its own, or, where another picture has that, one with the extension in the middle
   * and a number if need be. `a.png` becomes `a_png.png` where there is `a.jpg`.
   *
   * @param folder that it gets into: names in different ones may be the same.
   * @param source the picture. One that comes again keeps its name.
   */
  add(folder: string, fileName: string, source: string): string {
    const name = path.normalize(fileName);
    const extension = path.extname(name);
    const stem = withoutExtension(name);
    const candidates = function* (): Generator<string> {
      yield stem;
      const longer = `${stem}_${extension.slice(1)}`;
      yield longer;
      for (let number = 2; ; number++) yield `${longer}_${number}`;
    };
    for (const candidate of candidates()) {
      const key = path.join(folder, candidate);
      const owner = this.sources.get(key);
      if (owner !== undefined && owner !== source) continue;
      this.sources.set(key, source);
      if (candidate !== stem && owner === undefined) {
        this.numRenamed++;
        this.example ||= `${fileName} is ${candidate}${extension}`;
      }
      return candidate + extension;
    }
    throw new Error('unreachable');
  }

  /** One line where pictures have other names now. */
  notes(): string[] {
    if (this.numRenamed === 0) return [];
    return [
      `${this.numRenamed} pictures have other names now, since others have theirs but for the extension: ${this.example}`,
    ];
  }
}
