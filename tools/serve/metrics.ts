import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What `/metrics` tells, in Prometheus' text format: memory and time of the process, and what a service has done. */
export class ServiceMetrics {
  readonly registry = new Registry();
  private readonly requests = new Counter({
    name: 'rcnn_requests_total',
    help: 'Pictures that have been sent, by the HTTP status of the answer; 499: nobody waited for it',
    labelNames: ['status'],
    registers: [this.registry],
  });
  private readonly requestSeconds = new Histogram({
    name: 'rcnn_request_seconds',
    help: 'From the arrival of a request to the end of its answer, of pictures that were detected in',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [this.registry],
  });
  private readonly batchPictures = new Histogram({
    name: 'rcnn_batch_pictures',
    help: 'Pictures that were handed to the detector together',
    buckets: [1, 2, 4, 8, 16, 32],
    registers: [this.registry],
  });
  private readonly batchSeconds = new Histogram({
    name: 'rcnn_batch_seconds',
    help: 'Decoding and detecting in the pictures of a batch',
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers: [this.registry],
  });
  private readonly tensors = new Gauge({
    name: 'rcnn_tensors',
    help: 'Tensors after the last batch: those of the weights, or there is a leak',
    registers: [this.registry],
  });
  private readonly deaths = new Counter({
    name: 'rcnn_detector_deaths_total',
    help: 'How often the thread of the detector has ended by itself',
    registers: [this.registry],
  });

  /**
   * @param places how many pictures are being received, wait or are at work
   * @param waiting how many of them wait
   */
  constructor(places: () => number, waiting: () => number) {
    const gauge = (name: string, help: string, value: () => number): void => {
      new Gauge({
        name,
        help,
        registers: [this.registry],
        collect() {
          this.set(value());
        },
      });
    };
    gauge('rcnn_pictures', 'Pictures that are being received, wait, or are at work', places);
    gauge('rcnn_queue_length', 'Pictures that wait for the detector', waiting);
    collectDefaultMetrics({ register: this.registry });
  }

  /** To be called after each request with a picture. */
  answered(status: number, seconds: number): void {
    this.requests.inc({ status });
    if (status === 200) this.requestSeconds.observe(seconds);
  }

  /** To be called after each batch. */
  detected(pictures: number, seconds: number, numTensors: number): void {
    this.batchPictures.observe(pictures);
    this.batchSeconds.observe(seconds);
    this.tensors.set(numTensors);
  }

  /** To be called where the thread of the detector has ended. */
  died(): void {
    this.deaths.inc();
  }
}
