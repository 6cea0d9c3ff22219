import { posix, win32 } from 'node:path';

/**
 * Whether a name, taken relative to a folder, stays in it. Both systems' rules count, wherever this runs: a data
 * set that is safe on one machine is safe on the next.
 */
export function staysInFolder(fileName: string): boolean {
  if (fileName.includes('\0')) return false;
  return [posix, win32].every((path) => {
    const normal = path.normalize(fileName);
    // parse().root also catches "C:name", which is relative to another drive's folder.
    const isRooted = path.parse(fileName).root !== '';
    return !isRooted && normal !== '.' && normal !== '..' && !normal.startsWith(`..${path.sep}`);
  });
}
