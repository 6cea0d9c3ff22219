import { constants } from 'node:fs';
import { copyFile, link, realpath, symlink } from 'node:fs/promises';
import path from 'node:path';
import { makeFolders } from '../../detection/files/make-folders';

/**
 * What becomes of the pictures of a set that is written: `copy` (as a clone that takes no space where the file system can),
 * `hardlink` (the same file under a second name: no space, but who changes one changes both), `symlink` (a link to where the
 * picture is now: it breaks when that moves), `none` (only annotations are written).
 */
export type PicturePlacement = 'copy' | 'hardlink' | 'symlink' | 'none';

/** What can be chosen. */
export const PICTURE_PLACEMENTS: readonly PicturePlacement[] = ['copy', 'hardlink', 'symlink', 'none'];

/** Puts a picture to its place; folders are made. */
export async function placePicture(from: string, to: string, how: PicturePlacement): Promise<void> {
  if (how === 'none') return;
  makeFolders(path.dirname(to));
  if (how === 'copy') await copyFile(from, to, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  else if (how === 'hardlink') await link(await realpath(from), to);
  else await symlink(path.resolve(from), to);
}
