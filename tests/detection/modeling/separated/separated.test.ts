import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { Losses, Trainable } from '../../../../detection/nn/trainable';
import { withLoss, type SeparatedModel } from '../../../../detection/engine/with-loss';
import type { Detector } from '../../../../detection/modeling/detector';
import type { DetectorModule } from '../../../../detection/modeling/detector-module';
import type { Fcos } from '../../../../detection/modeling/fcos';
import type { RetinaNet } from '../../../../detection/modeling/retinanet';
import { DensePyramid, pyramidLossFunction } from '../../../../detection/modeling/separated/dense-pyramid';
import { DenseRcnn, denseLossFunction } from '../../../../detection/modeling/separated/dense-rcnn';
import { identity, LossesAsOutputs } from '../../../../detection/modeling/separated/losses-as-outputs';
import { sampledLossFunction, SamplingRcnn } from '../../../../detection/modeling/separated/sampling-rcnn';
import { isSeparableRcnn } from '../../../../detection/modeling/separated/separable-rcnn';
import type { SeparatedDetector } from '../../../../detection/modeling/separated/separated-detector';
import { RandomStream } from '../../../../detection/nn/random';
import type { HeadGradients } from '../../../../detection/nn/head-losses';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import type { DetectionBatch } from '../../../../detection/structures/detection-batch';
import type { ImageBatch } from '../../../../detection/structures/image-batch';
import type { Detections, Targets } from '../../../../detection/structures/instances';
import {
  buildSmallCascade,
  buildSmallDetector,
  buildSmallFcos,
  buildSmallRetinaNet,
  smallBatch,
} from './small-detector';
import { difference, expectSameRun, runTraining, stepsOf, type Run } from './training-runs';
import { expectNoTensorLeaks } from '../../tensor-leaks';

/** After so many steps a run goes on in another form. */
const PART = 2;
const SEED = 5;

expectNoTensorLeaks();

/** Lets a test look at the outputs, and fail, between the loss function and its caller. */
type Spy = (outputs: object) => void;

interface Form {
  readonly trainable: (spy?: Spy) => Trainable<DetectionBatch>;
  readonly detect: (images: ImageBatch) => Detections[];
}

/** A separated detector, and what of a batch goes into its forward; the targets go into the loss function. */
function separated<D extends Detector, Inputs, Outputs extends object>(
  model: SeparatedDetector<D, Inputs, Outputs>,
  lossFunction: (outputs: Outputs, targets: readonly Targets[]) => Losses,
  inputs: (batch: DetectionBatch) => Inputs,
): Form {
  return {
    trainable: (spy) => {
      const trainable = withLoss(model, (outputs: Outputs, targets: readonly Targets[]) => {
        const losses = lossFunction(outputs, targets);
        spy?.(outputs);
        return losses;
      });
      return {
        losses: (batch) => trainable.losses({ inputs: inputs(batch), targets: batch.targets }),
        namedParameters: () => trainable.namedParameters(),
        namedBuffers: () => trainable.namedBuffers(),
        randomStreams: () => trainable.randomStreams(),
      };
    },
    detect: (images) => model.detect(images),
  };
}

type FormName = 'sampling' | 'dense' | 'identity';

interface Family {
  readonly build: (headGradients: HeadGradients) => {
    readonly detector: DetectorModule;
    readonly forms: Partial<Record<FormName, Form>>;
  };
  readonly formNames: readonly FormName[];
  /** What each form computes just as an in-model detector does that takes its heads' gradients then. */
  readonly twins: readonly (readonly [HeadGradients, readonly FormName[]])[];
  /** Of training. */
  readonly steps: number;
  /** Whether it is also tested that draws decide, and that checkpoints of the forms are exchangeable. */
  readonly thoroughly: boolean;
}

function rcnn(build: (seed: number, headGradients: HeadGradients) => DetectorModule): Family {
  return {
    build: (headGradients) => {
      const detector = build(SEED, headGradients);
      if (!isSeparableRcnn(detector)) throw new Error('not to be separated');
      const forms = {
        sampling: separated(new SamplingRcnn(detector), sampledLossFunction(detector), (batch) => batch),
        dense: separated(new DenseRcnn(detector), denseLossFunction(detector), ({ images }) => images),
        identity: separated(new LossesAsOutputs(detector), identity, (batch) => batch),
      };
      return { detector, forms };
    },
    formNames: ['sampling', 'dense', 'identity'],
    twins: [
      ['in-forward', ['sampling', 'identity']],
      ['at-the-end', ['sampling', 'dense']],
    ],
    steps: 20,
    thoroughly: true,
  };
}

