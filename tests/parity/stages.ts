/** Runs a detector, and reports what it computes in the form in which the torchvision peer does. */
import * as tf from '@tensorflow/tfjs-core';
import { Sgd } from '../../detection/engine/sgd';
import type { Losses } from '../../detection/nn/trainable';
import type { Detector } from '../../detection/modeling/detector';
import { isFasterRcnn, type FasterRcnn } from '../../detection/modeling/faster-rcnn';
import { lossesAndGradients } from '../../detection/nn/autograd';
import { inOriginalPixels } from '../../detection/modeling/found';
import { readSync } from '../../detection/nn/reading';
import { disposingAll } from '../../detection/nn/scope';
import { batchImages, type ImageBatch } from '../../detection/structures/image-batch';
import type { Targets } from '../../detection/structures/instances';
import { detectorInput } from '../../detection/structures/image-sides';
import { scaleInstances } from '../../detection/structures/transform-instances';
import { parseRle, type CompressedRle } from '../../datasets/coco/masks/rle';
import { runOneStage } from './dense-stages';
import { commonStages, rows, type Inference, type TwoStageInference } from './inference';
import type { Picture } from './pictures';
import { summarizeMap, type TensorSummary } from './tensor-summary';

export interface TrainingTarget {
  /** In pixels of the original image. */
  readonly boxes: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly masks?: readonly CompressedRle[];
  /** Of each object, of each keypoint: [x, y, v]. */
  readonly keypoints?: readonly (readonly (readonly number[])[])[];
}

export interface TrainingSettings {
  readonly minSize: number;
  readonly maxSize: number;
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  /** Of the first pictures: the batch. */
  readonly targets: readonly TrainingTarget[];
}

export interface Training {
  /** The losses before the first step and after each. */
  readonly trace: readonly Readonly<Record<string, number>>[];
  /** L2 norm by trainable parameter, before the first step. */
  readonly gradientNorms: Readonly<Record<string, number>>;
}

/** Proposals of an image whose coordinates are compared. */
export const FIRST_PROPOSALS = 20;

/** Sizes of pictures; a model that takes a fixed size does not ask. */
type Sides = Pick<TrainingSettings, 'minSize' | 'maxSize'>;

export function runInference(model: Detector, pictures: readonly Picture[], sides: Sides): Inference {
  const images = batchImages(pictures, detectorInput(model.definition, sides));
  const stages = isFasterRcnn(model) ? runTwoStages(model, images) : runOneStage(model, images);
  images.tensor.dispose();
  return stages;
}

function runTwoStages(model: FasterRcnn, images: ImageBatch): TwoStageInference {
  return disposingAll(() => {
    const { backbone, rpn, roiHeads } = model;
    const features = backbone.forward(images.tensor);
    const { predictions, proposals } = rpn.forward(features, images, 'test');
    const { objectnessLogits, boxDeltas } = predictions;
    const found = readSync(() => roiHeads.detect(features, proposals, images));
    return {
      ...commonStages(images, features, inOriginalPixels(found, images)),
      rpnLogits: summarizeLevels(objectnessLogits, features),
      rpnDeltas: summarizeLevels(boxDeltas, features),
      proposals: proposals.map((boxes) => ({
        count: boxes.length / 4,
        first: rows(boxes, 4).slice(0, FIRST_PROPOSALS),
      })),
    };
  });
}

/**
 * Trains `steps` steps, and computes the losses once more in the way of a training step, by the statistics of the batch
 * where there are any. The model's samplers are made to take the first candidates, as the peer's do.
 */
export function runTraining(
  model: Detector,
  pictures: readonly Picture[],
  settings: TrainingSettings,
  steps: number,
): Training {
  for (const stream of model.randomStreams()) stream.sample = (values, count) => values.subarray(0, count);
  const images = batchImages(
    pictures.slice(0, settings.targets.length),
    detectorInput(model.definition, settings),
  );
  const targets = settings.targets.map((target, image) => resizedTargets(target, images, image));
  const batch = { images, targets, imageIds: [...targets.keys()] };
  const trainable = [...model.namedParameters()].filter(([, parameter]) => parameter.trainable);
  const optimizer = new Sgd(trainable, settings);

  const trace: Record<string, number>[] = [];
  let gradientNorms: Record<string, number> = {};
  for (let step = 0; step <= steps; step++) {
    const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trainable);
    trace.push(numbers(losses));
    if (step === 0) {
      gradientNorms = Object.fromEntries(
        trainable.map(([name]) => [name, norm(gradients.get(name))] as const),
      );
    }
    if (step < steps) optimizer.step(gradients, settings.learningRate);
    tf.dispose([...gradients.values()]);
  }
  optimizer.dispose();
  images.tensor.dispose();
  return { trace, gradientNorms };
}

/** Of a gradient; nothing was sampled where a parameter has none, and torch has zeros. */
function norm(gradient: tf.Tensor | undefined): number {
  if (!gradient) return 0;
  const squares = disposingAll(() => tf.square(gradient).dataSync<'float32'>());
  return Math.sqrt(squares.reduce((sum, square) => sum + square, 0));
}

function resizedTargets(
  { boxes, labels, masks, keypoints }: TrainingTarget,
  images: ImageBatch,
  image: number,
): Targets {
  const original: Targets = {
    boxes: Float32Array.from(boxes.flat()),
    labels: Int32Array.from(labels),
    ...(masks && { masks: masks.map(parseRle) }),
    ...(keypoints && { keypoints: Float32Array.from(keypoints.flat(2)) }),
  };
  return scaleInstances(original, images.originalSizes[image], images.sizes[image]);
}

function numbers(losses: Losses): Record<string, number> {
  const entries = Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]] as const);
  tf.dispose(losses);
  return Object.fromEntries(entries);
}

/** The head's predictions [N, A] or [N, A, 4] of all levels, as torch's head returns them: [N, C, H, W] for each. */
function summarizeLevels(predictions: tf.Tensor, features: readonly tf.Tensor4D[]): TensorSummary[] {
  const [images] = features[0].shape;
  const locations = features.map(({ shape: [, height, width] }) => height * width);
  const flat = tf.reshape<tf.Rank.R2>(predictions, [images, -1]);
  const channels = flat.shape[1] / locations.reduce((sum, count) => sum + count, 0);
  const levels = tf.split(
    flat,
    locations.map((count) => count * channels),
    1,
  );
  return levels.map((level, i) => {
    const [, height, width] = features[i].shape;
    return summarizeMap(tf.reshape(level, [images, height, width, channels]));
  });
}
