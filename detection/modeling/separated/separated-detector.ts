import type { SeparatedModel } from '../../engine/with-loss';
import type { Parameter } from '../../nn/module';
import type { RandomStream } from '../../nn/random';
import type { Detections } from '../../structures/instances';
import type { ImageBatch } from '../../structures/image-batch';
import type { Detector } from '../detector';

/**
 * A detector whose losses are computed outside: the same one, cut at some seam. It has the parts, parameters, names and
 * random streams of the detector that it is given, which stays the caller's to dispose.
 */
export abstract class SeparatedDetector<D extends Detector, Inputs, Outputs> implements SeparatedModel<
  Inputs,
  Outputs
> {
  constructor(protected readonly detector: D) {}

  abstract forward(inputs: Inputs): Outputs;

  /** Boxes in pixels of the original images, best first. */
  detect(images: ImageBatch): Detections[] {
    return this.detector.detect(images);
  }

  namedParameters(): Iterable<[string, Parameter]> {
    return this.detector.namedParameters();
  }

  namedBuffers(): Iterable<[string, Parameter]> {
    return this.detector.namedBuffers();
  }

  randomStreams(): Iterable<RandomStream> {
    return this.detector.randomStreams();
  }
}
