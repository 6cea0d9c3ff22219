import { torchvisionInput, type InputSpec } from '../../../structures/input-spec';
import type { ResNetDepth, ResNetStageOptions } from '../../backbone/resnet-stage';
import { fasterRcnnDefaults } from '../../faster-rcnn-defaults';
import { resnet, resnetTraits, SMALL_SIDES, TINY_WIDTH, type MakeBody } from '../bodies';
import type { FamilyConfiguration, Traits } from '../family';

/** What tells one model from another, beside its settings. */
export interface Detectron2Configuration extends FamilyConfiguration {
  /** Makes the body below the pyramid. */
  readonly body: MakeBody;
  /** Of batch norm. */
  readonly epsilon: number;
  /** Channels of the feature pyramid and of the RPN. */
  readonly fpnChannels: number;
  /** Features of each box head. */
  readonly headFeatures: number;
}

/** What models on one body say of themselves. */
export type BaseTraits = Omit<Traits, 'name' | 'published' | 'needs' | 'stateDict'>;

/** What models on one body have in common. */
export interface Detectron2Base {
  readonly traits: BaseTraits;
  readonly configuration: Detectron2Configuration;
}

const BYTES = 255;
/** PIXEL_MEAN: B, G, R of bytes; PIXEL_STD is 1, as MSRA's weights have it. */
const PIXEL_MEAN = [103.53, 116.28, 123.675];

/** What detectron2's models on MSRA's ResNets take; pictures are resized as everywhere here. */
const msraInput: InputSpec = {
  ...torchvisionInput(fasterRcnnDefaults.transform),
  mean: PIXEL_MEAN.map((value) => value / BYTES),
  std: PIXEL_MEAN.map(() => 1 / BYTES),
  channels: 'bgr',
};

const configuration: Omit<Detectron2Configuration, 'body'> = {
  epsilon: 1e-5,
  fpnChannels: 256,
  headFeatures: 1024,
  strides: [4, 8, 16, 32, 64],
};

/** INPUT.MIN_SIZE_TRAIN of the base configurations. */
const TRAIN_MIN_SIZES: readonly number[] = [640, 672, 704, 736, 768, 800];

/** Base-RCNN-FPN on MSRA's ResNet-50 or 101: BGR, and the stride of a bottleneck in its first 1x1 convolution. */
export function msraBase(depth: 50 | 101): Detectron2Base {
  return {
    traits: { ...resnetTraits, input: msraInput, trainMinSizes: TRAIN_MIN_SIZES },
    configuration: { ...configuration, body: resnet(depth, { strideIn: '1x1' }) },
  };
}

/** The same on torchvision's ResNet-18 or 34, of which MSRA has published none: RGB, normalized as those are trained. */
export function torchvisionBase(depth: Extract<ResNetDepth, 18 | 34>): Detectron2Base {
  return {
    traits: {
      ...resnetTraits,
      input: torchvisionInput(fasterRcnnDefaults.transform),
      trainMinSizes: TRAIN_MIN_SIZES,
    },
    configuration: { ...configuration, body: resnet(depth) },
  };
}

/** As large as the demo's. */
export const tinyBase: Detectron2Base = {
  traits: { ...resnetTraits, input: torchvisionInput(SMALL_SIDES) },
  configuration: {
    ...configuration,
    body: resnet(18, { width: TINY_WIDTH }),
    fpnChannels: 64,
    headFeatures: 128,
  },
};

/** What tells one model without a feature pyramid from another, beside its settings. */
export interface C4Configuration extends FamilyConfiguration {
  /** The ResNet whose last stage is the head, and the rest the body. */
  readonly resnet: Pick<ResNetStageOptions, 'width' | 'strideIn'> & { readonly depth: ResNetDepth };
  /** Of batch norm. */
  readonly epsilon: number;
  /** Channels of the upsampled map that masks are predicted from. */
  readonly maskChannels: number;
}

/** What models on one ResNet without a feature pyramid have in common. */
export interface C4Base {
  readonly traits: BaseTraits;
  readonly configuration: C4Configuration;
}

/** Pictures are padded to the largest of a batch, and no further: there are no levels to fit. */
function unpadded(input: InputSpec): InputSpec {
  return { ...input, sizeDivisor: 1 };
}

const c4Configuration: Omit<C4Configuration, 'resnet'> = { epsilon: 1e-5, maskChannels: 256, strides: [16] };

/** Base-RCNN-C4 on MSRA's ResNet-50 or 101. Its stages are those of the ResNet: the first of them from the top is the head. */
export function msraC4Base(depth: 50 | 101): C4Base {
  return {
    traits: { ...resnetTraits, input: unpadded(msraInput), trainMinSizes: TRAIN_MIN_SIZES },
    configuration: { ...c4Configuration, resnet: { depth, strideIn: '1x1' } },
  };
}

/** As wide as the demo's. */
export const tinyC4Base: C4Base = {
  traits: { ...resnetTraits, input: unpadded(torchvisionInput(SMALL_SIDES)) },
  configuration: { ...c4Configuration, resnet: { depth: 18, width: TINY_WIDTH }, maskChannels: 64 },
};
