import type { ResNetDepth } from '../backbone/resnet-stage';
import type { PublishedWeights } from '../detector';
import {
  efficientnetLite0Base,
  mobilenetV2Base,
  mobilenetV3At320Base,
  mobilenetV3Base,
  resnet50V2Base,
  resnetBase,
  tinyBase,
} from './faster-rcnn-bases';
import { fasterRcnn, type FasterRcnnDefinition } from './faster-rcnn-definition';
import { modelCalled } from './model-called';
import {
  fasterRcnnWeights,
  mobilenetV3Weights,
  resnet101Weights,
  resnet18Weights,
  resnet34Weights,
  resnet50Weights,
} from './published-weights';

function onResnet(
  depth: ResNetDepth,
  published: Readonly<Record<string, PublishedWeights>>,
): FasterRcnnDefinition {
  return fasterRcnn({ name: `fasterrcnn_resnet${depth}_fpn`, published }, resnetBase(depth));
}

/** All models that find boxes alone, with their types: bases for `defineModel`. */
export const fasterRcnnModels: readonly FasterRcnnDefinition[] = [
  onResnet(18, resnet18Weights),
  onResnet(34, resnet34Weights),
  onResnet(50, { COCO_V1: fasterRcnnWeights.resnet50Fpn, ...resnet50Weights }),
  onResnet(101, resnet101Weights),
  fasterRcnn(
    {
      name: 'fasterrcnn_resnet50_fpn_v2',
      // The second detector has first weights only; COCO_V2 is understood to mean them too.
      published: {
        COCO_V1: fasterRcnnWeights.resnet50FpnV2,
        COCO_V2: fasterRcnnWeights.resnet50FpnV2,
        ...resnet50Weights,
      },
    },
    resnet50V2Base,
  ),
  fasterRcnn(
    {
      name: 'fasterrcnn_mobilenet_v3_large_fpn',
      published: { COCO_V1: fasterRcnnWeights.mobilenetV3Fpn, ...mobilenetV3Weights },
    },
    mobilenetV3Base,
  ),
  fasterRcnn(
    {
      name: 'fasterrcnn_mobilenet_v3_large_320_fpn',
      published: { COCO_V1: fasterRcnnWeights.mobilenetV3At320Fpn, ...mobilenetV3Weights },
    },
    mobilenetV3At320Base,
  ),
  fasterRcnn({ name: 'fasterrcnn_mobilenet_v2_fpn' }, mobilenetV2Base),
  fasterRcnn({ name: 'fasterrcnn_efficientnet_lite0_fpn' }, efficientnetLite0Base),
  fasterRcnn({ name: 'fasterrcnn_tiny_fpn' }, tinyBase),
];

/**
 * The definition of a Faster R-CNN, for who works with its parts.
 *
 * @throws RangeError where there is no such model.
 */
export function fasterRcnnModel(name: string): FasterRcnnDefinition {
  return modelCalled(name, fasterRcnnModels, 'Faster R-CNN');
}
