import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { ssdLosses } from '../../../detection/modeling/dense/ssd-losses';
import { createDetector } from '../../../detection/modeling/definitions';
import type { DetectorModule } from '../../../detection/modeling/detector-module';
import type { FasterRcnn } from '../../../detection/modeling/faster-rcnn';
import type { FasterRcnnLossOptions } from '../../../detection/modeling/faster-rcnn-defaults';
import type { FcosSettings } from '../../../detection/modeling/fcos-defaults';
import { BoxCoder } from '../../../detection/modeling/matching/box-coder';
import type { RetinaNetSettings } from '../../../detection/modeling/retinanet-defaults';
import type { BoxHeadOutputs } from '../../../detection/modeling/roi/fast-rcnn-losses';
import type { SampledPredictions } from '../../../detection/modeling/rpn/rpn-head';
import type { AnchorSample } from '../../../detection/modeling/rpn/rpn-losses';
import { withSettings, type DeepPartial } from '../../../detection/modeling/settings';
import { ssdLiteDefaults, type SsdLossOptions } from '../../../detection/modeling/ssd-defaults';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import type { HeadGradients } from '../../../detection/nn/head-losses';
import type { Losses } from '../../../detection/nn/trainable';
import { smoothL1Sum } from '../../../detection/ops/smooth-l1';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { concatBoxes } from '../../../detection/structures/boxes';
import { describeShared, sharedPath } from '../../shared';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { buildSmallDetector, smallBatch } from './separated/small-detector';
import { buildTinyFcos, buildTinyRetinaNet } from './tiny-dense';
import { buildTinyGolden, loadGolden, tinyBatch, trainable, type Golden } from './tiny-golden';

expectNoTensorLeaks();

const GRADIENTS = ['in-forward', 'at-the-end'] as const;

/** What make-configured-losses-golden.py writes, of each detector. */
interface Expected {
  readonly expected: Readonly<Record<string, number>>;
  readonly grads: Readonly<Record<string, { readonly norm: number; readonly first4: readonly number[] }>>;
}
type Case = Expected &
  (
    | { readonly model: 'frcnn'; readonly losses: DeepPartial<FasterRcnnLossOptions> }
    | {
        readonly model: 'retinanet' | 'retinanet_v2';
        readonly losses: DeepPartial<RetinaNetSettings['losses']>;
      }
    | { readonly model: 'fcos'; readonly losses: DeepPartial<FcosSettings['losses']> }
  );

const { cases } = JSON.parse(readFileSync(join(__dirname, 'configured-losses-golden.json'), 'utf8')) as {
  cases: Case[];
};

function build(given: Case, golden: Golden, headGradients: HeadGradients): DetectorModule {
  switch (given.model) {
    case 'frcnn':
      return buildTinyGolden(golden, headGradients, given.losses);
    case 'fcos':
      return buildTinyFcos(golden, headGradients, given.losses);
    case 'retinanet':
      return buildTinyRetinaNet('l1', given.losses)(golden, headGradients);
    case 'retinanet_v2':
      return buildTinyRetinaNet('giou', given.losses)(golden, headGradients);
  }
}

describeShared(
  'configured losses, and gradients of every parameter, are those of torchvision’s operations',
  () => {
    const named = cases.map((given) => [given.model, JSON.stringify(given.losses), given] as const);

    test.each(named.flatMap((row) => GRADIENTS.map((form) => [row[0], row[1], form, row[2]] as const)))(
      '%s with %s, gradients taken %s',
      (model, _, headGradients, given) => {
        const golden = loadGolden(readFileSync(sharedPath(`golden/golden_tiny_${model}.json`), 'utf8'));
        const detector = build(given, golden, headGradients);
        const batch = tinyBatch(golden);
        const { losses, gradients } = lossesAndGradients(() => detector.losses(batch), trainable(detector));
        expect(Object.keys(losses).sort()).toEqual(Object.keys(given.expected).sort());
        for (const [name, value] of Object.entries(given.expected)) {
          expect(Math.abs(losses[name].dataSync()[0] - value)).toBeLessThanOrEqual(1e-5 * value);
        }
        expect([...gradients.keys()].sort()).toEqual(Object.keys(given.grads).sort());
        for (const [entry, { norm, first4 }] of Object.entries(given.grads)) {
          const parameter = detector.stateDict().get(entry)!;
          const gradient = tf.tidy(() => parameter.asOnDisk(gradients.get(entry)!).dataSync<'float32'>());
          const actualNorm = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
          expect(Math.abs(actualNorm - norm)).toBeLessThanOrEqual(1e-4 * norm + 1e-7);
          first4.forEach((value, i) =>
            expect(Math.abs(gradient[i] - value)).toBeLessThanOrEqual(2e-4 * norm + 1e-7),
          );
        }
        tf.dispose([losses, [...gradients.values()], batch.images.tensor]);
        detector.dispose();
      },
    );
  },
);

/** Of one step. */
function lossesAndGradientsOf(
  detector: FasterRcnn,
  batch: DetectionBatch,
): Record<string, Float32Array | Int32Array | Uint8Array> {
  const { losses, gradients } = lossesAndGradients(() => detector.losses(batch), trainable(detector));
  const values = Object.fromEntries(
    [...Object.entries(losses), ...gradients].map(([name, tensor]) => [name, tensor.dataSync().slice()]),
  );
  tf.dispose([losses, [...gradients.values()]]);
  return values;
}

