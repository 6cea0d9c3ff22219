import { median, type EventStorage } from './event-storage';
import type { Hook, TrainingState } from './hooks';
import { peakMemoryBytes } from './peak-memory';

/** Where progress goes; `process.stderr` fits. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressOptions {
  readonly output: ProgressOutput;
  /** Images of a step: tells images a second instead of steps a second. */
  readonly imagesPerStep?: number;
  /** Steps from one line to the next where the output is no terminal. 20 if left out. */
  readonly every?: number;
}

/** Steps that losses and speed are smoothed over, as in detectron2's CommonMetricPrinter. */
const WINDOW = 20;
const BAR_WIDTH = 20;

/** Tells how training gets on: a bar that changes on a terminal, plain lines elsewhere. */
export class ProgressWriter implements Hook {
  private lastLine = '';

  constructor(private readonly options: ProgressOptions) {}

  afterStep(state: TrainingState): void {
    const { output, every = WINDOW } = this.options;
    if (output.isTTY) this.draw(state);
    else if (state.iteration % every === 0 || state.iteration === state.iterations) {
      output.write(`${progressLine(state, this.options.imagesPerStep)}\n`);
    }
  }

  afterTrain(): void {
    // Leaves the bar standing, and what comes next on a line of its own.
    if (this.lastLine !== '') this.options.output.write('\n');
    this.lastLine = '';
  }

  private draw(state: TrainingState): void {
    const { output, imagesPerStep } = this.options;
    const filled = Math.round((BAR_WIDTH * state.iteration) / state.iterations);
    const bar = '#'.repeat(filled).padEnd(BAR_WIDTH, '.');
    // A line that wraps could not be taken back.
    this.lastLine = `[${bar}] ${progressLine(state, imagesPerStep)}`.slice(0, (output.columns ?? 80) - 1);
    output.write(`\r\x1b[K${this.lastLine}`);
  }
}

/** `120/1000  total_loss 0.9122  6.21 images/s  1.28 GiB  0:02:24 left  lr 0.00500  loss_classifier 0.2130 ...` */
export function progressLine(state: TrainingState, imagesPerStep?: number): string {
  const { iteration, iterations, storage } = state;
  const secondsPerStep = smoothed(storage, 'seconds');
  const speed =
    imagesPerStep === undefined
      ? `${(1 / secondsPerStep).toPrecision(3)} it/s`
      : `${(imagesPerStep / secondsPerStep).toPrecision(3)} images/s`;
  const losses = storage.lossNames.map((name) => `${name} ${smoothed(storage, name).toFixed(4)}`);
  return [
    `${iteration}/${iterations}`,
    `total_loss ${smoothed(storage, 'total_loss').toFixed(4)}`,
    speed,
    `${(peakMemoryBytes() / 2 ** 30).toFixed(2)} GiB`,
    `${formatDuration(secondsPerStep * (iterations - iteration))} left`,
    `lr ${storage.latest('lr')!.value.toPrecision(3)}`,
    ...losses,
  ].join('  ');
}

function smoothed(storage: EventStorage, name: string): number {
  return median(storage.history(name), WINDOW);
}

/** `h:mm:ss`. */
function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (value: number) => String(value).padStart(2, '0');
  return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
}
