import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import path from 'node:path';

/**
 * Enough for two runs of the tiny detector: of each three checkpoints that are due, the best, one that a stop has left and
 * one that is being written; and an hour of events. Memory, as far as it is used.
 */
const SIZE = '600m';
const BALLAST_PIECE = 2 ** 20;

/**
 * A user of an ordinary Linux may mount a disk in memory where nobody else sees it: in namespaces of users and mounts of
 * its own.
 */
const NAMESPACES = ['--user', '--map-root-user', '--mount'];
const MOUNT = `mount -t tmpfs -o size=${SIZE} soak "$0"`;

/** Why no small disk can be had at a folder; undefined where one can. */
export function smallDiskObstacle(folder: string): string | undefined {
  const { status, error, stderr } = spawnSync('unshare', [...NAMESPACES, 'sh', '-c', MOUNT, folder], {
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim();
}

/** Runs a Node.js program that finds a small disk at a folder; its exit status. Ctrl-C is the program's business. */
export async function runWithSmallDisk(folder: string, args: readonly string[]): Promise<number> {
  const script = `${MOUNT} && exec "$@"`;
  const child = spawn('unshare', [...NAMESPACES, 'sh', '-c', script, folder, process.execPath, ...args], {
    stdio: 'inherit',
  });
  process.on('SIGINT', () => undefined); // the terminal tells the program too
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve(status ?? 1));
  });
}

/** A disk of its own that can be filled up, and freed again. */
export class SmallDisk {
  private readonly ballast: string;

  constructor(readonly folder: string) {
    this.ballast = path.join(folder, 'ballast');
  }

  /** Leaves so many bytes, or fewer: others write at the same time. */
  fill(room: number): void {
    const descriptor = openSync(this.ballast, 'w');
    try {
      const zeros = Buffer.alloc(BALLAST_PIECE);
      for (;;) {
        const { bavail, bsize } = statfsSync(this.folder);
        const length = Math.min(bavail * bsize - room, zeros.length);
        if (length <= 0) return;
        writeSync(descriptor, zeros, 0, length);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(descriptor);
    }
  }

  free(): void {
    rmSync(this.ballast, { force: true });
  }
}
