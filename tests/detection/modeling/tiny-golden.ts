/** The tiny detectors of the golden numbers, rebuilt: weights and images come from formulas. */
import * as tf from '@tensorflow/tfjs-core';
import { BackboneWithFpn } from '../../../detection/modeling/backbone/feature-pyramid';
import { Body } from '../../../detection/modeling/backbone/body';
import {
  fasterRcnnDefaults,
  type FasterRcnnLossOptions,
} from '../../../detection/modeling/faster-rcnn-defaults';
import { FasterRcnn } from '../../../detection/modeling/faster-rcnn';
import { FastRcnnPredictor, TwoMlpHead } from '../../../detection/modeling/roi/box-head';
import { MultiScaleRoiAlign } from '../../../detection/modeling/roi/multi-scale-roi-align';
import { FastRcnnStage } from '../../../detection/modeling/roi/fast-rcnn';
import { RoiHeads } from '../../../detection/modeling/roi/roi-heads';
import { AnchorGenerator } from '../../../detection/modeling/rpn/anchor-generator';
import { RegionProposalNetwork } from '../../../detection/modeling/rpn/region-proposal-network';
import { withSettings, type DeepPartial } from '../../../detection/modeling/settings';
import { RpnHead } from '../../../detection/modeling/rpn/rpn-head';
import { Conv2d } from '../../../detection/nn/convolution';
import type { HeadGradients } from '../../../detection/nn/head-losses';
import type { Module, Parameter } from '../../../detection/nn/module';
import { RandomStream } from '../../../detection/nn/random';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { batchImages, type ImageBatch } from '../../../detection/structures/image-batch';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import type { Targets } from '../../../detection/structures/instances';
import { scaleInstances } from '../../../detection/structures/transform-instances';
import type { RoiHead } from '../../../detection/modeling/roi/box-stage';
import { parseRle, type CompressedRle } from '../../../datasets/coco/masks/rle';
import { traits } from './traits';

interface GradientSummary {
  norm: number;
  sum: number;
  first4: number[];
}

export interface Golden {
  params: { index: number; name: string; shape: number[]; scale: number; offset?: number }[];
  targets: { boxes: number[][]; labels: number[]; masks?: CompressedRle[]; keypoints?: number[][][] }[];
  train_steps: { losses: Record<string, number>; grads?: Record<string, GradientSummary> }[];
  sgd: { lr: number; momentum: number; weight_decay: number };
  detections: {
    boxes: number[][];
    scores: number[];
    labels: number[];
    masks?: (CompressedRle & { near_half?: number })[];
    keypoints?: number[][][];
    keypoint_scores?: number[][];
  }[];
  empty_target_losses: Record<string, number>;
  single_image_losses: Record<string, number>;
  second_image_empty_losses?: Record<string, number>;
}

export function loadGolden(json: string): Golden {
  return JSON.parse(json) as Golden;
}

/** Four convolutions with ReLU, strides 4, 8, 16, 32. */
export class GoldenBody extends Body {
  override readonly outChannels = [8, 8, 8, 8];
  private readonly convolutions: Conv2d[];

  constructor() {
    super();
    this.convolutions = [4, 2, 2, 2].map((stride, i) => {
      const weight: tf.Tensor4D = tf.zeros([3, 3, i === 0 ? 3 : 8, 8]);
      return this.child(`conv${i}`, new Conv2d(weight, tf.zeros([8]), { stride, padding: 1 }));
    });
  }

  override forward(x: tf.Tensor4D): tf.Tensor4D[] {
    let map = x;
    return this.convolutions.map((convolution) => (map = convolution.forward(map, { nonlinearity: 'relu' })));
  }
}

/** Large enough that everything is sampled, so that no random number is drawn. */
const EVERYTHING = 100_000;

/** What tells the goldens' detectors from each other. */
interface TinyOptions {
  readonly headGradients?: HeadGradients;
  /** Changes of its losses. */
  readonly losses?: DeepPartial<FasterRcnnLossOptions>;
  readonly numClasses?: number;
  readonly scoreThreshold?: number;
  /** Makes what adds to the boxes. */
  readonly heads?: (random: RandomStream) => RoiHead[];
}

/** Of the poolers: a smaller one than torchvision's, so that all levels are used. */
export const TINY_LEVELS = { canonicalScale: 28, canonicalLevel: 4 };

