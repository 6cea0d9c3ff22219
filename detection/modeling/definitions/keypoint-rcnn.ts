import type { ResNetDepth } from '../backbone/resnet-stage';
import type { PublishedWeights } from '../detector';
import { keypointRcnnDefaults, type KeypointSettings } from '../keypoint-rcnn-defaults';
import {
  efficientnetLite0Base,
  mobilenetV2Base,
  mobilenetV3Base,
  resnetBase,
  tinyBase,
} from './faster-rcnn-bases';
import { fasterRcnn, type FasterRcnnDefinition } from './faster-rcnn-definition';
import { keypointHead, smallKeypointConvolutions } from './keypoint-head';
import { modelCalled } from './model-called';
import {
  keypointRcnnWeights,
  mobilenetV3Weights,
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
} from './published-weights';

/** The definition of a Keypoint R-CNN: a Faster R-CNN with a keypoint head. */
export type KeypointRcnnDefinition = FasterRcnnDefinition<KeypointSettings>;

/** torchvision's keypointrcnn_resnet50_fpn, whatever the depth. */
function onResnet(
  depth: ResNetDepth,
  published: Readonly<Record<string, PublishedWeights>>,
): KeypointRcnnDefinition {
  const { trainMinSizes } = keypointRcnnDefaults;
  const traits = { name: `keypointrcnn_resnet${depth}_fpn`, published, trainMinSizes };
  return fasterRcnn(traits, resnetBase(depth), [keypointHead()]);
}

const small = [keypointHead(smallKeypointConvolutions)] as const;

/** All models that find boxes and keypoints, with their types: bases for `defineModel`. */
export const keypointRcnnModels: readonly KeypointRcnnDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, {
    COCO_V1: keypointRcnnWeights.resnet50Fpn,
    COCO_LEGACY: keypointRcnnWeights.resnet50FpnLegacy,
    ...resnet50Weights,
  }),
  onResnet(101, resnet101Weights),
  fasterRcnn(
    { name: 'keypointrcnn_mobilenet_v3_large_fpn', published: mobilenetV3Weights },
    mobilenetV3Base,
    small,
  ),
  fasterRcnn({ name: 'keypointrcnn_mobilenet_v2_fpn' }, mobilenetV2Base, small),
  fasterRcnn({ name: 'keypointrcnn_efficientnet_lite0_fpn' }, efficientnetLite0Base, small),
  fasterRcnn({ name: 'keypointrcnn_tiny_fpn' }, tinyBase, small),
];

/**
 * The definition of a Keypoint R-CNN, for who works with its parts.
 *
 * @throws RangeError where there is no such model.
 */
export function keypointRcnnModel(name: string): KeypointRcnnDefinition {
  return modelCalled(name, keypointRcnnModels, 'Keypoint R-CNN');
}
