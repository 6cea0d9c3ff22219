import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { EndedWorker, ProbeMessage, ProbeOrder, ProbeSample } from './trainer-probe';

/** How a process ended. */
export interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

const ROOT = path.resolve(__dirname, '..', '..', '..');
const COMMAND = path.join(ROOT, 'tools', 'rcnn.mjs');

/** `rcnn` in a process of its own, as a user starts it, with the probe in it. */
export class RcnnProcess {
  readonly ended: Promise<Ended>;
  readonly pid: number;
  /** Taken as the process wrote each row of its metrics. */
  readonly samples: ProbeSample[] = [];
  stdout = '';
  stderr = '';
  /** Threads of loaders, each time one was ended. */
  readonly endedWorkers: EndedWorker[] = [];
  private isOver = false;
  private readonly child: ChildProcess;

  constructor(readonly argv: readonly string[]) {
    const probe = path.join(__dirname, 'trainer-probe.js');
    this.child = spawn(process.execPath, ['--require', probe, COMMAND, ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.pid = this.child.pid!;
    this.child.stdout!.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.child.stderr!.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.child.on('message', (message: ProbeMessage) => {
      if ('sample' in message) this.samples.push(message.sample);
      else this.endedWorkers.push(message.endedWorker);
    });
    const killNow = (): void => void this.child.kill('SIGKILL');
    process.on('exit', killNow);
    this.ended = new Promise((resolve, reject) => {
      this.child.on('error', reject);
      this.child.on('close', (status, signal) => {
        this.isOver = true;
        process.off('exit', killNow);
        resolve({ status, signal });
      });
    });
  }

  /** Steps done, as far as this process has done some. */
  get iteration(): number | undefined {
    return this.samples.at(-1)?.iteration;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  order(order: ProbeOrder): void {
    // A process that has just ended has nobody left to end.
    if (this.child.connected) this.child.send(order, () => undefined);
  }

  /** Waits until something has happened; false where the process ends, or the time is over, before it. */
  async until(happened: () => boolean, seconds: number): Promise<boolean> {
    const end = performance.now() + 1000 * seconds;
    while (!happened()) {
      if (this.isOver || performance.now() > end) return false;
      await setTimeout(10);
    }
    return true;
  }

  /** Waits for the end; undefined where it does not come in time. */
  async end(seconds: number): Promise<Ended | undefined> {
    await this.until(() => this.isOver, seconds);
    return this.isOver ? this.ended : undefined;
  }
}
