import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import {
  picturesOf,
  type BatchAnswer,
  type BatchRequest,
  type ImageJob,
  type PictureJob,
  type RefusedPicture,
} from './batch-job';
import { startThread } from './start-thread';
import { AugmentationError } from '../transforms/augmentation';
import { WorkerDeathError, type WorkerDeath } from './worker-death';

/**
 * So often may workers die of one batch. One that dies of something else, of memory that is short for a moment, say, does
 * not do so again and again at the same batch; pictures that end a worker do.
 */
const MAX_DEATHS = 3;

interface Waiting {
  readonly request: BatchRequest;
  deaths: number;
  readonly resolve: (refused: readonly RefusedPicture[]) => void;
  readonly reject: (error: Error) => void;
}

/** What is sent is copied, with all of the memory that bytes are a part of: those of a picture go by themselves. */
function withOwnBytes({ job, ...request }: BatchRequest): BatchRequest {
  const pictures = job.pictures.map((image): ImageJob => {
    const { mosaic, pasted } = image;
    return {
      ...ownBytes(image),
      ...(mosaic && { mosaic: mosaic.map(ownBytes) }),
      ...(pasted && { pasted: { ...pasted, picture: ownBytes(pasted.picture) } }),
    };
  });
  return { ...request, job: { ...job, pictures } };
}

function ownBytes<Picture extends PictureJob>(picture: Picture): Picture {
  const { file } = picture;
  return typeof file === 'string' || file.byteLength === file.buffer.byteLength
    ? picture
    : { ...picture, file: new Uint8Array(file) };
}

/**
 * A worker, and another one in its place when it dies: what the dead one has not answered is asked of the new one, in the
 * same order. It keeps the process alive only while an answer is awaited.
 */
export class WorkerThread {
  private worker: Worker | undefined;
  private isClosed = false;
  /** In the order in which they were sent, which is that of the answers. */
  private readonly waiting = new Map<number, Waiting>();

  constructor(private readonly onDeath: (death: WorkerDeath) => void) {
    this.worker = this.start();
  }

  /** Writes a batch to the request's buffer. Returns its pictures that could not be used. */
  load(request: BatchRequest): Promise<readonly RefusedPicture[]> {
    return new Promise<readonly RefusedPicture[]>((resolve, reject) => {
      this.waiting.set(request.id, { request, deaths: 0, resolve, reject });
      this.send(request);
    });
  }

  /** Ends the worker, whatever it is doing. Batches that are awaited fail. */
  async close(): Promise<void> {
    this.isClosed = true;
    for (const { reject } of this.waiting.values()) reject(new Error('the loader is closed'));
    // Before the worker ends, so that a late answer does not unref it: the process would then end before terminate is done.
    this.waiting.clear();
    await this.worker?.terminate();
  }

  private send(request: BatchRequest): void {
    this.worker ??= this.start();
    this.worker.ref();
    this.worker.postMessage(withOwnBytes(request));
  }

  private start(): Worker {
    const worker = startThread(join(__dirname, 'worker'));
    let uncaught: Error | undefined;
    worker.unref();
    worker.on('message', (answer: BatchAnswer) => this.settle(answer));
    // 'exit' follows, after the answers that the worker had sent.
    worker.on('error', (error: Error) => (uncaught = error));
    worker.on('exit', (status) => {
      if (!this.isClosed) this.replace(uncaught ?? status);
    });
    return worker;
  }

  private settle(answer: BatchAnswer): void {
    const waiting = this.waiting.get(answer.id);
    if (waiting === undefined) return;
    this.waiting.delete(answer.id);
    if (this.waiting.size === 0) this.worker?.unref();
    if ('fault' in answer) waiting.reject(new AugmentationError(answer.fault));
    else waiting.resolve(answer.refused);
  }

  /** Another worker starts when there is something to do: one that dies at once is not started again without end. */
  private replace(cause: Error | number): void {
    this.worker = undefined;
    // A worker loads one batch after another: it was at work on the first.
    const [first] = this.waiting.values();
    const pictures = first?.request.job.pictures.flatMap(picturesOf) ?? [];
    if (first && ++first.deaths === MAX_DEATHS) {
      this.waiting.delete(first.request.id);
      first.reject(new WorkerDeathError({ cause, pictures }, MAX_DEATHS));
    } else {
      this.onDeath({ cause, pictures });
    }
    for (const { request } of this.waiting.values()) this.send(request);
  }
}
