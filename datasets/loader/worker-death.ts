import { InputError } from '../../detection/errors';
import { isOutOfFiles } from '../images/out-of-files';
import { pictureName, type PictureJob } from './batch-job';

/** A worker that loads pictures has ended by itself. */
export interface WorkerDeath {
  /** What was thrown and not caught there, or the thread's exit status. */
  readonly cause: Error | number;
  /** Of the batch that it was at work on; empty where it had nothing to do. */
  readonly pictures: readonly PictureJob[];
}

/** `out of memory, at image 3 (a.jpg), image 7 (b.jpg)`. */
export function describeWorkerDeath({ cause, pictures }: WorkerDeath): string {
  const names = pictures.map(pictureName);
  return names.length === 0 ? reasonOf(cause) : `${reasonOf(cause)}, at ${names.join(', ')}`;
}

function reasonOf(cause: Error | number): string {
  if (typeof cause === 'number') return `exit status ${cause}`;
  if (isOutOfFiles(cause)) return cause.message;
  const { code } = cause as NodeJS.ErrnoException;
  // An error that nobody has foreseen: where it came from helps whoever mends it.
  return code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'out of memory' : (cause.stack ?? cause.message);
}

/** Workers die of a batch, one after another. */
export class WorkerDeathError extends InputError {
  override readonly name = 'WorkerDeathError';
  /** Whether too many files were open: fewer workers open fewer. */
  readonly isOutOfFiles: boolean;

  /** @internal */
  constructor(
    /** The last of these deaths. */
    readonly death: WorkerDeath,
    /** Workers that have died of it. */
    readonly deaths: number,
  ) {
    const { cause } = death;
    const outOfFiles = typeof cause !== 'number' && isOutOfFiles(cause);
    const remedy = outOfFiles
      ? 'Too many files are open; raise the limit (ulimit -n)'
      : 'Check these pictures and the free memory';
    super(
      'worker-death',
      `${deaths} worker threads have died in a row at the same batch, the last: ` +
        `${describeWorkerDeath(death)}. ${remedy}`,
      {},
      { cause },
    );
    this.isOutOfFiles = outOfFiles;
  }
}
