import { statSync } from 'node:fs';
import { InputError } from '../../detection/errors';
import type { ModelName } from '../../detection/modeling/definitions/models';
import { sha256Of } from '../file-hash';

/** Names of members of torchvision's enumerations of weights, which `--weights` takes. */
export const weightsNames = ['COCO_V1', 'COCO_V2', 'IMAGENET1K_V1', 'IMAGENET1K_V2'] as const;

export type WeightsName = (typeof weightsNames)[number];

/** A file that torchvision publishes. */
export interface PublishedWeights {
  /** Its full name in torchvision. */
  readonly name: string;
  /** Named by the first eight digits of its SHA-256. */
  readonly file: string;
  /** Size as torchvision's documentation gives it, which says MB for it. */
  readonly mebibytes: number;
  readonly trainedOn: 'COCO' | 'ImageNet';
  /** As published, in percent: box AP on COCO val2017, or accuracy on ImageNet's validation set. */
  readonly accuracy: number;
  /** The detector that these weights are of; undefined for those of an image classifier. */
  readonly detector?: ModelName;
  /** Of its batch norm, where that is not the model's own. */
  readonly normEpsilon?: number;
}

/** Where torchvision's files are. */
export const PUBLISHED_URL = 'https://download.pytorch.org/models';

function classifier(name: string, file: string, mebibytes: number, accuracy: number): PublishedWeights {
  return { name, file, mebibytes, trainedOn: 'ImageNet', accuracy };
}

