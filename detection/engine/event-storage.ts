export interface ScalarEvent {
  readonly iteration: number;
  readonly value: number;
}

/** RGB bytes, row by row: `pixels.length` is 3 * width * height. */
export interface SummaryImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** Events of a scalar that are kept; the widest window that anybody smooths over is far narrower. */
const HISTORY_LENGTH = 1000;

/**
 * What happened during training, as detectron2's EventStorage: the model, the trainer and hooks put, writers pull.
 * Scalars are kept as they are; smoothing is the reader's business (`median`).
 */
export class EventStorage {
  /** The step that events put now belong to, counted from 1. */
  iteration = 0;
  /** Which scalars are the model's losses; the trainer says so at each step. */
  lossNames: readonly string[] = [];
  private readonly histories = new Map<string, ScalarEvent[]>();
  private currentImages = new Map<string, SummaryImage>();
  private currentHistograms = new Map<string, Float32Array>();

  /** Starts a step: images and histograms of the one before are dropped. */
  startIteration(iteration: number): void {
    this.iteration = iteration;
    this.currentImages = new Map();
    this.currentHistograms = new Map();
  }

  /** The last value of an iteration counts. */
  scalar(name: string, value: number): void {
    const history = this.histories.get(name) ?? [];
    this.histories.set(name, history);
    if (history.at(-1)?.iteration === this.iteration) history.pop();
    history.push({ iteration: this.iteration, value });
    if (history.length > HISTORY_LENGTH) history.shift();
  }

  image(name: string, image: SummaryImage): void {
    this.currentImages.set(name, image);
  }

  histogram(name: string, values: Float32Array): void {
    this.currentHistograms.set(name, values);
  }

  /** Names of all scalars, in the order in which they first came. */
  get scalarNames(): Iterable<string> {
    return this.histories.keys();
  }

  /** The last events of a scalar, oldest first. */
  history(name: string): readonly ScalarEvent[] {
    return this.histories.get(name) ?? [];
  }

  latest(name: string): ScalarEvent | undefined {
    return this.histories.get(name)?.at(-1);
  }

  /** Images put in this iteration. */
  get images(): ReadonlyMap<string, SummaryImage> {
    return this.currentImages;
  }

  /** Values put in this iteration for their distribution to be looked at. */
  get histograms(): ReadonlyMap<string, Float32Array> {
    return this.currentHistograms;
  }
}

/** Median of the last `window` values; of an even number of them the mean of the middle two. NaN of none. */
export function median(history: readonly ScalarEvent[], window: number): number {
  const values = history
    .slice(-window)
    .map((event) => event.value)
    .sort((a, b) => a - b);
  const middle = values.length >> 1;
  if (values.length % 2 === 1) return values[middle];
  return (values[middle - 1] + values[middle]) / 2;
}
