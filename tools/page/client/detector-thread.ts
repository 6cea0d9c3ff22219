import type { Calls, CallMessage, ReplyMessage } from '../messages';

interface Waiting {
  readonly resolve: (reply: never) => void;
  readonly reject: (error: Error) => void;
}

/** The thread that detects, from the page's side. */
export class DetectorThread {
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private calls = 0;

  /** @param script of the thread */
  constructor(script: Uint8Array<ArrayBuffer>) {
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    this.worker = new Worker(url);
    URL.revokeObjectURL(url);
    this.worker.addEventListener('message', ({ data }: MessageEvent<ReplyMessage>) => this.settle(data));
    this.worker.addEventListener('error', ({ message }) => {
      const error = new Error(
        `The detector has stopped (${message || 'no reason is given'}). Reload the page.`,
      );
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    });
  }

  /** @throws Error with a sentence for the user; never after `end` */
  call<Name extends keyof Calls>(name: Name, request: Calls[Name]['request']): Promise<Calls[Name]['reply']> {
    const id = this.calls++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      const message: CallMessage<Name> = { id, name, request };
      this.worker.postMessage(message);
    });
  }

  /** Ends it at once, whatever it does. What has been asked for never comes. */
  end(): void {
    this.worker.terminate();
  }

  private settle(message: ReplyMessage): void {
    const waiting = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    if ('error' in message) waiting?.reject(new Error(message.error));
    else waiting?.resolve(message.reply as never);
  }
}
