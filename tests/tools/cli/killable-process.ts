import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import path from 'node:path';
import { until } from '../../until';

const root = path.resolve(__dirname, '..', '..', '..');

/** How a process ended, and what it said on the standard error. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** A process of its own, that can be killed. */
export class KillableProcess {
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcessWithoutNullStreams;
  private stderr = '';

  /** @param script CommonJS, from the root of this project. */
  constructor(script: string) {
    // In a process group of its own, as a shell's.
    this.child = spawn(process.execPath, ['-e', script], { cwd: root, detached: true });
    this.child.stderr.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.ended = new Promise((resolve) => {
      this.child.on('close', (status, signal) => resolve({ status, signal, stderr: this.stderr }));
    });
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Sends a signal to the process and all that it has started, as a terminal does. */
  pressKey(signal: 'SIGINT'): void {
    process.kill(-this.child.pid!, signal);
  }

  /** Waits until something has happened; throws where the process ends before it. */
  async until(happened: () => boolean): Promise<void> {
    await until(() => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(this.stderr);
      return happened();
    });
  }
}

/**
 * `npx rcnn` in a process of its own.
 *
 * @param before code that the process runs first.
 */
export function rcnnProcess(argv: readonly string[], before = ''): KillableProcess {
  return new KillableProcess(
    `${before}; process.argv.splice(1, 0, 'rcnn', ...${JSON.stringify(argv)}); import('./tools/rcnn.mjs');`,
  );
}
