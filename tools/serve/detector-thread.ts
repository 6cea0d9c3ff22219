import path from 'node:path';
import { SHARE_ENV, type Worker } from 'node:worker_threads';
import { startThread } from '../../datasets/loader/start-thread';
import { InputError } from '../../detection/errors';
import type { BatchAnswer, SentPicture } from './answering-detector';
import type { ThreadData, ThreadMessage } from './thread-messages';

/** The detector cannot be opened; code and message are those of the error in its thread. */
class DetectorRefusal extends InputError {}

/** The thread of the detector has ended while it was at work on these pictures. */
export class DetectorDeath extends Error {
  override readonly name = 'DetectorDeath';
}

/** Who is told of what happens to a detector's thread. */
export interface ThreadListeners {
  /** The thread has ended by itself; another one is being started. */
  readonly onDeath: (cause: string) => void;
  /** Another one cannot be started. */
  readonly onFailure: (error: Error) => void;
}

interface Awaited<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** A detector in a thread of its own, and another one in its place when that ends by itself. Whoever makes it closes it. */
export class DetectorThread {
  private worker: Worker | undefined;
  private isClosed = false;
  private opening: Promise<void> = Promise.resolve();
  private opened: Awaited<void> | undefined;
  private answer: Awaited<BatchAnswer> | undefined;
  /** Whether pictures can be sent. */
  isReady = false;

  constructor(
    private readonly data: ThreadData,
    private readonly listeners: ThreadListeners,
  ) {}

  /** Opens the detector. @throws InputError where that is impossible. */
  open(): Promise<void> {
    this.opening = new Promise((resolve, reject) => {
      this.opened = { resolve, reject };
      // The native library reads environment variables that the thread sets, which a copy would not show it.
      const worker = startThread(path.join(__dirname, 'thread'), { workerData: this.data, env: SHARE_ENV });
      let uncaught: Error | undefined;
      worker.on('message', (message: ThreadMessage) => this.hear(message));
      // 'exit' follows.
      worker.on('error', (error: Error) => (uncaught = error));
      worker.on('exit', (status) => this.end(uncaught ?? new Error(`it has ended with status ${status}`)));
      this.worker = worker;
    });
    return this.opening;
  }

  /**
   * What is found in pictures; one call at a time. Their bytes are handed over: the caller has them no longer.
   *
   * @throws DetectorDeath where the thread ends before it has answered.
   */
  async detect(pictures: readonly SentPicture[]): Promise<BatchAnswer> {
    await this.opening;
    return new Promise((resolve, reject) => {
      this.answer = { resolve, reject };
      const memory = pictures.map(({ bytes }) => bytes.buffer as ArrayBuffer);
      this.worker!.postMessage(pictures, memory);
    });
  }

  /** Ends the thread, whatever it is doing. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.isReady = false;
    await this.worker?.terminate();
  }

  private hear(message: ThreadMessage): void {
    if (message.kind === 'ready') {
      this.isReady = true;
      this.opened?.resolve();
    } else if (message.kind === 'refusal') {
      this.opened?.reject(new DetectorRefusal(message.code, message.message, message.facts));
    } else {
      this.answer?.resolve(message);
      this.answer = undefined;
    }
  }

  private end(cause: Error): void {
    const wasReady = this.isReady;
    this.isReady = false;
    this.worker = undefined;
    this.answer?.reject(new DetectorDeath(`the detector has ended: ${cause.message}`));
    this.answer = undefined;
    // One that has answered nothing yet is not started again and again.
    if (!wasReady) return this.opened?.reject(cause);
    if (this.isClosed) return;
    this.listeners.onDeath(cause.message);
    this.open().catch((error: Error) => this.listeners.onFailure(error));
  }
}
