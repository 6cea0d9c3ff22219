import { readdirSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';
import { statOrUndefined } from '../../detection/files/stat-or-undefined';
import type { PictureInput } from './found-picture';

/** Files of a folder that are taken for pictures. Files that the user names are read whatever their names. */
const PICTURE_NAME = /\.(jpe?g|png|webp|gif|tiff?|avif|heic|heif)$/i;

/**
 * A picture, or the pictures of a folder by name.
 *
 * @throws InputError where there is none.
 */
export function findPictures(given: string): PictureInput[] {
  const found = statOrUndefined(given);
  if (!found)
    throw new InputError('no-such-path', `${given}: there is no such file or folder`, { path: given });
  if (!found.isDirectory()) return [{ file: given, name: path.basename(given) }];
  const names = readdirSync(given, { withFileTypes: true })
    .filter((entry) => !entry.isDirectory() && PICTURE_NAME.test(entry.name))
    .map(({ name }) => name);
  if (names.length === 0) throw new InputError('no-pictures', `${given}: has no pictures`, { folder: given });
  return names.sort().map((name) => ({ file: path.join(given, name), name }));
}
