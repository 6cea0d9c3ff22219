import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const PROGRAM = path.resolve(__dirname, '../../../..', 'tools/rcnn.mjs');

/** `rcnn train --ranks N` on this machine, in processes that can be killed one by one. */
export class RankProcesses {
  stderr = '';
  readonly ended: Promise<number | NodeJS.Signals>;
  private readonly leader: ChildProcess;

  constructor(argv: readonly string[]) {
    const env = { ...process.env, TF_NUM_INTRAOP_THREADS: '1' };
    this.leader = spawn(process.execPath, [PROGRAM, ...argv], { stdio: ['ignore', 'ignore', 'pipe'], env });
    this.leader.stderr!.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.ended = new Promise((resolve) => {
      this.leader.on('exit', (status, signal) => resolve(signal ?? status ?? NaN));
    });
  }

  /** The processes of all ranks that are there, by rank. */
  get pids(): number[] {
    return [this.leader.pid!, ...childrenOf(this.leader.pid!).filter(isRank)];
  }
}

/** Whether a process is there, and has not ended: one whose parent has not asked about it yet has. */
export function isRunning(pid: number): boolean {
  return !/^$|^[ZX]/.test(stateOf(pid));
}

function stateOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2);
  } catch {
    return '';
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ').map(Number);
  } catch {
    return [];
  }
}

function isRank(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('rank-process');
  } catch {
    return false;
  }
}
