import path from 'node:path';
import type { Worker } from 'node:worker_threads';
import { startThread } from '../../datasets/loader/start-thread';
import { InputError } from '../../detection/errors';
import type { Report } from './leader';
import type { Order, RankWorkerData } from './rank-worker';

/** What ranks know when all have come. */
export interface Gathered {
  /** `address:port` of each one's TensorFlow. */
  readonly addresses: readonly string[];
  /** What rank 0 has to say. */
  readonly task: string;
}

/** What keeps this rank in touch with the others: a thread, since steps of training keep the main one busy. */
export class RankChannel {
  /** Aborted where another rank is lost, with an InputError that says which and why as its reason. */
  readonly signal: AbortSignal;
  private readonly lost = new AbortController();
  private readonly worker: Worker;
  private isOver = false;

  private constructor(
    data: RankWorkerData,
    private readonly listeners: {
      readonly onReport: (report: Report) => void;
      readonly onDeath: (error: Error) => void;
    },
  ) {
    this.signal = this.lost.signal;
    this.worker = startThread(path.join(__dirname, 'rank-worker'), { workerData: data });
    this.worker.on('message', (report: Report) => this.receive(report));
    this.worker.on('error', (error) => listeners.onDeath(error));
  }

  /**
   * Waits until all ranks have come.
   *
   * @param onReport is told what happens meanwhile.
   * @throws InputError where they are not to train together, or one does not come.
   */
  static async open(
    data: RankWorkerData,
    onReport: (report: Report) => void = () => undefined,
  ): Promise<Gathered & { readonly channel: RankChannel }> {
    return new Promise((resolve, reject) => {
      const channel = new RankChannel(data, {
        onReport: (report) => {
          if (report.kind === 'welcome') resolve({ ...report, channel });
          else if (report.kind === 'refused') reject(new InputError('ranks-refused', report.reason));
          else onReport(report);
          if (report.kind === 'refused') void channel.close();
        },
        onDeath: reject,
      });
    });
  }

  /** Why another one is lost, as soon as it is known, if it is within so many milliseconds. */
  async lostWithin(milliseconds: number): Promise<InputError | undefined> {
    const { signal } = this;
    if (!signal.aborted) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        timer = setTimeout(resolve, milliseconds);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
      clearTimeout(timer);
    }
    return signal.aborted ? (signal.reason as InputError) : undefined;
  }

  /** This rank has nothing more to do with the others; or cannot go on, which they are told. Resolves when that is said. */
  async close(reason?: string): Promise<void> {
    if (this.isOver) return;
    this.isOver = true;
    const ended = new Promise((resolve) => this.worker.once('exit', resolve));
    this.send({ kind: 'close', ...(reason !== undefined && { reason }) });
    await ended;
  }

  private receive(report: Report): void {
    if (report.kind === 'lost') {
      this.send({ kind: 'heard' });
      this.lost.abort(new InputError('rank-lost', report.reason, { isTold: report.isTold }));
    }
    this.listeners.onReport(report);
  }

  private send(order: Order): void {
    this.worker.postMessage(order);
  }
}
