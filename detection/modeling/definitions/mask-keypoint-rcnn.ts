import type { KeypointSettings } from '../keypoint-rcnn-defaults';
import type { MaskSettings } from '../mask-rcnn-defaults';
import { resnetBase, tinyBase } from './faster-rcnn-bases';
import { fasterRcnn, type FasterRcnnDefinition } from './faster-rcnn-definition';
import { keypointHead, smallKeypointConvolutions } from './keypoint-head';
import { maskHead, smallMaskLayers } from './mask-head';
import { resnet18Weights, resnet50Weights } from './published-weights';

/** The definition of a Faster R-CNN with a mask head and a keypoint head. */
export type MaskKeypointRcnnDefinition = FasterRcnnDefinition<MaskSettings & KeypointSettings>;

const heads = [maskHead(), keypointHead()] as const;
const smallHeads = [maskHead(smallMaskLayers), keypointHead(smallKeypointConvolutions)] as const;

/**
 * All models that find boxes, masks and keypoints, with their types: bases for `defineModel`. torchvision's RoIHeads has both heads,
 * but no builder with both; they train at the sizes of its Mask R-CNN.
 */
export const maskKeypointRcnnModels: readonly MaskKeypointRcnnDefinition[] = [
  fasterRcnn({ name: 'mask_keypointrcnn_resnet18_fpn', published: resnet18Weights }, resnetBase(18), heads),
  fasterRcnn({ name: 'mask_keypointrcnn_resnet50_fpn', published: resnet50Weights }, resnetBase(50), heads),
  fasterRcnn({ name: 'mask_keypointrcnn_tiny_fpn' }, tinyBase, smallHeads),
];
