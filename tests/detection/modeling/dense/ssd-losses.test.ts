import * as tf from '@tensorflow/tfjs-core';
import { hardNegatives, ssdLosses, type SsdTargets } from '../../../../detection/modeling/dense/ssd-losses';
import { lossesAndGradients } from '../../../../detection/nn/autograd';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { ssdLiteDefaults } from '../../../../detection/modeling/ssd-defaults';
import { Parameter } from '../../../../detection/nn/module';
import { RandomStream } from '../../../../detection/nn/random';
import { randomBoxes } from '../../random-boxes';
import { expectNoTensorLeaks } from '../../tensor-leaks';

expectNoTensorLeaks();

const RATIO = 3;
const coder = new BoxCoder(ssdLiteDefaults.bboxWeights);

describe('the background that counts', () => {
  const losses = Float32Array.of(0.5, 3, 1, 2, 2, 7);

  it('is what loses most, so much for each object, of equals the lower index first', () => {
    expect([...hardNegatives(losses, Int32Array.of(5), RATIO)]).toEqual([1, 3, 4]);
    expect([...hardNegatives(losses, Int32Array.of(1), 2)]).toEqual([5, 3]);
    expect([...hardNegatives(losses, Int32Array.of(1), 1.5)]).toEqual([5, 3]); // rank 1 < 1.5
    expect([...hardNegatives(losses, Int32Array.of(), RATIO)]).toEqual([]);
    expect([...losses]).toEqual([0.5, 3, 1, 2, 2, 7]);
  });

  it('is filled up with objects where there is not enough of it', () => {
    expect([...hardNegatives(losses, Int32Array.of(2, 5), RATIO)]).toEqual([1, 3, 4, 0, 2, 5]);
    expect([...hardNegatives(losses, Int32Array.of(2, 4, 5), RATIO)]).toEqual([1, 3, 0, 2, 4, 5]);
  });

  it('is never what is ignored, however few others there are', () => {
    const ignored = Int32Array.of(1, 3);
    expect([...hardNegatives(losses, Int32Array.of(5), RATIO, ignored)]).toEqual([4, 2, 0]);
    expect([...hardNegatives(losses, Int32Array.of(2, 5), RATIO, ignored)]).toEqual([4, 0, 2, 5]);
  });
});

interface Case {
  readonly logits: number[][][];
  readonly deltas: number[][][];
  readonly targets: SsdTargets[];
}

/** Two images, 12 default boxes, 3 classes. @param numPositives of each image */
function randomCase(numPositives: readonly number[], seed = 1): Case {
  const random = new RandomStream(seed, 'predictions');
  const rows = (width: number): number[][] =>
    Array.from({ length: 12 }, () => Array.from({ length: width }, () => 2 * random.normal()));
  return {
    logits: numPositives.map(() => rows(4)),
    deltas: numPositives.map(() => rows(4)),
    targets: numPositives.map((count) => ({
      positives: Int32Array.from({ length: count }, (_, i) => 2 * i),
      gtLabels: Int32Array.from({ length: count }, () => 1 + random.integer(3)),
      ignored: new Int32Array(0),
      boxes: { references: randomBoxes(count, seed), gtBoxes: randomBoxes(count, seed + 1) },
    })),
  };
}

/** compute_loss of torchvision's SSD, box by box, in float64. */
function reference({ logits, deltas, targets }: Case): { classification: number; bbox_regression: number } {
  let [classification, regression, numForeground] = [0, 0, 0];
  targets.forEach(({ positives, gtLabels, boxes: { references, gtBoxes } }, image) => {
    const gtDeltas = coder.encode(gtBoxes, references);
    const labels = logits[image].map(() => 0);
    positives.forEach((box, i) => {
      labels[box] = gtLabels[i];
      deltas[image][box].forEach((delta, k) => {
        const distance = Math.abs(delta - gtDeltas[4 * i + k]);
        regression += distance < 1 ? distance ** 2 / 2 : distance - 0.5;
      });
    });
    const losses = logits[image].map((row, box) => {
      const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
      return Math.log(sum) - row[labels[box]];
    });
    const negativeLosses = losses.map((loss, box) => (labels[box] > 0 ? -Infinity : loss));
    const order = [...losses.keys()].sort((a, b) =>
      negativeLosses[a] === negativeLosses[b] ? a - b : negativeLosses[b] - negativeLosses[a],
    );
    losses.forEach((loss, box) => {
      if (labels[box] > 0) classification += loss;
      if (order.indexOf(box) < RATIO * positives.length) classification += loss;
    });
    numForeground += positives.length;
  });
  const divisor = Math.max(1, numForeground);
  return { classification: classification / divisor, bbox_regression: regression / divisor };
}

interface Result {
  readonly losses: Record<string, number>;
  readonly logitGradients: number[][][];
  readonly deltaGradients: number[][][];
}

function run({ logits, deltas, targets }: Case): Result {
  const [classLogits, boxDeltas] = [logits, deltas].map(
    (values) => new Parameter(tf.tensor3d(values), 'same', true),
  );
  const { losses, gradients } = lossesAndGradients(
    () =>
      ssdLosses(
        { classLogits: classLogits.value as tf.Tensor3D, boxDeltas: boxDeltas.value as tf.Tensor3D },
        targets,
        RATIO,
        coder,
        ssdLiteDefaults.losses,
      ),
    [
      ['logits', classLogits],
      ['deltas', boxDeltas],
    ],
  );
  const result = {
    losses: Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]])),
    logitGradients: gradients.get('logits')!.arraySync() as number[][][],
    deltaGradients: gradients.get('deltas')!.arraySync() as number[][][],
  };
  tf.dispose([losses, [...gradients.values()]]);
  for (const parameter of [classLogits, boxDeltas]) parameter.dispose();
  return result;
}

// Of 12 default boxes, 6 objects would have 18 beside them: all background counts, and the objects once more.
test.each([[[2, 1]], [[1, 0]], [[0, 3]], [[4, 6]], [[6, 1]]])(
  'losses are torchvision’s, of images with %p objects',
  (numPositives) => {
    const given = randomCase(numPositives);
    const { losses } = run(given);
    const expected = reference(given);
    expect(Object.keys(losses)).toEqual(['classification', 'bbox_regression']);
    for (const [name, value] of Object.entries(expected)) expect(losses[name]).toBeCloseTo(value, 5);
  },
);

test('gradients are those of finite differences', () => {
  const given = randomCase([2, 1]);
  const { logitGradients, deltaGradients } = run(given);
  const step = 1e-6;
  const slope = (values: number[][][], image: number, box: number, k: number): number => {
    const at = (shift: number): number => {
      values[image][box][k] += shift;
      const { classification, bbox_regression: regression } = reference(given);
      values[image][box][k] -= shift;
      return classification + regression;
    };
    return (at(step) - at(-step)) / (2 * step);
  };
  for (const [values, gradients] of [
    [given.logits, logitGradients],
    [given.deltas, deltaGradients],
  ]) {
    gradients.forEach((ofImage, image) =>
      ofImage.forEach((row, box) =>
        row.forEach((gradient, k) => expect(gradient).toBeCloseTo(slope(values, image, box, k), 4)),
      ),
    );
  }
});

test('images without objects teach nothing', () => {
  const { losses, logitGradients, deltaGradients } = run(randomCase([0, 0]));
  expect(losses).toEqual({ classification: 0, bbox_regression: 0 });
  expect([...logitGradients.flat(2), ...deltaGradients.flat(2)].every((value) => value === 0)).toBe(true);
});
