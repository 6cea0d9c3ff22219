import type { EventStorage } from '../events/event-storage';

/** Measures each step of a training, and how much of it goes by in waiting for data. */
export class StepWatch {
  private started = performance.now();
  /** Milliseconds. */
  private waited = 0;

  /** A step begins. */
  restart(): void {
    this.started = performance.now();
    this.waited = 0;
  }

  /** The same data; whoever takes them waits. */
  async *waitingFor<Batch>(data: Iterable<Batch> | AsyncIterable<Batch>): AsyncGenerator<Batch, void> {
    let asked = performance.now();
    for await (const batch of data) {
      this.waited += performance.now() - asked;
      yield batch;
      asked = performance.now();
    }
  }

  /** What the step has taken so far, in seconds. */
  record(storage: EventStorage): void {
    storage.scalar('data_seconds', this.waited / 1000);
    storage.scalar('seconds', (performance.now() - this.started) / 1000);
  }
}