/** Of torchvision's models/resnet.py. Only the bodies of these classifiers are used. */
const resnet18 = {
  IMAGENET1K_V1: classifier('ResNet18_Weights.IMAGENET1K_V1', 'resnet18-f37072fd.pth', 44.7, 69.758),
};
const resnet34 = {
  IMAGENET1K_V1: classifier('ResNet34_Weights.IMAGENET1K_V1', 'resnet34-b627a593.pth', 83.3, 73.314),
};
const resnet50 = {
  IMAGENET1K_V1: classifier('ResNet50_Weights.IMAGENET1K_V1', 'resnet50-0676ba61.pth', 97.8, 76.13),
  IMAGENET1K_V2: classifier('ResNet50_Weights.IMAGENET1K_V2', 'resnet50-11ad3fa6.pth', 97.8, 80.858),
};
const resnet101 = {
  IMAGENET1K_V1: classifier('ResNet101_Weights.IMAGENET1K_V1', 'resnet101-63fe2227.pth', 170.5, 77.374),
  IMAGENET1K_V2: classifier('ResNet101_Weights.IMAGENET1K_V2', 'resnet101-cd907fc2.pth', 170.5, 81.886),
};
/** models/mobilenetv3.py. */
const mobilenetV3 = {
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

const resnet50FpnV2: PublishedWeights = {
  name: 'FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1',
  file: 'fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth',
  mebibytes: 167.1,
  trainedOn: 'COCO',
  accuracy: 46.7,
  detector: 'fasterrcnn_resnet50_fpn_v2',
};

/** torchvision's published files by our models; detectors are those of models/detection/faster_rcnn.py. */
export const zoo: Record<ModelName, Partial<Record<WeightsName, PublishedWeights>>> = {
  fasterrcnn_resnet18_fpn: resnet18,
  fasterrcnn_resnet34_fpn: resnet34,
  fasterrcnn_resnet50_fpn: {
    COCO_V1: {
      name: 'FasterRCNN_ResNet50_FPN_Weights.COCO_V1',
      file: 'fasterrcnn_resnet50_fpn_coco-258fb6c6.pth',
      mebibytes: 159.7,
      trainedOn: 'COCO',
      accuracy: 37,
      detector: 'fasterrcnn_resnet50_fpn',
      normEpsilon: 0, // overwrite_eps(model, 0.0) there
    },
    ...resnet50,
  },
  fasterrcnn_resnet101_fpn: resnet101,
  // The second detector has first weights only; COCO_V2 is understood to mean them too.
  fasterrcnn_resnet50_fpn_v2: { COCO_V1: resnet50FpnV2, COCO_V2: resnet50FpnV2, ...resnet50 },
  fasterrcnn_mobilenet_v3_large_fpn: {
    COCO_V1: {
      name: 'FasterRCNN_MobileNet_V3_Large_FPN_Weights.COCO_V1',
      file: 'fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth',
      mebibytes: 74.2,
      trainedOn: 'COCO',
      accuracy: 32.8,
      detector: 'fasterrcnn_mobilenet_v3_large_fpn',
    },
    ...mobilenetV3,
  },
  fasterrcnn_mobilenet_v3_large_320_fpn: {
    COCO_V1: {
      name: 'FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1',
      file: 'fasterrcnn_mobilenet_v3_large_320_fpn-907ea3f9.pth',
      mebibytes: 74.2,
      trainedOn: 'COCO',
      accuracy: 22.8,
      detector: 'fasterrcnn_mobilenet_v3_large_320_fpn',
    },
    ...mobilenetV3,
  },
  // torchvision's MobileNetV2 does not fit: the one here is TensorFlow's, with other padding and other normalisation.
  fasterrcnn_mobilenet_v2_fpn: {},
  fasterrcnn_efficientnet_lite0_fpn: {},
  fasterrcnn_tiny_fpn: {},
};

export function isWeightsName(text: string): text is WeightsName {
  return weightsNames.some((name) => name === text);
}

/** @throws InputError where the model is not named, or has no such weights; it says what there is. */
export function publishedWeights(model: ModelName | undefined, name: WeightsName): PublishedWeights {
  const published = model === undefined ? undefined : zoo[model][name];
  if (published) return published;
  const models = (Object.keys(zoo) as ModelName[]).filter((other) => zoo[other][name]).join(', ');
  if (model === undefined) {
    throw new InputError(
      `--weights ${name}: of which model? Give --model; there are such weights of ${models}`,
    );
  }
  const names = Object.keys(zoo[model]);
  const others = names.length === 0 ? 'none of this model' : `${names.join(' and ')} of this model`;
  throw new InputError(
    `--weights ${name}: torchvision publishes no such weights of ${model}; there are ${others}, and ${name} of ${models}`,
  );
}

/** The digits in a file's name with which its SHA-256 begins (torch.hub's convention). */
export function sha256Prefix({ file }: Pick<PublishedWeights, 'file'>): string {
  const digits = /-([0-9a-f]{8,})\.\w+$/.exec(file)?.[1];
  if (digits === undefined) throw new Error(`${file}: its name has no digits of its SHA-256`);
  return digits;
}

/** Relative tolerance of a published size, which is rounded to a tenth of a MiB. */
const SIZE_TOLERANCE = 0.01;

/** Whether a number of bytes can be that of a published file. */
export function isPublishedSize({ mebibytes }: Pick<PublishedWeights, 'mebibytes'>, bytes: number): boolean {
  return Math.abs(bytes / 2 ** 20 - mebibytes) <= SIZE_TOLERANCE * mebibytes;
}

function allPublished(): PublishedWeights[] {
  return Object.values(zoo).flatMap((weights) => Object.values(weights));
}

/** Whether torchvision publishes a file of this name, whatever the content of this one. */
export function isPublishedName(name: string): boolean {
  return allPublished().some(({ file }) => file === name);
}

/** Which of the published files a file is, by its content; undefined where it is none of them, or there is no file. */
export async function identifyPublished(file: string): Promise<PublishedWeights | undefined> {
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() !== true) return undefined;
  const candidates = allPublished().filter((published) => isPublishedSize(published, found.size));
  if (candidates.length === 0) return undefined;
  const hash = await sha256Of(file);
  return candidates.find((published) => hash.startsWith(sha256Prefix(published)));
}
