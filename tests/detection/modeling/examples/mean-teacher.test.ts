import * as tf from '@tensorflow/tfjs-core';
import { constant } from '../../../../detection/engine/schedules';
import { Sgd } from '../../../../detection/engine/sgd';
import { train } from '../../../../detection/engine/train';
import { EventStorage } from '../../../../detection/events/event-storage';
import { withStorage } from '../../../../detection/events/summary';
import { ResNet } from '../../../../detection/modeling/backbone/resnet';
import { defineModel } from '../../../../detection/modeling/definitions/define-model';
import { fasterRcnnModel } from '../../../../detection/modeling/definitions/faster-rcnn';
import ofPhotographs, {
  meanTeacher,
  type MeanTeacher,
  type MeanTeacherOptions,
} from '../../../../detection/modeling/examples/mean-teacher';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import type { DetectionBatch } from '../../../../detection/structures/detection-batch';
import type { Targets } from '../../../../detection/structures/instances';
import { fillDetector } from '../../../../weights/detectors/load-weights';
import { saveStateDict } from '../../../../weights/state-dict';
import { expectNoTensorLeaks } from '../../tensor-leaks';
import { trainable } from '../tiny-golden';
import { forever } from './training';

expectNoTensorLeaks();

type StateDict = ReturnType<typeof saveStateDict>;

const SIZE = { height: 64, width: 64 };
const plain = defineModel(fasterRcnnModel('fasterrcnn_tiny_fpn'), {
  name: 'fasterrcnn_thin',
  body: (options) => new ResNet(18, { ...options, width: 8 }),
  fpnChannels: 16,
  headFeatures: 32,
});
const LABELED: Targets = { boxes: Float32Array.of(8, 8, 44, 40), labels: Int32Array.of(2) };
const UNLABELED: Targets = {
  boxes: new Float32Array(),
  labels: new Int32Array(),
  ignored: Float32Array.of(0, 0, SIZE.width, SIZE.height),
};
const PLAIN_LOSSES = ['loss_objectness', 'loss_rpn_box_reg', 'loss_classifier', 'loss_box_reg'];
const PSEUDO_LOSSES = ['pseudo_loss_objectness', 'pseudo_loss_classifier'];

const build = (changes: Partial<MeanTeacherOptions> = {}): MeanTeacher =>
  meanTeacher(plain, changes).build({ numClasses: 2, norm: 'batch', seed: 1 });

function batchOf(...targets: Targets[]): DetectionBatch {
  const tensor: tf.Tensor4D = tf.randomUniform(
    [targets.length, SIZE.height, SIZE.width, 3],
    -1,
    1,
    'float32',
    1,
  );
  const sizes = targets.map(() => SIZE);
  return { images: { tensor, sizes, originalSizes: sizes }, targets, imageIds: targets.map((_, id) => id) };
}

/** The entries whose bytes are others in another file. */
function differing(entries: StateDict, others: StateDict): string[] {
  return [...entries]
    .filter(([name, { bytes }]) => Buffer.compare(bytes, others.get(name)!.bytes) !== 0)
    .map(([name]) => name);
}

/** A training step without an update: the names of its losses, and what it tells. */
function step(model: MeanTeacher, batch: DetectionBatch) {
  const storage = new EventStorage();
  const { losses, gradients } = withStorage(storage, () =>
    lossesAndGradients(() => model.losses(batch), trainable(model)),
  );
  const names = Object.keys(losses);
  tf.dispose([losses, [...gradients.values()]]);
  return { names, numObjects: storage.latest('mean_teacher/num_objects')?.value };
}

