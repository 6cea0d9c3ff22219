import type { Losses } from '../../detection/nn/trainable';
import { withLoss, type SeparatedModel } from '../../detection/engine/with-loss';
import type { FasterRcnn } from '../../detection/modeling/faster-rcnn';
import { DenseFasterRcnn, denseLossFunction } from '../../detection/modeling/separated/dense-forward';
import { identity, LossesAsOutputs } from '../../detection/modeling/separated/losses-as-outputs';
import { sampledLossFunction, SamplingFasterRcnn } from '../../detection/modeling/separated/sampling-forward';
import type { HeadGradients } from '../../detection/nn/head-losses';
import type { DetectionBatch } from '../../detection/structures/detection-batch';
import type { Targets } from '../../detection/structures/instances';

/** The forms in which the same detector's losses can be computed: docs/separation.md. */
export const formNames = [
  'in-model, heads in the forward',
  'in-model',
  'separated, sampling forward',
  'separated, dense forward',
  'separated, losses as outputs',
] as const;

export type FormName = (typeof formNames)[number];

/**
 * How the detector of a form is to be built. The sampling forward too predicts for sampled anchors only, as the
 * detector does whose heads take their gradients in the forward: it knows the samples, so that needs no losses.
 */
export function headGradientsOf(form: FormName): HeadGradients {
  const knowsSamples = form === 'in-model, heads in the forward' || form === 'separated, sampling forward';
  return knowsSamples ? 'in-forward' : 'at-the-end';
}

/**
 * One form's training-mode forward.
 *
 * @param atSeam is called when outputs have been returned and no loss has been computed yet.
 */
export function trainingForm(
  name: FormName,
  detector: FasterRcnn,
  atSeam: () => void,
): (batch: DetectionBatch) => Losses {
  const separated = <Inputs, Outputs>(
    model: SeparatedModel<Inputs, Outputs>,
    lossFunction: (outputs: Outputs, targets: readonly Targets[]) => Losses,
    inputs: (batch: DetectionBatch) => Inputs,
  ) => {
    const trainable = withLoss(model, (outputs: Outputs, targets: readonly Targets[]) => {
      atSeam();
      return lossFunction(outputs, targets);
    });
    return (batch: DetectionBatch) => trainable.losses({ inputs: inputs(batch), targets: batch.targets });
  };
  switch (name) {
    case 'in-model, heads in the forward':
    case 'in-model':
      return (batch) => detector.losses(batch);
    case 'separated, sampling forward':
      return separated(new SamplingFasterRcnn(detector), sampledLossFunction(detector), (batch) => batch);
    case 'separated, dense forward':
      return separated(new DenseFasterRcnn(detector), denseLossFunction(detector), ({ images }) => images);
    case 'separated, losses as outputs':
      return separated(new LossesAsOutputs(detector), identity, (batch) => batch);
  }
}
