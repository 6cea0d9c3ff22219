import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { hasEnded } from './ended-process';
import { parseTemporaryName } from './temporary-names';

/**
 * Removes what processes that died while they wrote or removed files, folders and links here have left; what living ones are
 * at stays. A folder that was to be replaced and has not been gets its name back. To be called before this process
 * writes here: what has its number is of an earlier one that had the same.
 *
 * @param folder need not exist.
 * @param targets names, without the folder, of what may have been written; all if left out.
 */
export function removeLeftovers(folder: string, targets?: Iterable<string>): void {
  if (!existsSync(folder)) return;
  const own = targets && new Set(targets);
  const left = readdirSync(folder).flatMap((name) => {
    const parsed = parseTemporaryName(name);
    return parsed && isLeftOver(parsed.pid) && (own?.has(parsed.target) ?? true) ? [{ name, ...parsed }] : [];
  });
  for (const { name, target, isRemoved } of left) {
    const isReplaced = isRemoved && existsSync(path.join(folder, path.parse(name).name));
    // Died between the two renames of a replacement: what was to be replaced is still whole.
    if (isReplaced && !existsSync(path.join(folder, target))) {
      renameSync(path.join(folder, name), path.join(folder, target));
    }
  }
  for (const { name } of left) rmSync(path.join(folder, name), { recursive: true, force: true });
}

function isLeftOver(pid: number): boolean {
  return pid === process.pid || hasEnded(pid);
}
