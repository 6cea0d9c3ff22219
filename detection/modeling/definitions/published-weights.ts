import type { PublishedWeights } from '../detector';

function classifier(name: string, file: string, mebibytes: number, accuracy: number): PublishedWeights {
  return { name, file, mebibytes, trainedOn: 'ImageNet', accuracy, of: 'classifier' };
}

/** Of torchvision's models/resnet.py. Only the bodies of these classifiers are used. */
export const resnet18Weights = {
  IMAGENET1K_V1: classifier('ResNet18_Weights.IMAGENET1K_V1', 'resnet18-f37072fd.pth', 44.7, 69.758),
};
export const resnet34Weights = {
  IMAGENET1K_V1: classifier('ResNet34_Weights.IMAGENET1K_V1', 'resnet34-b627a593.pth', 83.3, 73.314),
};
export const resnet50Weights = {
  IMAGENET1K_V1: classifier('ResNet50_Weights.IMAGENET1K_V1', 'resnet50-0676ba61.pth', 97.8, 76.13),
  IMAGENET1K_V2: classifier('ResNet50_Weights.IMAGENET1K_V2', 'resnet50-11ad3fa6.pth', 97.8, 80.858),
};
export const resnet101Weights = {
  IMAGENET1K_V1: classifier('ResNet101_Weights.IMAGENET1K_V1', 'resnet101-63fe2227.pth', 170.5, 77.374),
  IMAGENET1K_V2: classifier('ResNet101_Weights.IMAGENET1K_V2', 'resnet101-cd907fc2.pth', 170.5, 81.886),
};
/** models/mobilenetv3.py. */
export const mobilenetV3Weights = {
  IMAGENET1K_V1: classifier(
    'MobileNet_V3_Large_Weights.IMAGENET1K_V1',
    'mobilenet_v3_large-8738ca79.pth',
    21.1,
    74.042,
  ),
  IMAGENET1K_V2: classifier(
    'MobileNet_V3_Large_Weights.IMAGENET1K_V2',
    'mobilenet_v3_large-5c1a4163.pth',
    21.1,
    75.274,
  ),
};

/** A detector that torchvision's models/detection publish. */
function detector(
  name: string,
  file: string,
  mebibytes: number,
  accuracy: number,
  epsilon?: number,
): PublishedWeights {
  return { name, file, mebibytes, trainedOn: 'COCO', accuracy, of: 'detector', epsilon };
}

export const fasterRcnnWeights = {
  resnet50Fpn: detector(
    'FasterRCNN_ResNet50_FPN_Weights.COCO_V1',
    'fasterrcnn_resnet50_fpn_coco-258fb6c6.pth',
    159.7,
    37,
    0, // overwrite_eps(model, 0.0) there
  ),
  resnet50FpnV2: detector(
    'FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1',
    'fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth',
    167.1,
    46.7,
  ),
  mobilenetV3Fpn: detector(
    'FasterRCNN_MobileNet_V3_Large_FPN_Weights.COCO_V1',
    'fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth',
    74.2,
    32.8,
  ),
  mobilenetV3At320Fpn: detector(
    'FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1',
    'fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth',
    74.2,
    22.8,
  ),
};

export const maskRcnnWeights = {
  resnet50Fpn: detector(
    'MaskRCNN_ResNet50_FPN_Weights.COCO_V1',
    'maskrcnn_resnet50_fpn_coco-bf2d0c1e.pth',
    169.8,
    37.9,
    0, // overwrite_eps(model, 0.0) there
  ),
  resnet50FpnV2: detector(
    'MaskRCNN_ResNet50_FPN_V2_Weights.COCO_V1',
    'maskrcnn_resnet50_fpn_v2_coco-73cbd019.pth',
    177.2,
    47.4,
  ),
};

/** Of persons. The accuracy is the boxes'; keypoints have 65.0 and 61.1. */
const ofPersons = { categories: [{ id: 1, name: 'person' }] };

export const keypointRcnnWeights = {
  resnet50Fpn: {
    ...detector(
      'KeypointRCNN_ResNet50_FPN_Weights.COCO_V1',
      'keypointrcnn_resnet50_fpn_coco-fc266e95.pth',
      226.1,
      54.6,
      0, // overwrite_eps(model, 0.0) there
    ),
    ...ofPersons,
  },
  resnet50FpnLegacy: {
    ...detector(
      'KeypointRCNN_ResNet50_FPN_Weights.COCO_LEGACY',
      'keypointrcnn_resnet50_fpn_coco-9f466800.pth',
      226.1,
      50.6,
    ),
    ...ofPersons,
  },
};

export const retinaNetWeights = {
  resnet50Fpn: detector(
    'RetinaNet_ResNet50_FPN_Weights.COCO_V1',
    'retinanet_resnet50_fpn_coco-eeacb38b.pth',
    130.3,
    36.4,
    0, // overwrite_eps(model, 0.0) there
  ),
  resnet50FpnV2: detector(
    'RetinaNet_ResNet50_FPN_V2_Weights.COCO_V1',
    'retinanet_resnet50_fpn_v2_coco-5905b1c5.pth',
    146,
    41.5,
  ),
};

export const fcosWeights = {
  resnet50Fpn: detector(
    'FCOS_ResNet50_FPN_Weights.COCO_V1',
    'fcos_resnet50_fpn_coco-99b0c9b7.pth',
    123.6,
    39.2,
  ),
};

export const ssdLiteWeights = {
  mobilenetV3At320: detector(
    'SSDLite320_MobileNet_V3_Large_Weights.COCO_V1',
    'ssdlite320_mobilenet_v3_large_coco-a79551df.pth',
    13.4,
    21.3,
  ),
};
