import * as tf from '@tensorflow/tfjs-core';
import { completeOptions } from '../../../detection/modeling/definitions/complete-options';
import { normalization } from '../../../detection/modeling/definitions/normalization';
import type { ModelDefinition } from '../../../detection/modeling/detector';
import { DetectorModule, type DetectorTraits } from '../../../detection/modeling/detector-module';
import type { Found } from '../../../detection/modeling/found';
import { Conv2dNormActivation } from '../../../detection/nn/conv2d-norm-activation';
import { Conv2d } from '../../../detection/nn/convolution';
import { kaimingNormalFanOut } from '../../../detection/nn/initializers';
import type { NormalizationFactory } from '../../../detection/nn/normalization';
import { RandomStream } from '../../../detection/nn/random';
import type { Reading } from '../../../detection/nn/reading';
import type { Losses } from '../../../detection/nn/trainable';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import type { ImageBatch } from '../../../detection/structures/image-batch';
import { torchvisionInput } from '../../../detection/structures/input-spec';
import type { Targets } from '../../../detection/structures/instances';

const SIDE = 64;
const STRIDE = 8;
const CELLS = SIDE / STRIDE;

/**
 * A detector of a family of its own, that the program has never heard of: each cell of a grid says which categories have
 * the center of an object in it. Its entries, its loss and its way to take pictures are none of Faster R-CNN's.
 */
class GridDetector extends DetectorModule {
  private readonly trunk: Conv2dNormActivation;
  private readonly head: Conv2d;

  constructor(traits: DetectorTraits, norms: NormalizationFactory, random: RandomStream) {
    super(traits, ['loss_grid'], ['bbox']);
    const filters = kaimingNormalFanOut([STRIDE, STRIDE, 3, 8], random);
    const convolution = new Conv2d(filters, undefined, { stride: STRIDE, padding: 0 });
    this.trunk = this.child('trunk', new Conv2dNormActivation(convolution, norms(8), 'relu'));
    const numClasses = traits.categories.length;
    const scores = kaimingNormalFanOut([1, 1, 8, numClasses], random);
    this.head = this.child('grid_head', new Conv2d(scores, tf.zeros([numClasses]), { padding: 0 }));
  }

  override losses({ images, targets }: DetectionBatch): Losses {
    return tf.tidy(() => {
      const logits = this.head.forward(this.trunk.forward(images.tensor));
      const wanted = tf.stack(targets.map((ofImage) => this.cellsOf(ofImage)));
      return { loss_grid: tf.losses.sigmoidCrossEntropy(wanted, logits) };
    });
  }

  protected override *find(images: ImageBatch): Reading<Found[]> {
    const [scores] = yield [tf.sigmoid(this.head.forward(this.trunk.forward(images.tensor)))];
    const perImage = CELLS * CELLS * this.categories.length;
    return images.sizes.map((_, image) =>
      this.foundIn(scores.subarray(image * perImage, (image + 1) * perImage)),
    );
  }

  private cellsOf({ boxes, labels }: Targets): tf.Tensor3D {
    const values = tf.buffer([CELLS, CELLS, this.categories.length]);
    labels.forEach((label, k) => {
      const [x, y] = [0, 1].map((axis) => (boxes[4 * k + axis] + boxes[4 * k + axis + 2]) / 2);
      values.set(1, Math.floor(y / STRIDE), Math.floor(x / STRIDE), label - 1);
    });
    return values.toTensor() as tf.Tensor3D;
  }

  /** Every cell's every category, best first. */
  private foundIn(scores: Float32Array): Found {
    const numClasses = this.categories.length;
    const order = Int32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
    const boxes = Float32Array.from(
      [...order].flatMap((index) => {
        const cell = Math.floor(index / numClasses);
        const [x, y] = [STRIDE * (cell % CELLS), STRIDE * Math.floor(cell / CELLS)];
        return [x, y, x + STRIDE, y + STRIDE];
      }),
    );
    return {
      boxes,
      labels: order.map((index) => (index % numClasses) + 1),
      scores: Float32Array.from(order, (index) => scores[index]),
    };
  }
}

export const gridDefinition: ModelDefinition = {
  name: 'grid_64',
  stages: 1,
  needs: [],
  input: {
    ...torchvisionInput({ minSize: SIDE, maxSize: SIDE }),
    resize: { kind: 'fixed', height: SIDE, width: SIDE },
    channels: 'bgr',
  },
  pretrainedNorm: 'frozen',
  published: {},
  settings: { schema: {}, values: {}, faults: () => [] },
  stateDict: {
    numClasses: (entries) => {
      const head = entries.get('grid_head.weight');
      if (!head) throw new RangeError('it has no grid_head.weight');
      return head.shape[0];
    },
    rowsOfClass: (entry, label) =>
      entry.startsWith('grid_head.') && label > 0 ? [{ start: label - 1, end: label }] : [],
    isPredictor: (entry) => entry.startsWith('grid_head.'),
    isBackbone: (entry) => entry.startsWith('trunk.'),
  },
  build(options) {
    const { categories, seed, norm } = completeOptions(options, this);
    const { epsilon = 1e-5, input = this.input, definition = this } = options;
    const random = new RandomStream(seed, 'init');
    return new GridDetector({ definition, input, categories }, normalization(norm, epsilon), random);
  },
};
