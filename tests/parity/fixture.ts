import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Differences } from './compare';
import type { pictureSets } from './pictures';
import type { Inference } from './inference';
import type { Training, TrainingSettings } from './stages';

/** Layers whose filters may be other than the formula's, and the formula's gain of each. */
export const FORMULA_GAINS = {
  'rpn.head.cls_logits': 0.5,
  'roi_heads.keypoint_predictor.kps_score_lowres': 1,
} as const;

export type FactoredLayer = keyof typeof FORMULA_GAINS;

/** What is compared: a model on some pictures. */
export interface ParityCase {
  readonly model: string;
  /** Of the weights: one with which there is something to find. */
  readonly seed: number;
  /** What the filters of these layers are multiplied by: a power of two, which rounds nothing. */
  readonly factors?: Partial<Record<FactoredLayer, number>>;
  /**
   * torchvision emits label 0, the background, like any other; ours does not. It is left out of torchvision's detections, and
   * what it has displaced there cannot be told.
   */
  readonly emitsBackground?: true;
  /** Of gradient norms, where it is larger than TOLERANCES. */
  readonly gradientTolerance?: number;
  /** Of detections, pixels, where it is not that of TOLERANCES. */
  readonly boxTolerance?: number;
  readonly pictures: keyof typeof pictureSets;
  readonly minSize: number;
  readonly maxSize: number;
  /** Of the training batch. */
  readonly train: {
    readonly minSize: number;
    readonly maxSize: number;
    readonly steps: number;
    readonly learningRate: number;
  };
}

const TINY = { minSize: 96, maxSize: 160 } as const;
const SMALL = { minSize: 320, maxSize: 533 } as const;
const LARGE = { minSize: 480, maxSize: 800 } as const;

const drawn = { pictures: 'drawn', minSize: 192, maxSize: 300 } as const;

/** Its size is fixed, and all of its backbone is trained. */
const ssdLite = {
  model: 'ssdlite320_mobilenet_v3_large',
  seed: 15,
  boxTolerance: 1e-3,
  minSize: 320,
  maxSize: 320,
  train: { minSize: 320, maxSize: 320, steps: 5, learningRate: 1e-5 },
} as const;

/** Nothing is sampled, so that rounding changes little. */
const oneStage = { seed: 7, emitsBackground: true, boxTolerance: 1e-3 } as const;

/** They take a second each. */
export const smallCases: readonly ParityCase[] = [
  {
    model: 'fasterrcnn_resnet18_fpn',
    seed: 7,
    ...drawn,
    train: { minSize: 160, maxSize: 256, steps: 2, learningRate: 1e-3 },
  },
  {
    model: 'fasterrcnn_mobilenet_v3_large_320_fpn',
    seed: 9,
    // Scores fall below the threshold.
    factors: { 'rpn.head.cls_logits': 4 },
    // Hard swish has a derivative that jumps by 1.5: a value within rounding of that is on either side (docs/parity.md).
    gradientTolerance: 1e-3,
    ...drawn,
    train: { ...TINY, steps: 2, learningRate: 1e-4 },
  },
  {
    model: 'maskrcnn_resnet18_fpn',
    seed: 7,
    ...drawn,
    train: { minSize: 160, maxSize: 256, steps: 1, learningRate: 1e-3 },
  },
  { ...ssdLite, pictures: 'drawn', train: { ...ssdLite.train, steps: 2 } },
  ...['retinanet_resnet18_fpn', 'fcos_resnet18_fpn'].map((model): ParityCase => ({
    model,
    ...oneStage,
    ...drawn,
    train: { minSize: 160, maxSize: 256, steps: 2, learningRate: 1e-3 },
  })),
];

// Seeds, sizes and learning rates of those whose numbers rounding changes little: docs/parity.md.
const photos = { pictures: 'photos', train: { ...SMALL, steps: 5, learningRate: 1e-4 } } as const;
const mobilenet = { seed: 9, ...photos, train: { ...photos.train, ...TINY } } as const;

