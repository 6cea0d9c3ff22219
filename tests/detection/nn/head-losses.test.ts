import * as tf from '@tensorflow/tfjs-core';
import type { Losses } from '../../../detection/nn/trainable';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { headLosses } from '../../../detection/nn/head-losses';
import { Linear } from '../../../detection/nn/linear';
import { Parameter } from '../../../detection/nn/module';
import { recordOperation } from '../../../detection/nn/tfjs-internals';
import { expectNoTensorLeaks } from '../tensor-leaks';

expectNoTensorLeaks();

const ROWS = 6;

/** A body, and a head of two losses. */
class Net {
  readonly x = tf.randomNormal<tf.Rank.R2>([ROWS, 4], 0, 1, 'float32', 1);
  readonly body = new Linear(tf.randomNormal([4, 5], 0, 1, 'float32', 2), tf.zeros([5]));
  readonly head = new Linear(tf.randomNormal([5, 3], 0, 1, 'float32', 3), tf.zeros([3]));
  readonly parameters: [string, Parameter][] = [
    ...this.body.namedParameters('body.'),
    ...this.head.namedParameters('head.'),
  ];

  features(): tf.Tensor2D {
    return this.body.forward(this.x, { relu: true });
  }

  /** Means over all rows, of some of them. */
  losses(features: tf.Tensor2D): Losses {
    return tf.tidy(() => {
      const y = this.head.forward(features, { relu: true });
      return { square: tf.div(tf.sum(tf.square(y)), ROWS), sigmoid: tf.div(tf.sum(tf.sigmoid(y)), ROWS) };
    });
  }

  dispose(): void {
    for (const each of [this.x, this.body, this.head]) each.dispose();
  }
}

interface Values {
  losses: Record<string, number>;
  gradients: Record<string, number[]>;
}

/** Runs, reads and disposes everything. */
function run(forward: () => Losses, parameters: [string, Parameter][]): Values {
  const { losses, gradients } = lossesAndGradients(forward, parameters);
  const values = {
    losses: Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, loss.dataSync()[0]])),
    gradients: Object.fromEntries([...gradients].map(([name, gradient]) => [name, [...gradient.dataSync()]])),
  };
  tf.dispose([losses, [...gradients.values()]]);
  return values;
}

function expectEqual(actual: Values, expected: Values): void {
  expect(Object.keys(actual.losses)).toEqual(Object.keys(expected.losses));
  expect(Object.keys(actual.gradients).sort()).toEqual(Object.keys(expected.gradients).sort());
  for (const part of ['losses', 'gradients'] as const) {
    for (const [name, value] of Object.entries(expected[part])) {
      const [a, b] = [[actual[part][name]].flat(), [value].flat()] as [number[], number[]];
      const norm = Math.hypot(...b);
      expect(Math.hypot(...b.map((each, i) => each - a[i]))).toBeLessThanOrEqual(1e-6 * norm);
    }
  }
}

describe('losses and gradients are those of the plain forward', () => {
  let net: Net;
  beforeEach(() => {
    net = new Net();
  });
  afterEach(() => net.dispose());

  test('of one head', () => {
    const plain = run(() => net.losses(net.features()), net.parameters);
    const inForward = run(() => {
      const features = net.features();
      return headLosses([() => net.losses(features)]);
    }, net.parameters);
    expectEqual(inForward, plain);
  });

  test('of a head in pieces', () => {
    const plain = run(() => net.losses(net.features()), net.parameters);
    const inPieces = run(() => {
      const pieces = tf.split<tf.Tensor2D>(net.features(), [1, 2, 3]);
      return headLosses(pieces.map((piece) => () => net.losses(piece)));
    }, net.parameters);
    expectEqual(inPieces, plain);
  });

  test('of two heads that read the same features, and of what else reads them', () => {
    const forward = (first: (head: () => Losses) => Losses) => () => {
      const features = net.features();
      const one = first(() => ({ one: tf.sum(net.head.forward(features, { relu: true })) }));
      const two = first(() => ({ two: tf.sum(tf.square(features)) }));
      return { ...one, ...two, three: tf.mean<tf.Scalar>(features) };
    };
    expectEqual(
      run(
        forward((head) => headLosses([head])),
        net.parameters,
      ),
      run(
        forward((head) => head()),
        net.parameters,
      ),
    );
  });

  test('of losses that are all scaled alike afterwards', () => {
    const half = (losses: Losses): Losses =>
      Object.fromEntries(Object.entries(losses).map(([name, loss]) => [name, tf.mul(loss, 0.5)]));
    const plain = run(() => half(net.losses(net.features())), net.parameters);
    const inForward = run(() => {
      const features = net.features();
      return half(headLosses([() => net.losses(features)]));
    }, net.parameters);
    expectEqual(inForward, plain);
  });

  test("under tfjs's own variableGrads", () => {
    const plain = run(() => net.losses(net.features()), net.parameters);
    const variables = net.parameters.map(([, parameter]) => parameter.variable);
    const { value, grads } = tf.variableGrads(() => {
      const features = net.features();
      return tf.addN(Object.values(headLosses([() => net.losses(features)])));
    }, variables);
    for (const [name, parameter] of net.parameters) {
      const actual = [...grads[parameter.variable.name].dataSync()];
      expectEqual(
        { losses: {}, gradients: { name: actual } },
        { losses: {}, gradients: { name: plain.gradients[name] } },
      );
    }
    tf.dispose([value, grads]);
  });

  test('a loss that is nothing but its input, one that is a parameter, one that is constant', () => {
    const scalar = new Parameter(tf.scalar(2), 'same', true);
    const { losses, gradients } = run(() => {
      const square = tf.square(scalar.value);
      return headLosses([
        () => ({ input: square as tf.Scalar, itself: scalar.value as tf.Scalar, constant: tf.scalar(7) }),
      ]);
    }, [['scalar', scalar]]);
    expect(losses).toEqual({ input: 4, itself: 2, constant: 7 });
    expect(gradients).toEqual({ scalar: [4 + 1] });
    scalar.dispose();
  });

  test('a frozen parameter has no gradient', () => {
    net.head.freeze();
    const trained = net.parameters.filter(([, parameter]) => parameter.trainable);
    const { gradients } = run(() => {
      const features = net.features();
      return headLosses([() => net.losses(features)]);
    }, trained);
    expect(Object.keys(gradients)).toEqual(['body.weight', 'body.bias']);
  });
});

