/** Where progress goes; `process.stderr` fits. */
export interface ProgressOutput {
  /** Whether the output is a terminal. */
  readonly isTTY?: boolean;
  /** Width of the terminal in characters. */
  readonly columns?: number;
  /** Writes text without adding a line break. */
  write(text: string): unknown;
}

/** Whether lines can be taken back there: what is no terminal, or a dumb one, gets plain lines. */
export function isTerminal(output: ProgressOutput): boolean {
  return output.isTTY === true && process.env['TERM'] !== 'dumb';
}

/** Takes back the lines that are live; what is written next stands in their place. */
export const CLEAR_LIVE_LINES = '\r\x1b[J';

const MIN_MILLISECONDS = 100;
/** Of a terminal that does not tell. */
const DEFAULT_COLUMNS = 80;

/**
 * Lines at the end of a terminal that change. The cursor rests at their beginning: who writes `CLEAR_LIVE_LINES` first needs
 * no knowledge of who has written them, and they are taken back whole after the terminal has been made narrower.
 */
export class LiveLines {
  private drawn = -Infinity;
  private rows = 0;

  constructor(private readonly output: ProgressOutput) {}

  /**
   * Shows lines instead of those before. They change ten times a second at most, and are only made when they do.
   *
   * @param lines of no more than `columns` characters each; what is longer is cut off.
   */
  show(lines: (columns: number) => readonly string[], isLast = false): void {
    const now = performance.now();
    if (!isLast && now < this.drawn + MIN_MILLISECONDS) return;
    this.drawn = now;
    // The last column stays free: a character there would make some terminals begin a new line.
    const columns = (this.output.columns || DEFAULT_COLUMNS) - 1;
    const rows = lines(columns).map((line) => line.slice(0, columns));
    const up = rows.length > 1 ? `\x1b[${rows.length - 1}A` : '';
    // In one go, without clearing first, so that nothing flickers.
    this.output.write(`\r${rows.join('\x1b[K\r\n')}\x1b[J\r${up}`);
    this.rows = rows.length;
  }

  /** What is shown stays; what comes next stands below it. */
  leave(): void {
    this.output.write('\r\n'.repeat(this.rows));
    this.rows = 0;
  }
}

/** `[####......]` of a share from 0 to 1. @param width in characters, brackets included */
export function progressBar(share: number, width: number): string {
  const inside = Math.max(0, width - 2);
  return `[${'#'.repeat(Math.floor(inside * Math.min(1, share))).padEnd(inside, '.')}]`;
}

/** `h:mm:ss`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
