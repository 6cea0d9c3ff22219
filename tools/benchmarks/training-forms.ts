import type { Losses } from '../../detection/nn/trainable';
import { withLoss, type SeparatedModel } from '../../detection/engine/with-loss';
import { fasterRcnnModels } from '../../detection/modeling/definitions/faster-rcnn';
import { retinaNetModels } from '../../detection/modeling/definitions/retinanet';
import type { Detector } from '../../detection/modeling/detector';
import { isFasterRcnn } from '../../detection/modeling/faster-rcnn';
import { RetinaNet } from '../../detection/modeling/retinanet';
import { DenseFasterRcnn, denseLossFunction } from '../../detection/modeling/separated/dense-forward';
import { DenseRetinaNet, retinaNetLossFunction } from '../../detection/modeling/separated/dense-retinanet';
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

/** Those that there are of a model. */
export function formsOf(model: string): readonly FormName[] {
  if (fasterRcnnModels.some(({ name }) => name === model)) return formNames;
  const inModel: readonly FormName[] = ['in-model, heads in the forward', 'in-model'];
  const isRetinaNet = retinaNetModels.some(({ name }) => name === model);
  return isRetinaNet ? [...inModel, 'separated, dense forward'] : inModel;
}

/**
 * How the detector of a form is to be built. The sampling forward too predicts for sampled anchors only, as the
 * detector does whose heads take their gradients in the forward: it knows the samples, so that needs no losses.
 */
export function headGradientsOf(form: FormName): HeadGradients {
  const knowsSamples = form === 'in-model, heads in the forward' || form === 'separated, sampling forward';
  return knowsSamples ? 'in-forward' : 'at-the-end';
}

/** What `withLoss` takes, and what of a batch the forward gets. */
export interface SeparatedParts<Inputs, Outputs> {
  readonly model: SeparatedModel<Inputs, Outputs>;
  readonly lossFunction: (outputs: Outputs, targets: readonly Targets[]) => Losses;
  readonly inputs: (batch: DetectionBatch) => Inputs;
}

/**
 * Cuts a detector in two, and gives the parts to `use`.
 *
 * @throws Error where the detector has no such form
 */
export function separatedForm<Result>(
  name: FormName,
  detector: Detector,
  use: <Inputs, Outputs>(parts: SeparatedParts<Inputs, Outputs>) => Result,
): Result {
  if (name === 'separated, losses as outputs') {
    return use({ model: new LossesAsOutputs(detector), lossFunction: identity, inputs: (batch) => batch });
  }
  if (name === 'separated, sampling forward' && isFasterRcnn(detector)) {
    return use({
      model: new SamplingFasterRcnn(detector),
      lossFunction: sampledLossFunction(detector),
      inputs: (batch) => batch,
    });
  }
  if (name === 'separated, dense forward' && isFasterRcnn(detector)) {
    return use({
      model: new DenseFasterRcnn(detector),
      lossFunction: denseLossFunction(detector),
      inputs: ({ images }) => images,
    });
  }
  if (name === 'separated, dense forward' && detector instanceof RetinaNet) {
    return use({
      model: new DenseRetinaNet(detector),
      lossFunction: retinaNetLossFunction(detector),
      inputs: ({ images }) => images,
    });
  }
  throw new Error(`${detector.definition.name} has no form ${name}`);
}

/**
 * One form's training-mode forward.
 *
 * @param atSeam is called when outputs have been returned and no loss has been computed yet.
 */
export function trainingForm(
  name: FormName,
  detector: Detector,
  atSeam: () => void,
): (batch: DetectionBatch) => Losses {
  if (name === 'in-model, heads in the forward' || name === 'in-model') {
    return (batch) => detector.losses(batch);
  }
  return separatedForm(name, detector, (parts) => separatedLosses(parts, atSeam));
}

function separatedLosses<Inputs, Outputs>(
  { model, lossFunction, inputs }: SeparatedParts<Inputs, Outputs>,
  atSeam: () => void,
): (batch: DetectionBatch) => Losses {
  const trainable = withLoss(model, (outputs: Outputs, targets: readonly Targets[]) => {
    atSeam();
    return lossFunction(outputs, targets);
  });
  return (batch) => trainable.losses({ inputs: inputs(batch), targets: batch.targets });
}
