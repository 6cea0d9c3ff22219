import type { ResNetDepth } from '../backbone/resnet-stage';
import type { PublishedWeights } from '../detector';
import type { MaskSettings } from '../mask-rcnn-defaults';
import {
  efficientnetLite0Base,
  mobilenetV2Base,
  mobilenetV3Base,
  resnet50V2Base,
  resnetBase,
  tinyBase,
} from './faster-rcnn-bases';
import { fasterRcnn, type FasterRcnnDefinition } from './faster-rcnn-definition';
import { maskHead, smallMaskLayers } from './mask-head';
import { modelCalled } from './model-called';
import {
  maskRcnnWeights,
  mobilenetV3Weights,
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
} from './published-weights';

/** The definition of a Mask R-CNN: a Faster R-CNN with a mask head. */
export type MaskRcnnDefinition = FasterRcnnDefinition<MaskSettings>;

function onResnet(
  depth: ResNetDepth,
  published: Readonly<Record<string, PublishedWeights>>,
): MaskRcnnDefinition {
  return fasterRcnn({ name: `maskrcnn_resnet${depth}_fpn`, published }, resnetBase(depth), [maskHead()]);
}

const small = [maskHead(smallMaskLayers)] as const;

/** All models that find boxes and masks, with their types: bases for `defineModel`. */
export const maskRcnnModels: readonly MaskRcnnDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: maskRcnnWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  fasterRcnn(
    {
      name: 'maskrcnn_resnet50_fpn_v2',
      published: { COCO_V1: maskRcnnWeights.resnet50FpnV2, ...resnet50Weights },
    },
    resnet50V2Base,
    [maskHead()],
  ),
  fasterRcnn(
    { name: 'maskrcnn_mobilenet_v3_large_fpn', published: mobilenetV3Weights },
    mobilenetV3Base,
    small,
  ),
  fasterRcnn({ name: 'maskrcnn_mobilenet_v2_fpn' }, mobilenetV2Base, small),
  fasterRcnn({ name: 'maskrcnn_efficientnet_lite0_fpn' }, efficientnetLite0Base, small),
  fasterRcnn({ name: 'maskrcnn_tiny_fpn' }, tinyBase, small),
];

/**
 * The definition of a Mask R-CNN, for who works with its parts.
 *
 * @throws RangeError where there is no such model.
 */
export function maskRcnnModel(name: string): MaskRcnnDefinition {
  return modelCalled(name, maskRcnnModels, 'Mask R-CNN');
}
