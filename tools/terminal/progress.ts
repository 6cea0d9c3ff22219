import {
  CLEAR_LIVE_LINES,
  formatDuration,
  isTerminal,
  LiveLines,
  progressBar,
} from '../../detection/engine/writers/live-lines';
import { terminalLine, terminalText } from './terminal-text';

const BAR_WIDTH = 22;
/** Between lines of a log file: a job of less says only that it is done. */
const LOG_SECONDS = 5;

/** Says on the standard error how a job of known length gets on: one line that changes, or a few plain lines. */
export class Progress {
  private readonly started = performance.now();
  private readonly lines = isTerminal(process.stderr) ? new LiveLines(process.stderr) : undefined;
  /** The first that was told: a job may go on with what has been done before. */
  private first: { readonly time: number; readonly done: number } | undefined;
  private fifths = -1;
  private logged = this.started;
  private isLive = false;

  /** @param format of the numbers of `update`. */
  constructor(
    private readonly what: string,
    private readonly format: (amount: number) => string = String,
  ) {}

  /** To be called after each piece of work. */
  update(done: number, total: number): void {
    this.first ??= { time: performance.now(), done };
    const isDone = done === total;
    if (this.lines) {
      this.lines.show(() => [isDone ? this.end(done, total) : this.live(done, total)], isDone);
      if (isDone) this.lines.leave();
      this.isLive = !isDone;
      return;
    }
    // A log file gets a line for each fifth of the work.
    const fifths = Math.floor((5 * done) / total);
    const now = performance.now();
    if (!isDone && (fifths <= this.fifths || now < this.logged + 1000 * LOG_SECONDS)) return;
    this.fifths = fifths;
    this.logged = now;
    process.stderr.write(`${isDone ? this.end(done, total) : this.count(done, total)}\n`);
  }

  /** To be called where the work ends before it is done; what has been told stays. */
  endLine(): void {
    if (this.isLive) this.lines?.leave();
    this.isLive = false;
  }

  private count(done: number, total: number): string {
    return `${this.what} ${this.format(done)}/${this.format(total)}`;
  }

  private end(done: number, total: number): string {
    return `${this.count(done, total)}, ${formatSeconds((performance.now() - this.started) / 1000)}`;
  }

  /** `evaluating 120/500  [####................]  0:00:32 left` */
  private live(done: number, total: number): string {
    const { time, done: before } = this.first!;
    const seconds = ((performance.now() - time) / 1000 / (done - before)) * (total - done);
    const left = Number.isFinite(seconds) ? [`${formatDuration(seconds)} left`] : [];
    return [this.count(done, total), progressBar(done / total, BAR_WIDTH), ...left].join('  ');
  }
}

/** A line on the standard error. */
export function logLine(line: string): void {
  writeMessage(terminalLine(line));
}

/** Text on the standard error that may have several lines. Lines that change are taken back first: they come again below. */
export function writeMessage(text: string): void {
  const clear = isTerminal(process.stderr) ? CLEAR_LIVE_LINES : '';
  process.stderr.write(`${clear}${terminalText(text)}\n`);
}

/** `3.2 s`, `2 min 05 s`, `1 h 12 min`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}
