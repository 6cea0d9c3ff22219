import { destinationOf } from '../../../detection/files/destination';
import type { StagedFiles } from '../../../detection/files/staged-files';
import { writeWholeFile } from '../../../detection/files/whole-file';
import { statOrUndefined } from '../../../detection/files/stat-or-undefined';

/** Writes a file that gets its name with the staged ones; at once where it is a pipe or a device. */
export function writeResultFile(staged: StagedFiles, file: string, content: string): void {
  if (statOrUndefined(file) && !destinationOf(file).isReplaced) writeWholeFile(file, content);
  else staged.add(file, content);
}