/** @param changes of its losses */
export function buildTinyGolden(
  golden: Golden,
  headGradients?: HeadGradients,
  changes: DeepPartial<FasterRcnnLossOptions> = {},
): FasterRcnn {
  return buildTinyRcnn(golden, { headGradients, losses: changes });
}

/** The goldens' Faster, Mask and Keypoint R-CNN. */
export function buildTinyRcnn(
  golden: Golden,
  { headGradients, losses: changes = {}, numClasses = 3, scoreThreshold = 0.2, heads }: TinyOptions,
): FasterRcnn {
  const random = new RandomStream(0, 'unused');
  const { rpn: rpnDefaults, roi: roiDefaults } = fasterRcnnDefaults;
  const losses = withSettings<FasterRcnnLossOptions>(fasterRcnnDefaults.losses, changes);
  const ratios = [0.5, 1, 2];
  const anchorGenerator = new AnchorGenerator(
    [[8], [16], [32], [64], [128]],
    [ratios, ratios, ratios, ratios, ratios],
  );
  const rpnOptions = {
    ...rpnDefaults,
    batchSizePerImage: EVERYTHING,
    preNmsTopN: { train: 200, test: 100 },
    postNmsTopN: { train: 100, test: 40 },
  };
  const rpn = new RegionProposalNetwork(
    anchorGenerator,
    new RpnHead(8, 3, random),
    random,
    rpnOptions,
    headGradients,
    losses,
  );
  const boxStage = new FastRcnnStage(
    new MultiScaleRoiAlign(7, TINY_LEVELS),
    new TwoMlpHead(8, 7, 16, random),
    new FastRcnnPredictor(16, numClasses, random),
    random,
    { ...roiDefaults, batchSizePerImage: EVERYTHING, scoreThreshold, detectionsPerImage: 20 },
    headGradients,
    losses,
  );
  const model = new FasterRcnn(
    traits(numClasses),
    new BackboneWithFpn(new GoldenBody(), { outChannels: 8, random }),
    rpn,
    new RoiHeads(boxStage, heads?.(random)),
  );
  fillByFormula(model, golden);
  return model;
}

export function fillByFormula(model: Module, golden: Pick<Golden, 'params'>): void {
  const state = model.stateDict();
  for (const { name, shape, scale, offset = 0, index: k } of golden.params) {
    const size = shape.reduce((product, side) => product * side, 1);
    const value = Float32Array.from(
      { length: size },
      (_, i) => Math.sin(0.7 * i + 0.3 * k + 0.1 + 0.013 * i * Math.cos(0.01 * i)) * scale + offset,
    );
    tf.tidy(() => state.get(name)!.fromDisk(tf.tensor(value, shape)));
  }
}

/** The golden's images of 80x60, resized to 128x96. */
export function tinyImages(phases: number[]): ImageBatch {
  const size = { height: 60, width: 80 };
  const images = phases.map((phase) => {
    const pixels = new Float32Array(size.height * size.width * 3);
    for (let y = 0, i = 0; y < size.height; y++) {
      for (let x = 0; x < size.width; x++) {
        for (let c = 0; c < 3; c++, i++) {
          pixels[i] =
            0.5 +
            0.25 * Math.sin(0.11 * x + 0.07 * y * (c + 1) + phase) +
            0.25 * Math.cos(0.23 * y - 0.05 * x * (c + 1));
        }
      }
    }
    return { pixels, size };
  });
  return batchImages(images, torchvisionInput({ minSize: 96, maxSize: 160 }));
}

/** Ground truth of an image in pixels of the resized image. */
export function targetsOf(golden: Golden, image: number): Targets {
  const { boxes, labels, masks, keypoints } = golden.targets[image];
  const original: Targets = {
    boxes: Float32Array.from(boxes.flat()),
    labels: Int32Array.from(labels),
    ...(masks && { masks: masks.map(parseRle) }),
    ...(keypoints && { keypoints: Float32Array.from(keypoints.flat(2)) }),
  };
  return scaleInstances(original, { height: 60, width: 80 }, { height: 96, width: 128 });
}

export function tinyBatch(golden: Golden): DetectionBatch {
  return {
    images: tinyImages([0, 1]),
    targets: [targetsOf(golden, 0), targetsOf(golden, 1)],
    imageIds: [0, 1],
  };
}

export function trainable(model: Module): [string, Parameter][] {
  return [...model.namedParameters()].filter(([, parameter]) => parameter.trainable);
}
