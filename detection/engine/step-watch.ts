import type { EventStorage } from '../events/event-storage';
import type { Replicas } from './replicas';

/** Measures each step of a training, and how much of it goes by in waiting for data and for other replicas. */
export class StepWatch {
  private started = performance.now();
  /** Milliseconds. */
  private waited = 0;
  private exchanged = 0;

  /** A step begins. */
  restart(): void {
    this.started = performance.now();
    this.waited = 0;
    this.exchanged = 0;
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

  /** The same replicas; whoever adds up waits, also for those that are slower. */
  exchangesOf({ rank, size, sum }: Replicas): Replicas {
    return {
      rank,
      size,
      sum: async (tensor) => {
        const asked = performance.now();
        const total = await sum(tensor);
        this.exchanged += performance.now() - asked;
        return total;
      },
    };
  }

  /** What the step has taken so far, in seconds. */
  record(storage: EventStorage): void {
    storage.scalar('data_seconds', this.waited / 1000);
    if (this.exchanged > 0) storage.scalar('exchange_seconds', this.exchanged / 1000);
    storage.scalar('seconds', (performance.now() - this.started) / 1000);
  }
}