const DEPTH = 8;

test('the activations of a head die before the next head runs', () => {
  const net = new Net();
  const alive: number[] = [];
  const head = (features: tf.Tensor2D) => (): Losses => {
    alive.push(tf.memory().numDataBuffers);
    return tf.tidy(() => {
      let y: tf.Tensor = net.head.forward(features);
      for (let layer = 0; layer < DEPTH; layer++) y = tf.tanh(y);
      return { loss: tf.sum(y) };
    });
  };
  const sequence = (one: (piece: () => Losses) => Losses) => () => {
    const features = net.features();
    const pieces = [head(features), head(features), head(features)];
    return Object.fromEntries(pieces.map((piece, i) => [`loss${i}`, one(piece)['loss']]));
  };
  run(
    sequence((piece) => piece()),
    net.parameters,
  );
  // The activations and the loss of each head.
  expect([alive[1] - alive[0], alive[2] - alive[1]]).toEqual([DEPTH + 1, DEPTH + 1]);
  alive.length = 0;
  run(
    sequence((piece) => headLosses([piece])),
    net.parameters,
  );
  // The gradients by the features, the weight and the bias, and a loss.
  expect([alive[1] - alive[0], alive[2] - alive[1]]).toEqual([4, 4]);
  alive.length = 0;
  run(() => {
    const features = net.features();
    return headLosses([head(features), head(features), head(features)]);
  }, net.parameters);
  // Pieces share their gradients.
  expect([alive[1] - alive[0], alive[2] - alive[1]]).toEqual([4, 1]);
  net.dispose();
});

test('without a tape the head just runs', () => {
  const net = new Net();
  const tensors = tf.memory().numTensors;
  tf.tidy(() => {
    const features = net.features();
    const plain = net.losses(features);
    const losses = headLosses([() => net.losses(features)]);
    expect(losses['square'].dataSync()).toEqual(plain['square'].dataSync());
    expect(tf.memory().numTensors).toBe(tensors + 1 + 2 + 2);
    const two = headLosses([() => net.losses(features), () => net.losses(features)]);
    expect(two['square'].dataSync()[0]).toBeCloseTo(2 * plain['square'].dataSync()[0], 5);
  });
  net.dispose();
});

describe('refusals leak nothing and name the fault', () => {
  let net: Net;
  let features: tf.Tensor2D;
  beforeEach(() => {
    net = new Net();
  });
  afterEach(() => net.dispose());

  const failing = (head: () => Losses) => () =>
    run(() => {
      features = net.features();
      return head();
    }, net.parameters);

  test.each<[string, () => Losses, string]>([
    [
      'losses scaled differently',
      () => {
        const { square, sigmoid } = headLosses([() => net.losses(features)]);
        return { square: tf.mul(square, 0.5), sigmoid };
      },
      'scaled differently afterwards (square by 0.5, sigmoid by 1;',
    ],
    [
      'a loss left out',
      () => ({ sigmoid: headLosses([() => net.losses(features)])['sigmoid'] }),
      '(square by 0, sigmoid by 1;',
    ],
    [
      'a head in a head',
      () => headLosses([() => headLosses([() => net.losses(features)])]),
      'inner tapes do not nest',
    ],
    [
      'pieces with different losses',
      () => headLosses([() => net.losses(features), () => ({ square: tf.sum(features) })]),
      'a piece of the head returned the losses square, the first square, sigmoid',
    ],
    [
      'a second piece that throws',
      () =>
        headLosses([
          () => net.losses(features),
          () => {
            net.losses(features);
            throw new Error('in the middle');
          },
        ]),
      'in the middle',
    ],
    [
      'an operation without a gradient',
      () => headLosses([() => net.losses(features), () => ({ square: tf.sum(tf.topk(features).values) })]),
      'operation TopK has no gradient',
    ],
    [
      'a forward that throws after the head',
      () => {
        headLosses([() => net.losses(features)]);
        throw new Error('after the head');
      },
      'after the head',
    ],
    [
      'a backward that throws below the head',
      () => {
        const broken = tf.clone(features);
        recordOperation('Broken', { features }, broken, [], () => {
          throw new Error('below the head');
        });
        return headLosses([() => net.losses(broken)]);
      },
      'below the head',
    ],
  ])('%s', (_, head, message) => {
    expect(failing(head)).toThrow(message);
    // The tape is whole again.
    expect(Object.keys(run(() => net.losses(net.features()), net.parameters).gradients)).toHaveLength(4);
  });
});
