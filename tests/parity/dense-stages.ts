/** One-stage detectors, stage by stage. */
import * as tf from '@tensorflow/tfjs-core';
import type { Detector } from '../../detection/modeling/detector';
import type { DensePredictions } from '../../detection/modeling/dense/dense-inference';
import { Fcos } from '../../detection/modeling/fcos';
import type { Found } from '../../detection/modeling/found';
import { RetinaNet } from '../../detection/modeling/retinanet';
import { Ssd } from '../../detection/modeling/ssd';
import { readSync } from '../../detection/nn/reading';
import { disposingAll } from '../../detection/nn/scope';
import { numBoxes, type Boxes } from '../../detection/structures/boxes';
import type { ImageBatch } from '../../detection/structures/image-batch';
import { commonStages, detectionList, type CandidateList, type OneStageInference } from './inference';
import { summarize, summarizeValues, type TensorSummary } from './tensor-summary';

/** What is looked into: lists have an entry for each level, candidates for each image. */
interface View {
  readonly maps: readonly tf.Tensor4D[];
  readonly anchors: readonly Boxes[];
  readonly levels: readonly DensePredictions[];
  /** What non-maximum suppression gets. */
  readonly candidates?: readonly Found[];
}

export function runOneStage(model: Detector, images: ImageBatch): OneStageInference {
  const detections = model.detect(images);
  return disposingAll(() => {
    const { maps, anchors, levels, candidates } = viewOf(model, images);
    const centerness = levels.flatMap((level) => level.centerness ?? []);
    return {
      ...commonStages(images, maps, detections),
      anchors: anchors.map((boxes) => summarizeValues(boxes, [numBoxes(boxes), 4])),
      classLogits: levels.map(({ classLogits }) => summarize(classLogits)),
      boxRegression: levels.map(({ boxDeltas }) => summarize(boxDeltas)),
      ...(centerness.length > 0 && {
        centerness: centerness.map((logits): TensorSummary => summarize(logits)),
      }),
      ...(candidates && { candidates: candidates.map(candidateList) }),
    };
  });
}

function viewOf(model: Detector, images: ImageBatch): View {
  if (model instanceof Ssd) {
    const maps = model.backbone.forward(images.tensor);
    const { classLogits, boxDeltas } = model.head.forward(maps);
    const [, height, width] = images.tensor.shape;
    const anchors = model.definition.anchors!({ height, width });
    const counts = anchors.map(numBoxes);
    const [logits, deltas] = [classLogits, boxDeltas].map((ofAll) => tf.split<tf.Tensor3D>(ofAll, counts, 1));
    const levels = counts.map((_, i) => ({ classLogits: logits[i], boxDeltas: deltas[i] }));
    return { maps, anchors, levels, candidates: readSync(() => model.candidates(images)) };
  }
  if (model instanceof RetinaNet) {
    const maps = model.backbone.forward(images.tensor);
    const { classification, regression } = model.head;
    const levels = maps.map((map) => ({
      classLogits: classification.forward(map),
      boxDeltas: regression.forward(map),
    }));
    return { maps, anchors: model.anchorGenerator.forward(maps, images), levels };
  }
  if (model instanceof Fcos) {
    const maps = model.backbone.forward(images.tensor);
    const { classification, regression } = model.head;
    const levels = maps.map((map) => {
      const { distances, centerness } = regression.forward(map);
      return { classLogits: classification.forward(map), boxDeltas: distances, centerness };
    });
    return { maps, anchors: model.anchorGenerator.forward(maps, images), levels };
  }
  throw new Error(`nobody has said how to look into ${model.definition.name}`);
}

function candidateList(found: Found): CandidateList {
  const { boxes, scores } = found;
  const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
  return { count: scores.length, scoreSum: sum(scores), boxSum: sum(boxes), best: detectionList(found) };
}