function pyramid(build: (seed: number, headGradients: HeadGradients) => RetinaNet | Fcos): Family {
  return {
    build: (headGradients) => {
      const detector = build(SEED, headGradients);
      const forms = {
        dense: separated(new DensePyramid(detector), pyramidLossFunction(detector), ({ images }) => images),
        identity: separated(new LossesAsOutputs(detector), identity, (batch) => batch),
      };
      return { detector, forms };
    },
    formNames: ['dense', 'identity'],
    twins: [['at-the-end', ['dense']]],
    steps: 20,
    thoroughly: false,
  };
}

const FAMILIES: Readonly<Record<string, Family>> = {
  'Faster R-CNN': rcnn(buildSmallDetector),
  'Cascade R-CNN with masks and keypoints': {
    ...rcnn(buildSmallCascade),
    formNames: ['sampling', 'dense'],
    twins: [
      ['in-forward', ['sampling']],
      ['at-the-end', ['dense']],
    ],
    thoroughly: false,
  },
  RetinaNet: pyramid(buildSmallRetinaNet),
  FCOS: { ...pyramid(buildSmallFcos), formNames: ['dense'], steps: 5 },
};

const TWINS = Object.entries(FAMILIES).flatMap(([name, { twins, steps }]) =>
  twins.map(([headGradients, forms]) => [name, steps, headGradients, forms] as const),
);

describe.each(TWINS)(
  '%s: %i steps of training, gradients of the heads %s',
  (family, steps, headGradients, forms) => {
    const { build, thoroughly, formNames } = FAMILIES[family];
    let trained: ReturnType<Family['build']>;
    let expected: Run;
    beforeAll(async () => {
      trained = build(headGradients);
      expected = await runTraining(trained.detector, { steps });
    });
    afterAll(() => trained.detector.dispose());

    if (thoroughly) {
      it('what is sampled decides what the losses are, so equal losses are no accident', async () => {
        expect(new Set(expected.drawn.map((step) => JSON.stringify(step))).size).toBe(steps);
        const { detector: drawsOthers } = build(headGradients);
        for (const stream of drawsOthers.randomStreams()) {
          const other = new RandomStream(SEED + 1, stream.name);
          stream.sample = (values, count) => other.sample(values, count);
        }
        const { losses } = await runTraining(drawsOthers, { steps: 1 });
        expect(difference(Object.values(losses[0]), Object.values(expected.losses[0]))).toBeGreaterThan(1e-4);
        drawsOthers.dispose();
      });

      it('a checkpoint of one form goes on in the next, and in-model', async () => {
        const folder = mkdtempSync(path.join(tmpdir(), 'separated-'));
        const parts: Run[] = [];
        let from: string | undefined;
        for (const form of [...forms, 'in-model' as const]) {
          const { detector, forms: all } = build(headGradients);
          const saveTo = path.join(folder, form);
          const model = form === 'in-model' ? detector : all[form]!.trainable();
          parts.push(await runTraining(model, { steps: (parts.length + 1) * PART, from, saveTo }));
          detector.dispose();
          from = saveTo;
        }
        expectSameRun(stepsOf(parts), stepsOf([expected], parts.length * PART));
        rmSync(folder, { recursive: true });
      });
    }

    it.each(forms)('%s: losses, gradients and draws are the in-model ones', async (form) => {
      const { detector, forms: all } = build(headGradients);
      expectSameRun(await runTraining(all[form]!.trainable(), { steps }), expected);
      detector.dispose();
    });

    it.each(formNames)('%s: detections are the in-model ones', (form) => {
      const { images } = smallBatch(0);
      const detections = trained.detector.detect(images);
      expect(detections[0].scores.length).toBeGreaterThan(0);
      expect(trained.forms[form]!.detect(images)).toEqual(detections);
      images.tensor.dispose();
    });
  },
);

