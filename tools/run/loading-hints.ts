import { BatchMemoryError } from '../../datasets/loader/pixel-buffers';
import { WorkerDeathError } from '../../datasets/loader/worker-death';

/** What a user is told of an error: where a loader lacks something, with the keys of the configuration that make do with less. */
export function messageWithHint(error: Error): string {
  if (error instanceof BatchMemoryError) {
    return `${error.message}. Smaller data.batchSize, model.minSize or model.maxSize make it less`;
  }
  if (error instanceof WorkerDeathError && error.isOutOfFiles) {
    return `${error.message}, or give a smaller data.workers`;
  }
  return error.message;
}
