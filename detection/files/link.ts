import { renameSync, rmSync, symlinkSync } from 'node:fs';
import { temporaryName } from './temporary-names';

/** Points a symbolic link, that may be new, to something: a new link, renamed over the old one. */
export function replaceLink(link: string, target: string): void {
  const temporary = temporaryName(link);
  rmSync(temporary, { force: true });
  symlinkSync(target, temporary);
  renameSync(temporary, link);
}
