import { join, relative, sep } from 'node:path';
import { staysInFolder } from '../coco/file-name';
import { shownValue } from '../coco/problems';
import { ImageError } from '../images/image-error';
import { readPictureHeader, type PictureHeader } from '../images/picture-header';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import { filesBelow } from '../files-below';
import { groupBy } from '../group-by';
import { commonParts, differences, nameParts, partKey } from './near-names';

/** So many of the files that a name could mean are named. */
const NAMED_FILES = 3;

/** What a repair asks about a folder of pictures. The folder is listed, with all that is below it, at the first question that needs that. */
export class PictureFolder {
  private readonly headers = new Map<string, Promise<PictureHeader | undefined>>();
  private listed: ReadonlyMap<string, readonly string[]> | undefined;

  constructor(readonly folder: string) {}

  /** Whether a name is that of a file of the folder, exactly. */
  has(name: string): boolean {
    return staysInFolder(name) && statOrUndefined(join(this.folder, name))?.isFile() === true;
  }

  /**
   * The files that a name may mean that is not exactly theirs: their last parts are the same but for Unicode form, letter
   * case, outer blanks and percent-encoding, and no other file has more parts, from the last one on, in common with it. Of these, those
   * that are spelled as the name is, if there are any.
   *
   * @returns relative to the folder, with `/`; none if `has(name)`.
   */
  near(name: string): readonly string[] {
    if (this.has(name)) return [];
    const parts = nameParts(name);
    const last = parts.at(-1);
    const candidates =
      last === undefined ? [] : ((this.listed ??= filesByLastKey(this.folder)).get(partKey(last)) ?? []);
    const scores = candidates.map((file) => commonParts(parts, file.split('/')));
    const best = candidates.filter((_, k) => scores[k] === Math.max(...scores));
    const exact = best.filter((file) => parts.join('/').endsWith(file) || file.endsWith(parts.join('/')));
    return exact.length > 0 ? exact : best;
  }

  /** What to add to a message that there is no file of a name: `there is "a.png", which differs in letter case`. */
  hint(name: string): string | undefined {
    const files = this.near(name);
    if (files.length === 0) return undefined;
    if (files.length === 1) {
      return `there is ${shownValue(files[0])}, which differs in ${differences(name, files[0])}`;
    }
    const named = files.slice(0, NAMED_FILES).map(shownValue).join(', ');
    return `it could mean ${named}${files.length > NAMED_FILES ? ', ...' : ''}`;
  }

  /** Sizes and orientation of a picture; undefined where there is none that can be read. */
  header(name: string): Promise<PictureHeader | undefined> {
    const known = this.headers.get(name);
    if (known !== undefined) return known;
    const header = this.has(name)
      ? readPictureHeader(join(this.folder, name)).catch((error: unknown) => {
          if (error instanceof ImageError) return undefined;
          throw error;
        })
      : Promise.resolve(undefined);
    this.headers.set(name, header);
    return header;
  }
}

/** The files of a folder and of all folders below it, relative to it with `/`, by the key of their last parts. */
function filesByLastKey(folder: string): Map<string, string[]> {
  let files: string[];
  try {
    files = filesBelow(folder);
  } catch {
    return new Map(); // no folder, or one that may not be read: the check of the pictures says so
  }
  return groupBy(
    files.map((file) => relative(folder, file).replaceAll(sep, '/')),
    (file) => partKey(file.slice(file.lastIndexOf('/') + 1)),
  );
}
