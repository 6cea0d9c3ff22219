import { readdirSync, realpathSync, type Dirent } from 'node:fs';
import path from 'node:path';
import { globSync, isDynamicPattern } from 'tinyglobby';
import { isPictureName } from '../../datasets/images/picture-names';
import { InputError } from '../../detection/errors';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import type { PictureInput } from './outputs/found-picture';
import { isVideoName } from './video/video-names';

/** What is searched for pictures. */
export interface Search {
  /** Whether folders in folders are searched, too. */
  readonly recursive: boolean;
}

/**
 * What a path means: a file, whatever its name; the pictures of a folder, by name; or, where nothing has this very name, what
 * a pattern (`photos/*.jpg`) matches: pictures, videos, folders. Names that begin with a dot are passed over.
 *
 * @throws InputError where that is nothing.
 */
export function findPictures(given: string, search: Search): PictureInput[] {
  const found = statOrUndefined(given);
  if (!found && isDynamicPattern(given)) return matching(given, search);
  if (!found)
    throw new InputError('no-such-path', `${given}: there is no such file or folder`, { path: given });
  if (!found.isDirectory()) return [{ file: given, name: path.basename(given) }];
  const pictures = picturesBelow(given, '', search, []);
  if (pictures.length > 0) return pictures;
  const hasFolders = readdirSync(given, { withFileTypes: true }).some((entry) => leadsToFolder(given, entry));
  const remedy = hasFolders && !search.recursive ? '; --recursive looks into its folders too' : '';
  throw new InputError('no-pictures', `${given}: has no pictures${remedy}`, { folder: given });
}

function matching(pattern: string, search: Search): PictureInput[] {
  const { base, rest } = splitPattern(pattern);
  const found = new Map<string, PictureInput>();
  const matches = globSync(rest, { cwd: base || '.', onlyFiles: false, expandDirectories: false });
  for (const match of matches.sort()) {
    const isFolder = match.endsWith('/');
    const own = { file: path.join(base, match), name: match };
    const inputs = isFolder ? picturesBelow(base, match, search, []) : [own];
    for (const input of inputs) {
      if (isPictureName(input.name) || isVideoName(input.name)) found.set(input.file, input);
    }
  }
  if (found.size === 0) {
    throw new InputError('no-such-path', `${pattern}: nothing has this name, and no picture matches it`, {
      path: pattern,
    });
  }
  return [...found.values()];
}

/** The folder that a pattern begins with, empty for the working directory, and the pattern below it. */
function splitPattern(pattern: string): { base: string; rest: string } {
  const parts = pattern.split('/');
  const first = parts.findIndex((part) => isDynamicPattern(part));
  const base = parts.slice(0, first).join('/');
  return { base: base === '' && first > 0 ? '/' : base, rest: parts.slice(first).join('/') };
}

/** @param outer real paths of the folders around it: a link may lead back to one. */
function picturesBelow(
  base: string,
  below: string,
  search: Search,
  outer: readonly string[],
): PictureInput[] {
  const folder = path.join(base, below);
  const real = realpathSync(folder);
  if (outer.includes(real)) return [];
  const entries = readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !name.startsWith('.'));
  const [folders, files] = [true, false].map((isFolder) =>
    entries
      .filter((entry) => leadsToFolder(folder, entry) === isFolder)
      .map(({ name }) => path.join(below, name))
      .sort(),
  );
  const own = files.filter(isPictureName).map((name) => ({ file: path.join(base, name), name }));
  if (!search.recursive) return own;
  return [...own, ...folders.flatMap((name) => picturesBelow(base, name, search, [...outer, real]))];
}

function leadsToFolder(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statOrUndefined(path.join(folder, entry.name))?.isDirectory() === true;
}
