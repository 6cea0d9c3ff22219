import { BatchQueue } from './batch-queue';
import { ServiceMetrics } from './metrics';
import type { BatchAnswer, PictureAnswer, SentPicture } from './answering-detector';
import { busy, notReady, stopping, type ServiceError } from './service-error';

/** What detects in pictures: a thread, or a detector of this one. */
export interface BatchDetector {
  /** Whether pictures can be sent. */
  readonly isReady: boolean;
  /** Answers in the order of the pictures; one call at a time. */
  detect(pictures: readonly SentPicture[]): Promise<BatchAnswer>;
}

/** How much a service takes. */
export interface ServiceLimits {
  /** Pictures that are being received, wait or are at work, at most. */
  readonly maxPictures: number;
  /** Of a picture's file. */
  readonly maxBytes: number;
  /** Pictures that are handed to the detector together, at most. */
  readonly batchSize: number;
  /** From the arrival of a request to its answer. */
  readonly timeoutSeconds: number;
}

/** What requests with pictures go through: a place for each, a queue, batches of what waits. */
export class DetectionService {
  readonly metrics: ServiceMetrics;
  /** No request gets a place any more. */
  isStopping = false;
  private readonly queue: BatchQueue<SentPicture, PictureAnswer>;
  private places = 0;

  constructor(
    private readonly detector: BatchDetector,
    readonly limits: ServiceLimits,
  ) {
    this.queue = new BatchQueue((pictures) => this.detectBatch(pictures), limits.batchSize);
    this.metrics = new ServiceMetrics(
      () => this.places,
      () => this.queue.length,
    );
  }

  /** Whether pictures are taken. */
  get isReady(): boolean {
    return this.detector.isReady && !this.isStopping;
  }

  /** How many requests have a place. */
  get taken(): number {
    return this.places;
  }

  /**
   * Takes a place for a picture, before anything of it is received: memory is that of the places. The caller leaves it.
   *
   * @returns why there is none, where there is none.
   */
  enter(): ServiceError | undefined {
    if (this.isStopping) return stopping();
    if (!this.detector.isReady) return notReady();
    if (this.places >= this.limits.maxPictures) return busy(this.limits.maxPictures);
    this.places++;
    return undefined;
  }

  /** Gives a place back. */
  leave(): void {
    this.places--;
  }

  /** What is found in a picture. @throws the signal's reason, at once */
  detect(picture: SentPicture, signal: AbortSignal): Promise<PictureAnswer> {
    return this.queue.add(picture, signal);
  }

  private async detectBatch(pictures: readonly SentPicture[]): Promise<readonly PictureAnswer[]> {
    const started = performance.now();
    const { answers, numTensors } = await this.detector.detect(pictures);
    this.metrics.detected(pictures.length, (performance.now() - started) / 1000, numTensors);
    return answers;
  }
}
