import { BatchNorm, FrozenBatchNorm, GroupNorm, type NormalisationFactory } from '../nn/normalisation';
import { RandomStream } from '../nn/random';
import { BackboneWithFpn } from './backbone/feature-pyramid';
import { ResNet, type ResNetDepth } from './backbone/resnet';
import { fasterRcnnDefaults, type RoiOptions, type RpnOptions } from './defaults';
import { FasterRcnn } from './faster-rcnn';
import { FastRcnnPredictor, TwoMlpHead } from './roi/box-head';
import { MultiScaleRoiAlign } from './roi/multi-scale-roi-align';
import { RoiHeads } from './roi/roi-heads';
import { AnchorGenerator } from './rpn/anchor-generator';
import { RegionProposalNetwork } from './rpn/region-proposal-network';
import { RpnHead } from './rpn/rpn-head';

export type NormName = 'frozen' | 'batch' | 'group';

export interface DetectorOptions {
  /** Foreground classes; the background is the model's own affair. */
  numClasses: number;
  /** Of the initial weights and of all sampling in training. */
  seed: number;
  /** Normalisation of the backbone. Frozen batch norm presumes pretrained weights. */
  norm: NormName;
  /** Stages of the backbone that are trained, counted from the top: 0 none .. 5 all. */
  trainableLayers: number;
}

interface Architecture {
  depth: ResNetDepth;
  /** Channels of the ResNet's first stage. */
  width: number;
  /** Channels of the feature pyramid and of the RPN. */
  fpnChannels: number;
  /** Features of the two-layer box head. */
  headFeatures: number;
  /** Of each level of the pyramid, in pixels of the resized image. */
  anchorSizes: readonly (readonly number[])[];
  /** Default size of the images. */
  minSize: number;
  maxSize: number;
  rpn: RpnOptions;
  roi: RoiOptions;
}

const POOLED_SIZE = 7;

/** torchvision's fasterrcnn_resnet50_fpn; the others differ in depth alone. */
const published: Omit<Architecture, 'depth'> = {
  width: 64,
  fpnChannels: 256,
  headFeatures: 1024,
  anchorSizes: fasterRcnnDefaults.anchors.sizes,
  ...fasterRcnnDefaults.transform,
  rpn: fasterRcnnDefaults.rpn,
  roi: fasterRcnnDefaults.roi,
};

/**
 * For small images and for machines without an accelerator: the demo's, 3.4 million parameters. Fewer proposals are
 * enough for a dozen objects.
 */
const tiny: Architecture = {
  depth: 18,
  width: 32,
  fpnChannels: 64,
  headFeatures: 128,
  // Two sizes an octave apart by its half: of boxes of 15 to 110 pixels 95 % overlap an anchor by 0.7 or more, with
  // torchvision's 46 %.
  anchorSizes: [
    [24, 34],
    [48, 68],
    [96, 136],
    [192, 272],
    [384, 543],
  ],
  minSize: 320,
  maxSize: 533,
  rpn: {
    ...fasterRcnnDefaults.rpn,
    preNmsTopN: { train: 500, test: 500 },
    postNmsTopN: { train: 300, test: 300 },
  },
  roi: { ...fasterRcnnDefaults.roi, batchSizePerImage: 256 },
};

const architectures = {
  fasterrcnn_resnet18_fpn: { depth: 18, ...published },
  fasterrcnn_resnet34_fpn: { depth: 34, ...published },
  fasterrcnn_resnet50_fpn: { depth: 50, ...published },
  fasterrcnn_resnet101_fpn: { depth: 101, ...published },
  fasterrcnn_tiny_fpn: tiny,
} as const satisfies Record<string, Architecture>;

export type ModelName = keyof typeof architectures;

export const modelNames = Object.keys(architectures) as ModelName[];

/** The size that a model's images are resized to unless the user says otherwise. */
export function defaultImageSize(name: ModelName): { minSize: number; maxSize: number } {
  const { minSize, maxSize } = architectures[name];
  return { minSize, maxSize };
}

function normalisation(name: NormName): NormalisationFactory {
  switch (name) {
    case 'frozen':
      return (channels) => new FrozenBatchNorm(channels);
    case 'batch':
      return (channels) => new BatchNorm(channels);
    case 'group':
      return (channels) => new GroupNorm(channels);
  }
}

/** Builds a detector with random weights. The caller disposes it. */
export function buildDetector(name: ModelName, options: DetectorOptions): FasterRcnn {
  const architecture: Architecture = architectures[name];
  const { depth, width, fpnChannels, headFeatures } = architecture;
  const { numClasses, seed, norm, trainableLayers } = options;
  const random = new RandomStream(seed, 'init');
  const body = new ResNet(depth, { normalisation: normalisation(norm), trainableLayers, random, width });
  const backbone = new BackboneWithFpn(body, fpnChannels, random);
  const { anchors, levelMapper } = fasterRcnnDefaults;
  const anchorGenerator = new AnchorGenerator(architecture.anchorSizes, anchors.aspectRatios);
  const rpnHead = new RpnHead(fpnChannels, anchorGenerator.numAnchorsPerLocation()[0], random);
  const rpn = new RegionProposalNetwork(
    anchorGenerator,
    rpnHead,
    new RandomStream(seed, 'rpn-sampler'),
    architecture.rpn,
  );
  const roiHeads = new RoiHeads(
    new MultiScaleRoiAlign(POOLED_SIZE, levelMapper),
    new TwoMlpHead(fpnChannels, POOLED_SIZE, headFeatures, random),
    new FastRcnnPredictor(headFeatures, numClasses, random),
    new RandomStream(seed, 'roi-sampler'),
    architecture.roi,
  );
  return new FasterRcnn(backbone, rpn, roiHeads);
}
