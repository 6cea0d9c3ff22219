import type { FaultRecord, LifeRecord, Phase } from './recording';
import { RcnnProcess, type Ended } from './trainer';

/** How a process may end, and what its last words are to be. */
export interface ExpectedEnd {
  readonly ends: readonly Ended[];
  readonly finalMessage?: RegExp;
}

/** Ends by itself, done. */
export const DONE: ExpectedEnd = { ends: [{ status: 0, signal: null }] };
/** Ctrl-C: all is saved. */
export const STOPPED: ExpectedEnd = {
  ends: [{ status: 130, signal: null }],
  finalMessage: /^Stopped after iteration \d+; saved in .*\. To resume: rcnn train --output .* --resume$/m,
};
export const KILLED: ExpectedEnd = { ends: [{ status: null, signal: 'SIGKILL' }] };

/** Longer than anything takes, on a busy machine too: starting, a few steps, an evaluation, a report. */
export const PATIENCE_SECONDS = 120;

export interface RunSettings {
  readonly phase: Phase;
  /** The run's folder. */
  readonly output: string;
  /** Options of the first process. */
  readonly options: readonly string[];
  readonly checkpointEvery: number;
  /** Seconds since the soak began. */
  readonly clock: () => number;
}

/** A run, through all its processes: one is started, ends in one way or another, and the next goes on. */
export class SupervisedRun {
  readonly lives: LifeRecord[] = [];
  readonly faults: FaultRecord[] = [];
  private current: RcnnProcess | undefined;
  private started = 0;
  /** Steps that the run had done when its process before ended, as far as it has told. */
  private reached = 0;
  /** Steps from which the process at work has to go on, at least. */
  private requiredStart = 0;
  /** What the process at work has to say first. */
  private requiredMessage: RegExp | undefined;

  constructor(readonly settings: RunSettings) {}

  /** The process at work. */
  get process(): RcnnProcess {
    if (!this.current) throw new Error('no process is at work');
    return this.current;
  }

  get isRunning(): boolean {
    return this.current !== undefined;
  }

  /** Steps that the run has done, as far as it has told. */
  get iteration(): number {
    return this.current?.iteration ?? this.reached;
  }

  /** Starts the run, or goes on with it. */
  start(...more: readonly string[]): void {
    const { output, options } = this.settings;
    const isFirst = this.lives.length === 0;
    this.started = this.settings.clock();
    this.current = new RcnnProcess([
      'train',
      '--output',
      output,
      ...(isFirst ? options : ['--resume']),
      ...more,
    ]);
  }

  /** Waits until the process at work has done a step; false where it does none. */
  async trains(): Promise<boolean> {
    return this.process.until(() => this.process.iteration !== undefined, PATIENCE_SECONDS);
  }

  /**
   * Waits for the end of the process at work, and records it.
   *
   * @returns what was wrong with it, and its last words.
   */
  async ended(
    because: string,
    expected: ExpectedEnd,
    patience = PATIENCE_SECONDS,
  ): Promise<{ problems: string[]; said: string }> {
    const { process } = this;
    const problems: string[] = [];
    let end = await process.end(patience);
    if (!end) {
      problems.push(`did not end within ${patience} s`);
      process.kill('SIGKILL');
      end = await process.ended;
    }
    const said = finalMessage(process.stderr);
    if (!expected.ends.some(({ status, signal }) => status === end.status && signal === end.signal)) {
      problems.push(`ended with ${describeEnd(end)}: ${said}`);
    } else if (expected.finalMessage && end.signal === null && !expected.finalMessage.test(said)) {
      problems.push(`its last message was "${said}"`);
    }
    if (/^ {4}at /m.test(process.stderr)) problems.push('printed a stack trace');
    problems.push(...this.beginningProblems(process));
    this.lives.push({
      phase: this.settings.phase,
      started: this.started,
      ended: this.settings.clock(),
      ...end,
      savedAt: savedStep(process),
      because,
      problems,
      samples: process.samples,
    });
    this.current = undefined;
    this.updateExpectations(process);
    return { problems, said };
  }

  /** The checkpoint that the next process would take is gone, and it has to say so. */
  checkpointIsDamaged(message: RegExp): void {
    this.requiredStart = Math.max(0, this.requiredStart - this.settings.checkpointEvery);
    this.requiredMessage = message;
  }

  /** What the next process has to begin with. A process that has done no step changes nothing. */
  private updateExpectations(process: RcnnProcess): void {
    const { iteration } = process;
    const saved = savedStep(process);
    const { checkpointEvery } = this.settings;
    if (saved !== null) {
      this.reached = this.requiredStart = saved;
    } else if (iteration !== undefined) {
      this.reached = iteration;
      // The row of a step is written before its checkpoint.
      this.requiredStart = Math.max(0, (Math.ceil(iteration / checkpointEvery) - 1) * checkpointEvery);
    }
    if (iteration !== undefined) this.requiredMessage = undefined;
  }

  private beginningProblems({ stderr, iteration }: RcnnProcess): string[] {
    if (this.lives.length === 0 || iteration === undefined) return [];
    const problems: string[] = [];
    const from = Number(/^resuming after iteration (\d+)$/m.exec(stderr)?.[1] ?? 0);
    if (from < this.requiredStart) {
      problems.push(`went on after iteration ${from}; ${this.requiredStart} had been saved`);
    }
    if (this.requiredMessage && !this.requiredMessage.test(stderr))
      problems.push(`did not say ${this.requiredMessage.source}`);
    return problems;
  }
}

function savedStep({ stderr }: RcnnProcess): number | null {
  const saved = /^Stopped after iteration (\d+); saved/m.exec(stderr)?.[1];
  return saved === undefined ? null : Number(saved);
}

function describeEnd({ status, signal }: Ended): string {
  return signal === null ? `status ${status}` : String(signal);
}

/** How training and evaluations get on. */
const PROGRESS = /^\d+\/\d+ {2}|^(evaluating|validation losses) \d+\/\d+/;

/** What a process said last, after the last line of progress. */
export function finalMessage(stderr: string): string {
  const lines = stderr.trimEnd().split('\n');
  return lines.slice(lines.findLastIndex((line) => PROGRESS.test(line)) + 1).join('\n');
}
