import { readdirSync } from 'node:fs';
import path from 'node:path';
import { statOrUndefined } from '../detection/files/stat-or-undefined';

/**
 * Paths of the files in a folder and those below it, sorted by UTF-16 code units. Links to files count; links to folders are not
 * followed, since they may lead in circles. What begins with a dot is left out: previews, what editors leave behind.
 */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const file = path.join(folder, entry.name);
    if (entry.name.startsWith('.')) return [];
    if (entry.isDirectory()) return filesBelow(file);
    const isFile = entry.isSymbolicLink() ? statOrUndefined(file)?.isFile() === true : entry.isFile();
    return isFile ? [file] : [];
  });
}
