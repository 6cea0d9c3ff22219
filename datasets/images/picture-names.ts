import path from 'node:path';

/**
 * Names of files that are taken for pictures where a folder is searched: those of the formats that can be decoded, and of
 * some that cannot, so that a message says it instead of leaving them out: HEIC, JPEG 2000.
 */
const PICTURE_NAME = /\.(jpe?g|jpe|jfif|mpo|jp2|png|webp|gif|tiff?|avif|heic|heif|bmp|dib|p[bgpn]m)$/i;

/**
 * Whether a file's name, with or without its folder, is that of a picture. Names with a dot in front are not: macOS keeps notes
 * in `._photo.jpg`.
 */
export function isPictureName(file: string): boolean {
  return PICTURE_NAME.test(file) && !path.basename(file).startsWith('.');
}
