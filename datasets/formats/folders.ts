import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';

/** What readers of folders take for pictures, as ultralytics does, and GIF and PPM. */
const PICTURE_EXTENSIONS =
  /\.(avif|bmp|dng|gif|heic|heif|jfif|jp2|jpe|jpeg|jpg|mpo|pbm|pgm|png|ppm|tif|tiff|webp)$/i;

/** Whether a file's name is that of a picture. */
export function isPictureName(name: string): boolean {
  return PICTURE_EXTENSIONS.test(name) && !path.basename(name).startsWith('.');
}

/** Paths of the files in a folder and those below it, sorted by UTF-16 code units. What begins with a dot is left out. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    return entry.isDirectory() ? filesBelow(file) : [file];
  });
}

/** A text file's lines without blanks at their ends; a mark of the byte order at its beginning is dropped. */
export function readLines(file: string): string[] {
  return readTextFile(file)
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim());
}

/**
 * A text file.
 *
 * @throws InputError where it cannot be read.
 */
export function readTextFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\ufeff/, '');
  } catch (error) {
    throw new InputError('data-file-unreadable', `${file}: cannot be read: ${(error as Error).message}`, {
      file,
    });
  }
}

/** A file's name without its extension. */
export function withoutExtension(file: string): string {
  return file.slice(0, file.length - path.extname(file).length);
}
