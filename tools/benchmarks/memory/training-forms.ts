import type { Losses } from '../../../detection/nn/trainable';
import { withLoss, type SeparatedModel } from '../../../detection/engine/with-loss';
import { cascadeRcnnModels } from '../../../detection/modeling/definitions/detectron2/cascade-rcnn';
import { detectron2RcnnModels } from '../../../detection/modeling/definitions/detectron2/rcnn';
import { fasterRcnnModels } from '../../../detection/modeling/definitions/faster-rcnn';
import { fcosModels } from '../../../detection/modeling/definitions/fcos';
import { keypointRcnnModels } from '../../../detection/modeling/definitions/keypoint-rcnn';
import { maskKeypointRcnnModels } from '../../../detection/modeling/definitions/mask-keypoint-rcnn';
import { maskRcnnModels } from '../../../detection/modeling/definitions/mask-rcnn';
import { retinaNetModels } from '../../../detection/modeling/definitions/retinanet';
import type { Detector } from '../../../detection/modeling/detector';
import { Fcos } from '../../../detection/modeling/fcos';
import { RetinaNet } from '../../../detection/modeling/retinanet';
import { DensePyramid, pyramidLossFunction } from '../../../detection/modeling/separated/dense-pyramid';
import { DenseRcnn, denseLossFunction } from '../../../detection/modeling/separated/dense-rcnn';
import { identity, LossesAsOutputs } from '../../../detection/modeling/separated/losses-as-outputs';
import { sampledLossFunction, SamplingRcnn } from '../../../detection/modeling/separated/sampling-rcnn';
import { isSeparableRcnn } from '../../../detection/modeling/separated/separable-rcnn';
import type { HeadGradients } from '../../../detection/nn/head-losses';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import type { Targets } from '../../../detection/structures/instances';

/** The forms in which the same detector's losses can be computed: docs/separation.md. */
export const formNames = [
  'in-model, heads in the forward',
  'in-model',
  'separated, sampling forward',
  'separated, dense forward',
  'separated, losses as outputs',
] as const;

export type FormName = (typeof formNames)[number];

/** Whether a form has a seam between model and loss function. */
export function isSeparated(form: FormName): boolean {
  return form !== 'in-model, heads in the forward' && form !== 'in-model';
}

/** Those that there are of a model. */
export function formsOf(model: string): readonly FormName[] {
  const isOneOf = (definitions: readonly { readonly name: string }[]): boolean =>
    definitions.some(({ name }) => name === model);
  if (separableRcnns.some(isOneOf)) return formNames;
  const withoutSamples = formNames.filter((form) => form !== 'separated, sampling forward');
  if (isOneOf(retinaNetModels) || isOneOf(fcosModels)) return withoutSamples;
  return withoutSamples.filter((form) => form !== 'separated, dense forward');
}

const separableRcnns = [
  fasterRcnnModels,
  maskRcnnModels,
  keypointRcnnModels,
  maskKeypointRcnnModels,
  cascadeRcnnModels,
  detectron2RcnnModels,
];

/**
 * How the detector of a form is to be built. The sampling forward too predicts for sampled anchors only, as the
 * detector does whose heads take their gradients in the forward: it knows the samples, so that needs no losses. Where the losses
 * are the outputs, the detector computes them in the best way that it has.
 */
export function headGradientsOf(form: FormName): HeadGradients {
  return form === 'in-model' || form === 'separated, dense forward' ? 'at-the-end' : 'in-forward';
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
  if (name === 'separated, sampling forward' && isSeparableRcnn(detector)) {
    return use({
      model: new SamplingRcnn(detector),
      lossFunction: sampledLossFunction(detector),
      inputs: (batch) => batch,
    });
  }
  if (name === 'separated, dense forward' && isSeparableRcnn(detector)) {
    return use({
      model: new DenseRcnn(detector),
      lossFunction: denseLossFunction(detector),
      inputs: ({ images }) => images,
    });
  }
  const isPyramid = detector instanceof RetinaNet || detector instanceof Fcos;
  if (name === 'separated, dense forward' && isPyramid) {
    return use({
      model: new DensePyramid(detector),
      lossFunction: pyramidLossFunction(detector),
      inputs: ({ images }) => images,
    });
  }
  throw new Error(`${detector.definition.name} has no form ${name}`);
}

/**
 * One form's training-mode forward.
 *
 * @param atSeam is called with the outputs when they have been returned and no loss has been computed yet.
 */
export function trainingForm(
  name: FormName,
  detector: Detector,
  atSeam: (outputs: unknown) => void,
): (batch: DetectionBatch) => Losses {
  if (!isSeparated(name)) return (batch) => detector.losses(batch);
  return separatedForm(name, detector, (parts) => separatedLosses(parts, atSeam));
}

function separatedLosses<Inputs, Outputs>(
  { model, lossFunction, inputs }: SeparatedParts<Inputs, Outputs>,
  atSeam: (outputs: unknown) => void,
): (batch: DetectionBatch) => Losses {
  const trainable = withLoss(model, (outputs: Outputs, targets: readonly Targets[]) => {
    atSeam(outputs);
    return lossFunction(outputs, targets);
  });
  return (batch) => trainable.losses({ inputs: inputs(batch), targets: batch.targets });
}
