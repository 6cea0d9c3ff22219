import { terminalLine } from './terminal-text';

/** Says on the standard error how a job of known length gets on: one line that changes, or a few plain lines. */
export class Progress {
  private readonly started = performance.now();
  private readonly terminal = process.stderr.isTTY;
  private written = -Infinity;
  private isLineOpen = false;

  /** @param format of the numbers of `update`. */
  constructor(
    private readonly what: string,
    private readonly format: (amount: number) => string = String,
  ) {}

  /** To be called after each piece of work. */
  update(done: number, total: number): void {
    // A terminal may change ten times a second; a log file gets a line for each fifth of the work.
    const now = this.terminal ? performance.now() / 100 : Math.floor((done / total) * 5);
    if (done < total && now < this.written + 1) return;
    this.written = this.terminal ? now : Math.max(now, 0);
    const seconds = (performance.now() - this.started) / 1000;
    const end = done === total ? `, ${formatSeconds(seconds)}` : '';
    const line = `${this.what} ${this.format(done)}/${this.format(total)}${end}`;
    if (this.terminal) process.stderr.write(`\r\x1b[K${line}${done === total ? '\n' : ''}`);
    else process.stderr.write(`${line}\n`);
    this.isLineOpen = this.terminal && done < total;
  }

  /** To be called before something else is said while the work is not done. */
  endLine(): void {
    if (this.isLineOpen) process.stderr.write('\n');
    this.isLineOpen = false;
  }
}

/** A line on the standard error. */
export function say(line: string): void {
  process.stderr.write(`${terminalLine(line)}\n`);
}

/** `3.2 s`, `2 min 05 s`, `1 h 12 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
