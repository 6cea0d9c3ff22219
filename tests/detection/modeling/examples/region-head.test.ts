import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../../detection/backend/node';
import { withLoss } from '../../../../detection/engine/with-loss';
import type { Trainable } from '../../../../detection/nn/trainable';
import { crossEntropy } from '../../../../detection/modeling/examples/classifier';
import { squaredError } from '../../../../detection/modeling/examples/multi-task';
import {
  boxTensor,
  meanSmoothL1,
  RegionHead,
  type LabeledRegions,
  type RegionLosses,
} from '../../../../detection/modeling/examples/region-head';
import {
  SeparatedRegionHead,
  type RegionOutputs,
} from '../../../../detection/modeling/examples/separated-region-head';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { boxIou } from '../../../../detection/ops/iou';
import { RandomStream } from '../../../../detection/nn/random';
import { accuracy } from './points';
import { expectScalarsOnly, forever, trainWithAdam } from './training';

const REGIONS = 64;
const CLASSES = 3;
const FEATURES = 6;

const boxCoder = new BoxCoder([1, 1, 1, 1]);

let tensorsBefore: number;

beforeAll(() => loadBackend());
beforeEach(() => void (tensorsBefore = tf.memory().numTensors));
afterEach(() => expect(tf.memory().numTensors).toBe(tensorsBefore));

/** Boxes near their anchors in a unit square. Features tell class and offsets, mixed with one another. */
function regions(seed: number): LabeledRegions {
  const random = new RandomStream(seed, 'regions');
  const anchors = new Float32Array(4 * REGIONS);
  const offsets = new Float32Array(4 * REGIONS);
  const features = new Float32Array(FEATURES * REGIONS);
  const gtLabels = new Int32Array(REGIONS);
  for (let i = 0; i < REGIONS; i++) {
    const [x, y] = [random.uniform(), random.uniform()];
    const [width, height] = [random.between(0.1, 0.4), random.between(0.1, 0.4)];
    anchors.set([x, y, x + width, y + height], 4 * i);
    const delta = Array.from({ length: 4 }, () => random.between(-0.4, 0.4));
    offsets.set(delta, 4 * i);
    gtLabels[i] = random.integer(CLASSES);
    const angle = (2 * Math.PI * gtLabels[i]) / CLASSES;
    features.set(
      [...delta.map((d) => 2 * d), Math.cos(angle) + delta[0], Math.sin(angle) - delta[1]],
      FEATURES * i,
    );
  }
  const gtBoxes = boxCoder.decode(offsets, anchors);
  return { features: tf.tensor2d(features, [REGIONS, FEATURES]), anchors, boxes: gtBoxes, labels: gtLabels };
}

const random = () => new RandomStream(1, 'initial');

const train = <Batch>(data: Batch[], model: Trainable<Batch>, iterations = 100) =>
  trainWithAdam(forever(data), model, { iterations, learningRate: 0.02 });

/** Of regions that training has not seen: the share of right classes, and the mean overlap with the right box. */
function quality(head: RegionHead): { classes: number; overlap: number } {
  const unseen = regions(99);
  const { boxes, labels } = head.predict(unseen);
  unseen.features.dispose();
  const overlaps = Array.from(labels, (_, i) => boxIou(boxes, i, unseen.boxes, i));
  return {
    classes: accuracy(labels, unseen.labels),
    overlap: overlaps.reduce((sum, overlap) => sum + overlap, 0) / REGIONS,
  };
}

describe('the same head under losses that want different representations', () => {
  it.each<RegionLosses>([
    { classes: 'cross-entropy', boxes: 'smooth-l1' },
    { classes: 'brier', boxes: 'smooth-l1' },
    { classes: 'cross-entropy', boxes: 'generalized-iou' },
    { classes: 'brier', boxes: 'generalized-iou' },
  ])('learns by $classes and $boxes, from the same batches to the same predictions', async (use) => {
    const head = new RegionHead(FEATURES, CLASSES, use, random());
    const batches = [regions(1), regions(2)];
    await train(batches, head);
    expect(quality(head).classes).toBeGreaterThan(0.95);
    expect(quality(head).overlap).toBeGreaterThan(0.85);
    expectScalarsOnly(() => head.losses(batches[0]));
    tf.dispose(batches.map(({ features }) => features));
    head.dispose();
  });

  it('keeps its representations to itself, which the type checker proves', () => {
    const visible: 'represent' extends keyof RegionHead ? true : false = false;
    const visibleWhenSeparated: 'forward' extends keyof SeparatedRegionHead ? true : false = true;
    expect([visible, visibleWhenSeparated]).toEqual([false, true]);
  });
});

describe('the separated head', () => {
  type LossFunction = (outputs: RegionOutputs, targets: LabeledRegions) => tf.Scalar;

  const rightClasses: LossFunction = ({ classes }, { labels: gtLabels }) => crossEntropy(classes, gtLabels);
  const rightBoxes: LossFunction = ({ boxes }, { boxes: gtBoxes, anchors }) =>
    meanSmoothL1(boxes, boxTensor(boxCoder.encode(gtBoxes, anchors)));
  /** Takes offsets for corners. */
  const wrongBoxes: LossFunction = ({ boxes }, { boxes: gtBoxes }) => meanSmoothL1(boxes, boxTensor(gtBoxes));
  /** Takes class indices for one-hot rows. */
  const wrongClasses: LossFunction = ({ classes }, { labels: gtLabels }) =>
    squaredError(tf.sigmoid(classes), tf.tensor2d(gtLabels, [gtLabels.length, 1]));

  /** Trains with these loss functions, checks that each loss falls far, and returns how good the head is then. */
  async function qualityAfter(classLoss: LossFunction, boxLoss: LossFunction) {
    const use: RegionLosses = { classes: 'cross-entropy', boxes: 'smooth-l1' };
    const head = new SeparatedRegionHead(FEATURES, CLASSES, use, random());
    const batches = [regions(1), regions(2)];
    const data = batches.map((batch) => ({ inputs: batch.features, targets: batch }));
    const separated = withLoss(head, (outputs: RegionOutputs, targets: LabeledRegions) => ({
      loss_classifier: classLoss(outputs, targets),
      loss_box_reg: boxLoss(outputs, targets),
    }));
    const first = await train(data, separated, 1);
    const last = await train(data, separated);
    for (const [name, loss] of Object.entries(last)) expect(loss).toBeLessThan(0.5 * first[name]);
    tf.dispose(batches.map(({ features }) => features));
    const result = quality(head);
    head.dispose();
    return result;
  }

  it('learns by losses for its own representations', async () => {
    const { classes, overlap } = await qualityAfter(rightClasses, rightBoxes);
    expect(classes).toBeGreaterThan(0.95);
    expect(overlap).toBeGreaterThan(0.85);
  });

  it('trains without complaint when offsets are taken for corners, and its boxes are wrong', async () => {
    const { classes, overlap } = await qualityAfter(rightClasses, wrongBoxes);
    expect(classes).toBeGreaterThan(0.95);
    expect(overlap).toBeLessThan(0.3);
  });

  it('trains without complaint when indices are taken for one-hot rows, and its classes are wrong', async () => {
    const { classes, overlap } = await qualityAfter(wrongClasses, rightBoxes);
    expect(classes).toBeLessThan(1 / CLASSES);
    expect(overlap).toBeGreaterThan(0.85);
  });
});
