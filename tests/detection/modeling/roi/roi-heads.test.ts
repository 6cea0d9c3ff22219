import * as tf from '@tensorflow/tfjs-core';
import type { Found } from '../../../../detection/modeling/found';
import type { BoxStage, RoiHead, Sample } from '../../../../detection/modeling/roi/box-stage';
import { RoiHeads } from '../../../../detection/modeling/roi/roi-heads';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import { Module, type Parameter } from '../../../../detection/nn/module';
import { readAsync, readSync, type Reading } from '../../../../detection/nn/reading';
import type { Losses } from '../../../../detection/nn/trainable';
import { expectNoTensorLeaks } from '../../tensor-leaks';

const samples: Sample[] = [
  { boxes: Float32Array.of(0, 0, 4, 4), labels: Int32Array.of(1), matchedGt: Int32Array.of(0) },
];

class Stage extends Module implements BoxStage {
  readonly lossNames = ['loss_box'];
  readonly weight: Parameter = this.parameter('box_weight', tf.scalar(3));

  losses(): { losses: Losses; samples: Sample[] } {
    return { losses: { loss_box: tf.square(this.weight.value as tf.Scalar) }, samples };
  }

  *detect(): Reading<Found[]> {
    const [scores] = yield [tf.tensor1d([0.5])];
    return [{ boxes: Float32Array.of(1, 2, 3, 4), labels: Int32Array.of(1), scores }];
  }
}

/** Learns from the samples that it is given, and scores keypoints by what it reads. */
class Points extends Module implements RoiHead {
  readonly lossNames = ['loss_points'];
  readonly iouType = 'keypoints';
  readonly weight: Parameter = this.parameter('points_weight', tf.scalar(2));

  losses(_features: readonly tf.Tensor4D[], given: readonly Sample[]): Losses {
    return { loss_points: tf.mul(this.weight.value, given[0].labels[0]) };
  }

  *refine(_features: readonly tf.Tensor4D[], found: readonly Found[]): Reading<Found[]> {
    const [keypointScores] = yield [tf.tensor1d([7])];
    return found.map((ofImage) => ({ ...ofImage, keypointScores: keypointScores.slice() }));
  }
}

class Heads extends RoiHeads {
  constructor() {
    const [stage, points] = [new Stage(), new Points()];
    super(stage, [points]);
  }
}

describe('ROI heads as a list', () => {
  expectNoTensorLeaks();
  const images = { tensor: undefined as never, sizes: [], originalSizes: [] };

  it('say what all of them lose and find', () => {
    const heads = new Heads();
    expect(heads.lossNames).toEqual(['loss_box', 'loss_points']);
    expect(heads.iouTypes).toEqual(['bbox', 'keypoints']);
    heads.dispose();
  });

  it('train the further heads on the box stage’s samples, and each by its own losses', () => {
    const heads = new Heads();
    const { losses, gradients } = lossesAndGradients(
      () => heads.losses([], [], [], images),
      heads.namedParameters(),
    );
    expect(Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]])).toEqual([
      ['loss_box', 9],
      ['loss_points', 2],
    ]);
    // Their parts are called as if they were the heads' own.
    expect([...gradients].map(([name, gradient]) => [name, gradient.dataSync()[0]])).toEqual([
      ['box_weight', 6],
      ['points_weight', 1],
    ]);
    tf.dispose([losses, [...gradients.values()]]);
    heads.dispose();
  });

  it('refine what the box stage has found, read as the backend can', async () => {
    const heads = new Heads();
    const expected = [
      {
        boxes: Float32Array.of(1, 2, 3, 4),
        labels: Int32Array.of(1),
        scores: Float32Array.of(0.5),
        keypointScores: Float32Array.of(7),
      },
    ];
    expect(readSync(() => heads.detect([], [], images))).toEqual(expected);
    expect(await readAsync(() => heads.detect([], [], images))).toEqual(expected);
    heads.dispose();
  });
});
