import { dirname, join, relative } from 'node:path';
import { PictureFolder } from './picture-folder';

/**
 * The folder that a user has probably meant where none of a set's pictures is in the one that was given: one above it, one
 * below it, or that of the annotation file, if all of them are there.
 *
 * @param names of the pictures, relative to the folder.
 */
export function nearFolder(
  pictures: PictureFolder,
  annotationFile: string,
  names: readonly string[],
): string | undefined {
  const { folder } = pictures;
  const below = pictures
    .near(names[0])
    .filter((file) => file.endsWith(`/${names[0]}`))
    .map((file) => join(folder, file.slice(0, -names[0].length - 1)));
  return [join(folder, '..'), ...below, dirname(annotationFile)]
    .filter((candidate) => relative(folder, candidate) !== '')
    .find((candidate) => {
      const there = new PictureFolder(candidate);
      return names.every((name) => there.has(name));
    });
}
