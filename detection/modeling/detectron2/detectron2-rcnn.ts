import type { Parameter } from '../../nn/module';
import type { Backbone } from '../backbone/backbone';
import type { DetectorTraits } from '../detector-module';
import { FasterRcnn } from '../faster-rcnn';
import type { BoxStage } from '../roi/box-stage';
import type { RoiHeads } from '../roi/roi-heads';
import type { RegionProposalNetwork } from '../rpn/region-proposal-network';
import { detectron2Name } from './entry-names';

/** A Faster R-CNN, or a Cascade R-CNN, whose parameters have detectron2's names. */
export class Detectron2Rcnn<Stage extends BoxStage = BoxStage> extends FasterRcnn<Stage> {
  /** Takes over the parts. @param entryName what detectron2 calls an entry; as in its models with a feature pyramid if left out */
  constructor(
    traits: DetectorTraits,
    backbone: Backbone,
    rpn: RegionProposalNetwork,
    roiHeads: RoiHeads<Stage>,
    private readonly entryName: (name: string) => string = detectron2Name,
  ) {
    super(traits, backbone, rpn, roiHeads);
  }

  override *namedParameters(prefix = ''): Generator<[string, Parameter]> {
    for (const [name, parameter] of super.namedParameters()) yield [prefix + this.entryName(name), parameter];
  }

  override *namedBuffers(prefix = ''): Generator<[string, Parameter]> {
    for (const [name, buffer] of super.namedBuffers()) yield [prefix + this.entryName(name), buffer];
  }
}
