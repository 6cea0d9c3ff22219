interface Entry<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: Error) => void;
}

/** Work that waits, done in batches: of what waits when the last one is done, the first few, in the order in which they came. */
export class BatchQueue<Item, Answer> {
  private waiting: Entry<Item, Answer>[] = [];
  private isWorking = false;

  /**
   * @param work gets one batch at a time, and answers in its order
   * @param batchSize items of a batch at most
   */
  constructor(
    private readonly work: (batch: readonly Item[]) => Promise<readonly Answer[]>,
    private readonly batchSize: number,
  ) {}

  /** How many items are not at work yet. */
  get length(): number {
    return this.waiting.length;
  }

  /**
   * The answer to an item.
   *
   * @throws the signal's reason, at once: what waits is forgotten, and the answer of what is at work is dropped; what the
   *   work throws.
   */
  add(item: Item, signal: AbortSignal): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const forget = (): void => {
        this.waiting = this.waiting.filter((other) => other !== entry);
        reject(signal.reason as Error);
      };
      const settled = (): void => signal.removeEventListener('abort', forget);
      const entry: Entry<Item, Answer> = {
        item,
        resolve: (answer) => (settled(), resolve(answer)),
        reject: (reason) => (settled(), reject(reason)),
      };
      signal.addEventListener('abort', forget, { once: true });
      this.waiting.push(entry);
      void this.workThrough();
    });
  }

  private async workThrough(): Promise<void> {
    if (this.isWorking) return;
    this.isWorking = true;
    // What arrives together shares a batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, this.batchSize);
      try {
        const answers = await this.work(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, k) => resolve(answers[k]));
      } catch (error) {
        for (const { reject } of batch) reject(error as Error);
      }
    }
    this.isWorking = false;
  }
}
