import * as tf from '@tensorflow/tfjs-core';
import type { SampleRows } from '../../events/samples';
import type { BoxCoder } from '../matching/box-coder';
import { likeliest } from '../sample-rows';
import { boxOfLabel, type RoiPredictions } from './box-head';
import type { Sample } from './box-stage';

const ABOUT =
  'The sampled proposals, as the box head classifies and moves them. Only the ones matched to an object have a box loss.';

/** What the samples of each image are, and what a box head says of them: of each, where its likeliest object is. */
export function describeSamples(
  samples: readonly Sample[],
  { classLogits, boxDeltas }: RoiPredictions,
  boxCoder: BoxCoder,
): SampleRows[] {
  const numLabels = classLogits.shape[1];
  const boxesOfRoi = boxDeltas.shape[1] / 4;
  const { scores, labels } = likeliest(tf.softmax(classLogits).dataSync<'float32'>(), numLabels);
  const deltas = boxDeltas.dataSync<'float32'>();
  let first = 0;
  return samples.map(({ boxes, matchedGt }, image) => {
    const [start, end] = [first, (first += matchedGt.length)];
    const predBoxes = new Float32Array(boxes.length);
    for (let row = start; row < end; row++) {
      const delta = row * boxesOfRoi + boxOfLabel(labels[row], boxesOfRoi, numLabels);
      boxCoder.decodeInto(predBoxes, row - start, deltas, delta, boxes, row - start);
    }
    return {
      image,
      about: ABOUT,
      boxes,
      matchedGt,
      sampled: new Uint8Array(matchedGt.length).fill(1),
      scores: scores.slice(start, end),
      labels: labels.slice(start, end),
      predBoxes,
    };
  });
}
