import type { RandomStream } from '../../nn/random';
import { BackboneWithFpn, LastLevelP6P7 } from '../backbone/feature-pyramid';
import { EfficientNetLite0 } from '../backbone/efficientnet-lite0';
import { EFFICIENTNET_EPSILON, resnet, TINY_WIDTH, type MakeBody } from './bodies';
import type { CompleteOptions } from './complete-options';
import type { FamilyConfiguration } from './family';
import { normalization } from './normalization';

/** What tells one dense detector on a pyramid from another. */
export interface DensePyramidConfiguration extends FamilyConfiguration {
  /** Makes the body below the pyramid. */
  readonly body: MakeBody;
  /** Maps of the body that the pyramid stands on. */
  readonly numMaps: number;
  /** Of batch norm. */
  readonly epsilon: number;
  /** Channels of the feature pyramid and of the heads. */
  readonly fpnChannels: number;
  /** Convolutions of each head's tower. */
  readonly towerDepth: number;
}

/** torchvision's retinanet_resnet50_fpn and fcos_resnet50_fpn, whatever the body. */
export const torchvisionPyramid: Omit<DensePyramidConfiguration, 'body'> = {
  numMaps: 3,
  epsilon: 1e-5,
  fpnChannels: 256,
  towerDepth: 4,
  strides: [8, 16, 32, 64, 128],
};

/** For small images and for machines without an accelerator: narrow and shallow heads. */
export const tinyPyramid: DensePyramidConfiguration = {
  ...torchvisionPyramid,
  body: resnet(18, { width: TINY_WIDTH }),
  fpnChannels: 64,
  towerDepth: 2,
};
/** The same on a pretrained body that may stay frozen. */
export const transferPyramid: DensePyramidConfiguration = {
  ...tinyPyramid,
  body: (options) => new EfficientNetLite0(options),
  epsilon: EFFICIENTNET_EPSILON,
  fpnChannels: 128,
};

/** @param source what P6 is made of */
export function densePyramid(
  { body: makeBody, epsilon, numMaps, fpnChannels }: DensePyramidConfiguration,
  { norm, trainableLayers }: Pick<CompleteOptions, 'norm' | 'trainableLayers'>,
  source: 'P5' | 'C5',
  random: RandomStream,
): BackboneWithFpn {
  const body = makeBody({ normalization: normalization(norm, epsilon), trainableLayers, random });
  const inChannels = source === 'P5' ? fpnChannels : body.outChannels.at(-1)!;
  const lastLevels = new LastLevelP6P7(source, inChannels, fpnChannels, random);
  return new BackboneWithFpn(body, { outChannels: fpnChannels, numMaps, lastLevels, random });
}
