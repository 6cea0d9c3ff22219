import path from 'node:path';
import { groupBy } from '../group-by';
import { filesBelow } from '../files-below';
import { isPictureName } from '../images/picture-names';
import { withoutExtension } from './folders';

/** Finds pictures in a folder by what files of annotations call them. */
export class PictureFinder {
  private readonly byStem: ReadonlyMap<string, readonly string[]>;
  private readonly byName: ReadonlyMap<string, string>;

  constructor(folder: string) {
    const files = filesBelow(folder).filter(isPictureName);
    this.byStem = groupBy(files, (file) => withoutExtension(path.relative(folder, file)));
    this.byName = new Map(files.map((file) => [path.relative(folder, file), file]));
  }

  /**
   * The picture of this name; among those that differ in nothing but the extension the one that is named; where there is none,
   * the named one.
   *
   * @param stem relative to the folder, without extension.
   * @param named what the annotations call it, with or without a folder.
   */
  find(stem: string, named: string): string | undefined {
    const ofStem = this.byStem.get(stem) ?? [];
    return (
      ofStem.find((file) => path.basename(file) === path.basename(named)) ??
      ofStem[0] ??
      this.byName.get(path.normalize(named)) ??
      this.byName.get(path.basename(named)) ??
      this.byStem.get(named)?.[0]
    );
  }
}