/** What torchvision computes, and nothing else. */
function plainRpnLosses({ logits, deltas }: SampledPredictions, samples: readonly AnchorSample[]): Losses {
  return tf.tidy(() => {
    const numPositives = samples.reduce((sum, { positives }) => sum + positives.length, 0);
    const labels = tf.tensor1d(
      Float32Array.from({ length: logits.size }, (_, i) => (i < numPositives ? 1 : 0)),
    );
    const coder = new BoxCoder([1, 1, 1, 1]);
    const gtDeltas = samples.map(({ boxes }) => coder.encode(boxes.gtBoxes, boxes.references));
    const boxSum = smoothL1Sum(
      tf.slice(deltas, 0, numPositives),
      tf.tensor2d(concatBoxes(gtDeltas), [numPositives, 4]),
      1 / 9,
    );
    return {
      loss_objectness: tf.losses.sigmoidCrossEntropy(labels, logits),
      loss_rpn_box_reg: tf.div(boxSum, logits.size),
    };
  });
}

/** What torchvision computes, and nothing else. */
function plainRoiLosses({ predictions: { classLogits, boxDeltas }, targets }: BoxHeadOutputs): Losses {
  return tf.tidy(() => {
    const [numRois, numLabels] = classLogits.shape;
    const labels = Int32Array.from(targets.flatMap((ofImage) => [...ofImage.labels]));
    const positives = Int32Array.from([...labels.keys()].filter((roi) => labels[roi] > 0));
    const ofLabel = positives.map((roi) => roi * numLabels + labels[roi]);
    const coder = new BoxCoder([10, 10, 5, 5]);
    const gtDeltas = targets.map(({ boxes }) => coder.encode(boxes.gtBoxes, boxes.references));
    const boxSum = smoothL1Sum(
      tf.gather(tf.reshape(boxDeltas, [numRois * numLabels, 4]), tf.tensor1d(ofLabel, 'int32')),
      tf.tensor2d(concatBoxes(gtDeltas), [positives.length, 4]),
      1 / 9,
    );
    const oneHot = tf.oneHot(tf.tensor1d(labels, 'int32'), numLabels);
    return {
      loss_classifier: tf.losses.softmaxCrossEntropy(oneHot, classLogits),
      loss_box_reg: tf.div(boxSum, numRois),
    };
  });
}

test.each(GRADIENTS)('where nothing is configured, losses and gradients are those to the bit: %s', (form) => {
  const [configurable, plain] = [0, 1].map(() => buildSmallDetector(11, form));
  const spies = [
    jest.spyOn(plain.rpn, 'lossesOf').mockImplementation(plainRpnLosses),
    jest.spyOn(plain.roiHeads.boxStage, 'lossesOf').mockImplementation(plainRoiLosses),
  ];
  const batch = smallBatch(1);
  const values = lossesAndGradientsOf(configurable, batch);
  expect(Object.keys(values).length).toBeGreaterThan(20);
  expect(values).toEqual(lossesAndGradientsOf(plain, batch));
  for (const spy of spies) expect(spy).toHaveBeenCalledTimes(1);
  batch.images.tensor.dispose();
  for (const detector of [configurable, plain]) detector.dispose();
});

test.each(['fasterrcnn_tiny_fpn', 'retinanet_tiny_fpn', 'fcos_tiny_fpn', 'ssdlite320_tiny'])(
  '%s takes a weight for each category, or none',
  (name) => {
    const of = (classWeights: number[]) =>
      createDetector(name, { numClasses: 3, settings: { losses: { classWeights } } });
    const before = tf.memory().numTensors;
    expect(() => of([1, 2])).toThrow(
      'losses.classWeights has 2 weights, but there are 3 categories: give one for each, in their order',
    );
    expect(tf.memory().numTensors).toBe(before);
    for (const weights of [[], [1, 2, 3]]) of(weights).dispose();
  },
);

test('SSD counts objects by the weights of their categories, and its losses by theirs', () => {
  const logits = [
    [0.5, 1, -1],
    [2, 0, 1],
    [-1, 0.25, 0],
    [3, -2, 1],
  ];
  const references = Float32Array.of(0, 0, 8, 8);
  const targets = [
    {
      positives: Int32Array.of(2),
      gtLabels: Int32Array.of(2),
      ignored: new Int32Array(0),
      boxes: { references, gtBoxes: Float32Array.of(0, 0, 4, 8) },
    },
  ];
  const options = withSettings<SsdLossOptions>(ssdLiteDefaults.losses, {
    box: 'giou',
    classWeights: [7, 3],
    weights: { classification: 0.5, bbox_regression: 2 },
  });
  const [classification, regression] = tf.tidy(() => {
    const predictions = { classLogits: tf.tensor3d([logits]), boxDeltas: tf.zeros<tf.Rank.R3>([1, 4, 4]) };
    const losses = ssdLosses(predictions, targets, 2, new BoxCoder([1, 1, 1, 1]), options);
    return [losses['classification'].dataSync()[0], losses['bbox_regression'].dataSync()[0]];
  });
  const crossEntropy = ([...row]: number[], label: number): number =>
    Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0)) - row[label];
  // The first two are the hardest background.
  const sum = 3 * crossEntropy(logits[2], 2) + crossEntropy(logits[0], 0) + crossEntropy(logits[1], 0);
  expect(classification).toBeCloseTo(0.5 * sum, 5);
  // Half of the predicted box is right, and nothing else is in the hull.
  expect(regression).toBeCloseTo(2 * 0.5, 5);
});
