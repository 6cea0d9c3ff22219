import * as tf from '@tensorflow/tfjs-core';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { Parameter } from '../../../detection/nn/module';

type Matrix = readonly (readonly number[])[];

/** What make-loss-golden.py writes. */
export interface LossGolden {
  readonly boxes: { readonly pred: Matrix; readonly gt: Matrix } & Readonly<
    Record<'giou' | 'diou' | 'ciou', { readonly losses: readonly number[]; readonly gradient: Matrix }>
  >;
  readonly focal: {
    readonly logits: Matrix;
    /** Row, column. */
    readonly positives: Matrix;
    readonly ignoredRows: readonly number[];
    readonly results: readonly {
      readonly alpha: number;
      readonly gamma: number;
      readonly loss: number;
      readonly gradient: Matrix;
    }[];
  };
  readonly softmax: {
    readonly logits: Matrix;
    readonly labels: readonly number[];
    readonly classWeights: readonly number[];
    /** Mean by the weights. */
    readonly crossEntropy: { readonly loss: number; readonly gradient: Matrix };
    readonly focal: readonly { readonly gamma: number; readonly loss: number; readonly gradient: Matrix }[];
  };
  readonly deltas: readonly {
    readonly kind: 'l1' | 'smooth_l1' | 'giou' | 'diou' | 'ciou';
    readonly weights: readonly number[];
    readonly references: Matrix;
    readonly gt: Matrix;
    readonly deltas: Matrix;
    readonly beta: number;
    readonly loss: number;
    readonly gradient: Matrix;
  }[];
  readonly decoding: {
    readonly boxes: Matrix;
    readonly deltas: Matrix;
    readonly results: readonly {
      readonly weights: readonly number[];
      readonly boxes: Matrix;
      /** What the decoded sides are multiplied by in the sum that is differentiated. */
      readonly factors: Matrix;
      readonly gradient: Matrix;
    }[];
  };
}

export function readLossGolden(): LossGolden {
  return JSON.parse(readFileSync(join(__dirname, 'loss-golden.json'), 'utf8')) as LossGolden;
}

/** The value of a loss of some rows, and its gradient by them. */
export function lossAndGradient(
  values: Float32Array,
  shape: [number, number],
  loss: (x: tf.Tensor2D) => tf.Scalar,
): { loss: number; gradient: Float32Array } {
  const x = new Parameter(tf.tensor2d(values, shape), 'same', true);
  const { losses, gradients } = lossesAndGradients(
    () => ({ loss: loss(x.value as tf.Tensor2D) }),
    [['x', x]],
  );
  const result = {
    loss: losses['loss'].dataSync()[0],
    gradient: gradients.get('x')!.dataSync() as Float32Array,
  };
  tf.dispose([losses, [...gradients.values()]]);
  x.dispose();
  return result;
}

/** Compares numbers with their expectations, each to a share of the largest of its row, or to what comes of an epsilon. */
export function expectRowsClose(actual: Float32Array, expected: Matrix, share: number): void {
  expect(actual).toHaveLength(expected.flat().length);
  let k = 0;
  for (const row of expected) {
    const tolerance = Math.max(share * Math.max(...row.map(Math.abs)), 1e-9);
    for (const value of row) expect(Math.abs(actual[k++] - value)).toBeLessThanOrEqual(tolerance);
  }
}