// What docs/separation.md says of the two.
describe('a loss function of another detector', () => {
  let batch: DetectionBatch;
  beforeEach(() => {
    batch = smallBatch(1);
  });
  afterEach(() => batch.images.tensor.dispose());

  /** Loss by name, and gradients by name. */
  function step<Outputs>(
    model: SeparatedModel<ImageBatch, Outputs>,
    lossFunction: (outputs: Outputs, targets: readonly Targets[]) => Losses,
  ) {
    const trainable = withLoss(model, lossFunction);
    const { losses, gradients } = lossesAndGradients(
      () => trainable.losses({ inputs: batch.images, targets: batch.targets }),
      model.namedParameters(),
    );
    const values = (tensors: Iterable<[string, tf.Tensor]>) =>
      Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensor.dataSync()]));
    const result = { losses: values(Object.entries(losses)), gradients: values(gradients) };
    tf.dispose([losses, [...gradients.values()]]);
    return result;
  }

  it('leaves the ROI heads of a Faster R-CNN untrained, and nothing says so', () => {
    const [detector, other] = [1, 2].map((seed) => buildSmallDetector(seed, 'at-the-end'));
    if (!isSeparableRcnn(detector) || !isSeparableRcnn(other)) throw new Error('not to be separated');
    const model = new DenseRcnn(detector);
    const [mistaken, right] = [other, detector].map((of) => step(model, denseLossFunction(of)));
    const parts = ({ gradients }: typeof right) =>
      new Set(Object.keys(gradients).map((name) => name.split('.')[0]));
    expect(Object.keys(mistaken.losses)).toEqual(Object.keys(right.losses));
    expect(parts(mistaken)).toEqual(new Set(['backbone', 'rpn']));
    expect(parts(right)).toEqual(new Set(['backbone', 'rpn', 'roi_heads']));
    detector.dispose();
    other.dispose();
  });

  it('does as well for a RetinaNet: nothing of it is trained', () => {
    const [detector, other] = [1, 2].map((seed) => buildSmallRetinaNet(seed, 'at-the-end'));
    const model = new DensePyramid(detector);
    const [others, own] = [other, detector].map((of) => step(model, pyramidLossFunction(of)));
    expect(others).toEqual(own);
    const trained = [...detector.namedParameters()].filter(([, { trainable }]) => trainable);
    expect(Object.keys(own.gradients).sort()).toEqual(trained.map(([name]) => name).sort());
    detector.dispose();
    other.dispose();
  });
});

/** Every tensor in the outputs of a forward, whatever their structure. */
function tensorsIn(value: unknown): tf.Tensor[] {
  if (value instanceof tf.Tensor) return [value as tf.Tensor];
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return Object.values(value).flatMap(tensorsIn);
}

const FORMS = Object.entries(FAMILIES).flatMap(([name, { formNames }]) =>
  formNames.map((form) => [name, form] as const),
);

describe.each(FORMS)('tensors of %s, %s', (family, form) => {
  let detector: DetectorModule;
  let trainable: Form['trainable'];
  let batch: DetectionBatch;
  let outputs: tf.Tensor[];
  beforeEach(() => {
    const built = FAMILIES[family].build('in-forward');
    detector = built.detector;
    trainable = built.forms[form]!.trainable;
    batch = smallBatch(1);
  });
  afterEach(() => {
    detector.dispose();
    batch.images.tensor.dispose();
  });
  const look: Spy = (value) => {
    outputs = tensorsIn(value);
    expect(outputs.filter((tensor) => tensor.isDisposed)).toEqual([]);
  };

  it('outside of a training step the losses are all that is left', () => {
    const before = tf.memory().numTensors;
    const losses = trainable(look).losses(batch);
    expect(Object.keys(losses)).toEqual(detector.lossNames);
    expect(tf.memory().numTensors).toBe(before + detector.lossNames.length);
    const isLoss = (tensor: tf.Tensor) => Object.values(losses).includes(tensor as tf.Scalar);
    for (const tensor of outputs) expect(tensor.isDisposed).toBe(!isLoss(tensor));
    tf.dispose(losses);
  });

  it('a loss function that throws leaves none, in a training step and outside', async () => {
    const before = tf.memory().numTensors;
    const failing = trainable((value) => {
      look(value);
      throw new Error('no loss today');
    });
    await expect(runTraining(failing, { steps: 1 })).rejects.toThrow('no loss today');
    expect(() => failing.losses(batch)).toThrow('no loss today');
    expect(outputs.length).toBeGreaterThan(1);
    expect(outputs.filter((tensor) => !tensor.isDisposed)).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });
});