/**
 * With the formula's filters logits reach 22, of which torchvision in float32 has lost 8e-5: a keypoint's gradient is off by
 * that share, since it is a probability, the exponential of a logit.
 */
const keypoints = {
  factors: { 'roi_heads.keypoint_predictor.kps_score_lowres': 0.25 },
} as const;

export const largeCases: readonly ParityCase[] = [
  { model: 'fasterrcnn_resnet18_fpn', seed: 7, ...photos, ...LARGE },
  { model: 'fasterrcnn_resnet34_fpn', seed: 7, ...photos, ...LARGE },
  {
    model: 'fasterrcnn_resnet50_fpn',
    seed: 8,
    ...photos,
    ...SMALL,
    train: { ...photos.train, learningRate: 1e-5 },
  },
  {
    model: 'fasterrcnn_resnet101_fpn',
    seed: 8,
    pictures: 'photos',
    minSize: 224,
    maxSize: 373,
    train: { minSize: 224, maxSize: 373, steps: 5, learningRate: 5e-6 },
  },
  { model: 'fasterrcnn_resnet50_fpn_v2', seed: 7, ...photos, ...SMALL },
  {
    model: 'maskrcnn_resnet50_fpn',
    seed: 8,
    ...photos,
    ...SMALL,
    train: { ...photos.train, learningRate: 1e-5 },
  },
  { model: 'maskrcnn_resnet50_fpn_v2', seed: 7, ...photos, ...SMALL },
  {
    model: 'keypointrcnn_resnet18_fpn',
    seed: 7,
    ...keypoints,
    ...drawn,
    train: { minSize: 160, maxSize: 256, steps: 2, learningRate: 1e-3 },
  },
  { model: 'fasterrcnn_mobilenet_v3_large_fpn', ...mobilenet, ...LARGE },
  { model: 'fasterrcnn_mobilenet_v3_large_320_fpn', ...mobilenet, ...SMALL },
  { ...ssdLite, pictures: 'photos' },
  ...(
    [
      ['retinanet_resnet50_fpn', {}],
      // As other detectors with batch norm that is trained.
      ['retinanet_resnet50_fpn_v2', { boxTolerance: undefined }],
      ['fcos_resnet50_fpn', { seed: 8 }],
    ] as const
  ).map(([model, own]): ParityCase => ({
    model,
    ...oneStage,
    ...photos,
    ...SMALL,
    train: { ...photos.train, learningRate: 1e-6 },
    ...own,
  })),
];

/**
 * torchvision's numbers for a case, made by make-fixtures.ts: those that it computes in float64, since in float32 its
 * own rounding would count as our difference.
 */
export interface Fixture {
  /** Versions of what made it. */
  readonly torch: string;
  readonly torchvision: string;
  /** With the background. */
  readonly numLabels: number;
  /** Sum of the bytes of each picture: that the pixels are the same. */
  readonly pixelSums: readonly number[];
  /** Sum of all values of some of the state dict's entries: that the formula is the same. */
  readonly weightSums: Readonly<Record<string, number>>;
  /** What the formula does not give: single values of entries, by their index. Some masks would be empty or full otherwise. */
  readonly overrides?: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Each picture alone in its batch, then all in one. */
  readonly inference: readonly Inference[];
  readonly training: { readonly settings: TrainingSettings } & Training;
  /** How far torchvision's numbers are from these if it computes in float32, as it usually does. */
  readonly rounding: Differences;
}

export function caseName({ model, pictures }: ParityCase): string {
  return `${model}-${pictures}`;
}

export function fixturePath(parityCase: ParityCase): string {
  return join(__dirname, 'fixtures', `${caseName(parityCase)}.json`);
}

export function readFixture(parityCase: ParityCase): Fixture {
  const path = fixturePath(parityCase);
  if (!existsSync(path)) throw new Error(`${path} is missing; make-fixtures.ts writes it`);
  return JSON.parse(readFileSync(path, 'utf8')) as Fixture;
}
