import { lstatSync, lutimesSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { hasEnded } from '../../../detection/files/ended-process';

/** The owner touches its lock this often, in milliseconds. */
const HEARTBEAT = 60_000;
/** Another machine's lock that nobody has touched for this long belongs to a process that is gone, in milliseconds. */
const ABANDONED_AFTER = 600_000;

/**
 * Does work that nobody else may do in the same folder at the same time. The lock of a process that has died, however,
 * is taken over.
 *
 * @param folder exists.
 * @throws InputError while another process has the lock.
 */
export async function withRunLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  // A link that leads nowhere: made in one step with all that it says, as Emacs locks files.
  const lock = path.join(folder, '.lock');
  const own = `${os.hostname()} ${process.pid} ${startOf(process.pid)}`;
  takeLock(folder, lock, own);
  const heartbeat = setInterval(() => touch(lock), HEARTBEAT).unref();
  try {
    return await work();
  } finally {
    clearInterval(heartbeat);
    if (contentOf(lock) === own) rmSync(lock);
  }
}

function takeLock(folder: string, lock: string, own: string): void {
  for (;;) {
    try {
      symlinkSync(own, lock);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const content = contentOf(lock);
    if (content === undefined) continue; // just released
    const [host, pid, start] = content.split(' ');
    if (!isAbandoned(lock, host, Number(pid), start)) {
      const where = host === os.hostname() ? '' : ` on ${host}`;
      throw new InputError(
        'run-locked',
        `${folder}: process ${pid}${where} is working on this run; wait until it has finished, or choose another folder`,
        { folder, host, process: Number(pid) },
      );
    }
    removeAbandoned(lock, content);
  }
}

/** Whether a process is working on the run in a folder. */
export function isAtWork(folder: string): boolean {
  const lock = path.join(folder, '.lock');
  const content = contentOf(lock);
  if (content === undefined) return false;
  const [host, pid, start] = content.split(' ');
  return !isAbandoned(lock, host, Number(pid), start);
}

function isAbandoned(lock: string, host: string, pid: number, start: string): boolean {
  if (host === os.hostname()) return hasEnded(pid) || startOf(pid) !== start;
  try {
    return Date.now() - lstatSync(lock).mtimeMs > ABANDONED_AFTER;
  } catch {
    return false; // just released: the next look finds none
  }
}

/** Of two processes that find the same abandoned lock, the slower one puts back what the faster one has made since. */
function removeAbandoned(lock: string, content: string): void {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    const moved = readlinkSync(aside);
    if (moved !== content) symlinkSync(moved, lock);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/**
 * When a process started, in the system's own unit: tells it from an earlier one of the same number, as each start of a
 * container or a machine has again. Empty where the system does not say.
 */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return '';
  }
}

function contentOf(lock: string): string | undefined {
  try {
    return readlinkSync(lock);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function touch(lock: string): void {
  try {
    lutimesSync(lock, new Date(), new Date());
  } catch {
    // The folder is gone or cannot be written to: the next checkpoint says so.
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
