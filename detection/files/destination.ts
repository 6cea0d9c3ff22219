import { readlinkSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';

/** Where what is written to a file goes. */
export type Destination =
  /** A regular file, or none so far: written beside it and renamed. */
  | { readonly isReplaced: true; readonly file: string }
  /** A pipe, a device, a descriptor that this process has open: written through. */
  | { readonly isReplaced: false; readonly file: string | number };

/** As Linux allows. */
const MAX_LINKS = 40;
/** Names of a process's open files. */
const DESCRIPTORS = /^\/proc\/\d+\/fd$/;

/**
 * Finds out where what is written to a file goes: links are followed, as the system follows them, also to what is not there
 * yet. `/dev/stdout` and the like are descriptors: opened anew, a file that they stand for would be written from its
 * beginning by two, and a socket could not be opened at all.
 *
 * @throws the system's error where the path leads nowhere, an error where it leads to a folder.
 */
export function destinationOf(file: string): Destination {
  let at = file;
  for (let links = 0; links < MAX_LINKS; links++) {
    const linked = linkAt(at);
    if (linked === undefined) break;
    const folder = realpathSync(path.dirname(at));
    if (DESCRIPTORS.test(folder)) {
      const isOwn = folder === realpathSync('/proc/self/fd');
      return { isReplaced: false, file: isOwn ? Number(path.basename(at)) : at };
    }
    at = path.resolve(folder, linked);
  }
  const found = statSync(at, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new Error('it is a folder');
  return { isReplaced: found === undefined || found.isFile(), file: at };
}

function linkAt(name: string): string | undefined {
  try {
    return readlinkSync(name);
  } catch {
    return undefined; // no link, or nothing there
  }
}
