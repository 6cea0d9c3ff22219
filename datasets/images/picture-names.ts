/**
 * Names of files that are taken for pictures where a folder is searched: those of the formats that can be decoded, and of
 * HEIC, of which a message says how to convert it. What a file is, its contents say.
 */
const PICTURE_NAME = /\.(jpe?g|jpe|jfif|png|webp|gif|tiff?|avif|heic|heif|bmp|dib|p[bgpn]m)$/i;

/** Whether a file's name is that of a picture. Names with a dot in front are not: macOS keeps notes in `._photo.jpg`. */
export function isPictureName(name: string): boolean {
  return PICTURE_NAME.test(name) && !name.startsWith('.');
}
