import type { HeadGradients } from '../../nn/head-losses';
import { BatchNorm, FrozenBatchNorm, GroupNorm, type NormalisationFactory } from '../../nn/normalisation';
import { RandomStream } from '../../nn/random';
import { torchvisionInput, type InputSpec } from '../../structures/input-spec';
import { architectures, type Architecture, type ModelName } from './architectures';
import { BackboneWithFpn } from '../backbone/feature-pyramid';
import { fasterRcnnDefaults } from './faster-rcnn-defaults';
import { FasterRcnn } from '../faster-rcnn';
import { FastRcnnConvFcHead, FastRcnnPredictor, TwoMlpHead } from '../roi/box-head';
import { MultiScaleRoiAlign } from '../roi/multi-scale-roi-align';
import { RoiHeads } from '../roi/roi-heads';
import { AnchorGenerator } from '../rpn/anchor-generator';
import { RegionProposalNetwork } from '../rpn/region-proposal-network';
import { RpnHead } from '../rpn/rpn-head';

export type { ModelName } from './architectures';

export type NormName = 'frozen' | 'batch' | 'group';

export interface DetectorOptions {
  /** Foreground classes; the background is the model's own affair. */
  numClasses: number;
  /** Of the initial weights and of all sampling in training. */
  seed: number;
  /** Normalisation, of the backbone and wherever else the model has one. Frozen batch norm presumes pretrained weights. */
  norm: NormName;
  /** Stages of the backbone that are trained, counted from the top: 0 none .. `numBackboneStages` all. */
  trainableLayers: number;
  /**
   * Of batch norm, frozen or not; the model's own unless given. 0 for torchvision's COCO_V1 weights of
   * fasterrcnn_resnet50_fpn (overwrite_eps).
   */
  normEpsilon?: number;
  /** When the heads' gradients are taken in training; in the forward unless given. The results are the same. */
  headGradients?: HeadGradients;
}

const POOLED_SIZE = 7;
/** fasterrcnn_resnet50_fpn_v2: channels of the box head's convolutions, and convolutions of the RPN. */
const IMPROVED = { boxHeadChannels: [256, 256, 256, 256], rpnDepth: 2 };

export const modelNames = Object.keys(architectures) as ModelName[];

/** The size that a model's images are resized to unless the user says otherwise. */
export function defaultImageSize(name: ModelName): { minSize: number; maxSize: number } {
  const { minSize, maxSize } = architectures[name];
  return { minSize, maxSize };
}

/** How a model takes pictures, of its own size unless another one is given. */
export function inputOf(
  name: ModelName,
  size: { readonly minSize: number; readonly maxSize: number } = defaultImageSize(name),
): InputSpec {
  const { mean, std } = architectures[name];
  return { ...torchvisionInput(size), mean, std };
}

/** What `trainableLayers` may be at most, which trains the whole backbone. */
export function numBackboneStages(name: ModelName): number {
  return architectures[name].stages;
}

/** Which normalisation torchvision gives a model, with pretrained weights or without. */
export function defaultNorm(name: ModelName, pretrained: boolean): NormName {
  return pretrained ? architectures[name].pretrainedNorm : 'batch';
}

function normalisation(name: NormName, epsilon: number): NormalisationFactory {
  switch (name) {
    case 'frozen':
      return (channels) => new FrozenBatchNorm(channels, epsilon);
    case 'batch':
      return (channels) => new BatchNorm(channels, epsilon);
    case 'group':
      return (channels) => new GroupNorm(channels);
  }
}

/**
 * Builds a detector with random weights. The caller disposes it.
 *
 * @throws RangeError where the backbone does not have as many stages as are to be trained.
 */
export function buildDetector(name: ModelName, options: DetectorOptions): FasterRcnn {
  return assembleDetector(architectures[name], options);
}

/** The same of an architecture that has no name. */
export function assembleDetector(architecture: Architecture, options: DetectorOptions): FasterRcnn {
  const { body, stages, fpnChannels, improved, headFeatures, anchorSizes } = architecture;
  const { numClasses, seed, norm, trainableLayers, headGradients } = options;
  const { normEpsilon = architecture.normEpsilon } = options;
  if (trainableLayers > stages) {
    throw new RangeError(`the backbone has ${stages} stages, so ${trainableLayers} cannot be trained`);
  }
  const random = new RandomStream(seed, 'init');
  const norms = normalisation(norm, normEpsilon);
  const backbone = new BackboneWithFpn(body({ normalisation: norms, trainableLayers, random }), {
    outChannels: fpnChannels,
    random,
    normalisation: improved ? norms : undefined,
  });
  const { anchors, levelMapper } = fasterRcnnDefaults;
  const anchorGenerator = new AnchorGenerator(
    anchorSizes,
    anchorSizes.map(() => anchors.aspectRatios),
  );
  const numAnchors = anchorGenerator.numAnchorsPerLocation()[0];
  const rpn = new RegionProposalNetwork(
    anchorGenerator,
    new RpnHead(fpnChannels, numAnchors, random, improved ? IMPROVED.rpnDepth : 1),
    new RandomStream(seed, 'rpn-sampler'),
    architecture.rpn,
    headGradients,
  );
  const boxHead = improved
    ? new FastRcnnConvFcHead(fpnChannels, POOLED_SIZE, IMPROVED.boxHeadChannels, headFeatures, norms, random)
    : new TwoMlpHead(fpnChannels, POOLED_SIZE, headFeatures, random);
  const roiHeads = new RoiHeads(
    new MultiScaleRoiAlign(POOLED_SIZE, levelMapper),
    boxHead,
    new FastRcnnPredictor(headFeatures, numClasses, random),
    new RandomStream(seed, 'roi-sampler'),
    architecture.roi,
    headGradients,
  );
  return new FasterRcnn(backbone, rpn, roiHeads);
}
