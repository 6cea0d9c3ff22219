import type { Losses } from '../../nn/trainable';
import type { DetectionBatch } from '../../structures/detection-batch';
import type { Detector } from '../detector';
import { SeparatedDetector } from './separated-detector';

/**
 * The degenerate way to separate: the outputs are the losses, and the loss function is the identity. It shows that
 * `withLoss` itself costs nothing; what costs is what has to cross it.
 */
export class LossesAsOutputs extends SeparatedDetector<Detector, DetectionBatch, Losses> {
  override forward(batch: DetectionBatch): Losses {
    return this.detector.losses(batch);
  }
}

export function identity(losses: Losses): Losses {
  return losses;
}
