import { RandomStream } from '../../../nn/random';
import { BackboneWithFpn } from '../../backbone/feature-pyramid';
import type { FasterRcnnSettings } from '../../faster-rcnn-defaults';
import { Detectron2Rcnn } from '../../detectron2/detectron2-rcnn';
import { TwoMlpHead } from '../../roi/box-head';
import type { BoxStage } from '../../roi/box-stage';
import { RoiHeads } from '../../roi/roi-heads';
import { sharedRatios, type AnchorGenerator } from '../../rpn/anchor-generator';
import { RegionProposalNetwork } from '../../rpn/region-proposal-network';
import { RpnHead } from '../../rpn/rpn-head';
import type { RpnLossOptions, RpnLossStyle } from '../../rpn/rpn-losses';
import type { Assembly } from '../family';
import { normalization } from '../normalization';
import type { RoiHeadDefinition } from '../roi-head-definition';
import type { Detectron2Configuration } from './bases';

/** Height and width of a region that a box head sees. */
export const POOLED_SIZE = 7;

/** Settings that all of these models have. */
export type CommonSettings = Pick<FasterRcnnSettings, 'anchors' | 'rpn'> & {
  readonly losses: RpnLossOptions;
};

export function detectron2Anchors(
  { anchors }: Pick<CommonSettings, 'anchors'>,
  { strides }: Pick<Detectron2Configuration, 'strides'>,
): AnchorGenerator {
  return sharedRatios(anchors, { strides });
}

/** A model with this box stage. @param names of the RPN's losses */
export function assembleRcnn<Settings extends CommonSettings, Stage extends BoxStage>(
  assembly: Assembly<Detectron2Configuration, Settings>,
  names: RpnLossStyle['names'],
  makeStage: (assembly: Assembly<Detectron2Configuration, Settings>, random: RandomStream) => Stage,
  heads: readonly RoiHeadDefinition[],
): Detectron2Rcnn<Stage> {
  const { configuration, settings, traits, headGradients, seed, norm, trainableLayers } = assembly;
  const { body, epsilon, fpnChannels } = configuration;
  const random = new RandomStream(seed, 'init');
  const makeNorm = normalization(norm, epsilon);
  const backbone = new BackboneWithFpn(body({ normalization: makeNorm, trainableLayers, random }), {
    outChannels: fpnChannels,
    random,
  });
  const anchors = detectron2Anchors(settings, configuration);
  const rpn = new RegionProposalNetwork(
    anchors,
    new RpnHead(fpnChannels, anchors.numAnchorsPerLocation()[0], random),
    new RandomStream(seed, 'rpn-sampler'),
    settings.rpn,
    headGradients,
    settings.losses,
    { names, divisor: 'batch size' },
  );
  const stage = makeStage(assembly, random);
  const headOptions = { channels: fpnChannels, normalization: undefined, traits, headGradients, random };
  const further = heads.map((head) => head.build(headOptions, settings));
  return new Detectron2Rcnn(traits, backbone, rpn, new RoiHeads(stage, further));
}

/** detectron2's FastRCNNConvFCHead with two linear layers. */
export function twoLayerHead(
  { fpnChannels, headFeatures }: Detectron2Configuration,
  random: RandomStream,
): TwoMlpHead {
  return new TwoMlpHead(fpnChannels, POOLED_SIZE, headFeatures, random, ['fc1', 'fc2']);
}