test('labeled pictures have all losses, unlabeled ones those of classes, by objects that the teacher is sure of', () => {
  const model = build({ sure: 0 });
  const batch = batchOf(LABELED, UNLABELED);
  expect(model.lossNames).toEqual([...PLAIN_LOSSES, ...PSEUDO_LOSSES]);
  const both = step(model, batch);
  expect(both.names.sort()).toEqual([...model.lossNames].sort());
  // A score of 0 is enough: all that an untrained teacher finds.
  expect(both.numObjects).toBeGreaterThan(0);
  batch.images.tensor.dispose();
  model.dispose();

  const unsure = build({ sure: 1.1 });
  const alone = batchOf(UNLABELED);
  expect(step(unsure, alone)).toEqual({ names: PSEUDO_LOSSES, numObjects: 0 });
  // A region to ignore in a picture with objects, or over half of it, is no more than that.
  for (const targets of [
    { ...LABELED, ignored: UNLABELED.ignored },
    { ...UNLABELED, ignored: Float32Array.of(0, 0, 32, 64) },
  ]) {
    expect(step(unsure, { ...alone, targets: [targets] })).toEqual({ names: PLAIN_LOSSES });
  }
  alone.images.tensor.dispose();
  unsure.dispose();
});

test('the trainer trains the student; the teacher is the average of its weights, and detects', async () => {
  const model = build({ decay: 0.6 });
  const batch = batchOf(LABELED, UNLABELED);
  const entry = 'roi_heads.box_predictor.cls_score.bias';
  const valueOf = (name: string): number => model.stateDict().get(name)!.value.dataSync()[0];
  const students: number[] = [valueOf(entry)];
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 0 });
  await train(forever([batch]), model, {
    optimizer,
    learningRate: constant(0.05),
    iterations: 4,
    hooks: [{ name: 'students', afterStep: () => void students.push(valueOf(entry)) }],
  });
  // The mean of the first steps until more than 0.6 of it would be left, then the moving average.
  const teacher = students
    .slice(0, 4)
    .reduce((average, weight, k) => average + (weight - average) * (1 - Math.min(0.6, k / (k + 1))), 0);
  expect(new Set(students).size).toBe(5);
  expect(valueOf(`teacher.${entry}`)).toBeCloseTo(teacher, 6);

  const ofTeacher = plain.build({ numClasses: 2, norm: 'batch' });
  for (const [name, parameter] of ofTeacher.stateDict())
    parameter.variable.assign(model.stateDict().get(`teacher.${name}`)!.value);
  expect(model.detect(batch.images)).toEqual(ofTeacher.detect(batch.images));
  for (const held of [optimizer, ofTeacher, model, batch.images.tensor]) held.dispose();
});

test('the teacher moves in a step of training alone', () => {
  const model = build();
  const batch = batchOf(LABELED, UNLABELED);
  const before = saveStateDict(model);
  tf.dispose(model.losses(batch));
  expect(differing(saveStateDict(model), before)).toEqual([]);
  step(model, batch);
  expect(differing(saveStateDict(model), before)).toContain('teacher_steps');
  batch.images.tensor.dispose();
  model.dispose();
});

test('it starts from the weights of the plain detector, and its own file has the teacher', () => {
  const start = plain.build({ numClasses: 2, norm: 'batch', seed: 7 });
  const tensors = saveStateDict(start);
  const model = build();
  const given = { file: 'plain.safetensors', tensors, categories: undefined, keypoints: undefined };
  expect(fillDetector(model, given).filled).toBe('detector');
  const own = saveStateDict(model);
  expect(differing(tensors, own)).toEqual([]);
  // The other way round there are entries that no plain detector has.
  expect(() => fillDetector(start, { ...given, tensors: own })).toThrow(/unexpected: teacher/);
  start.dispose();
  model.dispose();
  expect(ofPhotographs.name).toBe('fasterrcnn_efficientnet_lite0_fpn_mean_teacher');
});

test('a step that fails leaks nothing', () => {
  const model = build();
  const batch = batchOf(LABELED, UNLABELED);
  step(model, batch);
  const before = tf.memory().numTensors;
  expect(() =>
    lossesAndGradients(() => {
      model.losses(batch);
      throw new Error('after the forward');
    }, trainable(model)),
  ).toThrow('after the forward');
  expect(tf.memory().numTensors).toBe(before);
  batch.images.tensor.dispose();
  model.dispose();
});
