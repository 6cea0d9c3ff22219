import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { isBfloat16 } from '../../../detection/backend/node';
import { constant } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import { ConvTranspose2d } from '../../../detection/nn/conv-transpose';
import { Conv2d } from '../../../detection/nn/convolution';
import { DepthwiseConv2d } from '../../../detection/nn/depthwise-convolution';
import { Linear } from '../../../detection/nn/linear';
import type { Module, Parameter } from '../../../detection/nn/module';
import { BatchNorm, FrozenBatchNorm, GroupNorm } from '../../../detection/nn/normalization';
import { setPrecision, type Precision } from '../../../detection/nn/precision';
import { createDetector } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { batchOf, BENCHMARK_SEED, drawPictures } from '../../../tools/benchmarks/detector-batch';
import { fillWithFormula } from '../../../tools/benchmarks/formula-weights';
import { CheckpointHook } from '../../../weights/checkpoints/checkpoint-hook';
import { resumeFrom } from '../../../weights/checkpoints/resume';
import { expectNoTensorLeaks } from '../tensor-leaks';
import { random } from './same-gradients';

expectNoTensorLeaks();

const CHANNELS = 8;

interface Made {
  readonly parts: readonly Module[];
  readonly forward: (x: tf.Tensor4D) => tf.Tensor;
}

const conv = ({ stride = 1, hasBias = true } = {}): Conv2d => {
  const bias = hasBias ? (random([CHANNELS], 2) as tf.Tensor1D) : undefined;
  return new Conv2d(random([3, 3, CHANNELS, CHANNELS], 1) as tf.Tensor4D, bias, { stride, padding: 1 });
};

/** Layers, each with a forward from maps to maps. */
const layers: Record<string, () => Made> = {
  convolution: () => {
    const layer = conv({ stride: 2 });
    return { parts: [layer], forward: (x: tf.Tensor4D) => layer.forward(x, { nonlinearity: 'relu' }) };
  },
  'hard swish and a residual': () => {
    const layer = conv();
    const forward = (x: tf.Tensor4D) => layer.forward(x, { residual: x, nonlinearity: 'hardswish' });
    return { parts: [layer], forward };
  },
  'depthwise convolution': () => {
    const layer = new DepthwiseConv2d(random([3, 3, CHANNELS, 1], 1) as tf.Tensor4D, { padding: 1 });
    return { parts: [layer], forward: (x: tf.Tensor4D) => layer.forward(x, { nonlinearity: 'relu6' }) };
  },
  'transposed convolution': () => {
    const weight = random([4, 4, CHANNELS, CHANNELS], 1) as tf.Tensor4D;
    const layer = new ConvTranspose2d(weight, random([CHANNELS], 2) as tf.Tensor1D, {
      stride: 2,
      padding: 1,
    });
    return { parts: [layer], forward: (x: tf.Tensor4D) => layer.forward(x) };
  },
  'linear layer': () => {
    const layer = new Linear(random([CHANNELS, 5], 1) as tf.Tensor2D, random([5], 2) as tf.Tensor1D);
    const forward = (x: tf.Tensor4D) => layer.forward(tf.reshape(x, [-1, CHANNELS]), { relu: true });
    return { parts: [layer], forward };
  },
  ...Object.fromEntries(
    [FrozenBatchNorm, BatchNorm, GroupNorm].map((Norm) => [
      Norm.name,
      () => {
        const [layer, norm] = [conv({ hasBias: false }), new Norm(CHANNELS)];
        if (norm instanceof FrozenBatchNorm) fillWith(norm.runningVariance, 2);
        const forward = (x: tf.Tensor4D) =>
          norm.afterConvolution(layer, x, { residual: x, nonlinearity: 'relu' });
        return { parts: [layer, norm], forward };
      },
    ]),
  ),
};

test.each(Object.entries(layers))(
  '%s: output in bfloat16, gradients by weights in float32, both near those in float32',
  (_name, make) => {
    const results = (['float32', 'bfloat16'] as const).map((precision) => {
      const { parts, forward } = make();
      for (const part of parts) setPrecision(part, precision);
      const x = random([2, 8, 8, CHANNELS], 5) as tf.Tensor4D;
      const parameters = parts.flatMap((part, i) =>
        [...part.namedParameters()].map(([name, entry]) => [`${i}.${name}`, entry] as const),
      );
      let output: number[] = [];
      const { losses, gradients } = lossesAndGradients(
        () => {
          const y = forward(x);
          expect(isBfloat16(y.dataId)).toBe(precision === 'bfloat16');
          output = [...y.dataSync()];
          return { loss: tf.sum(tf.mul(y, random(y.shape, 7))) };
        },
        parameters.map(([name, entry]) => [name, entry]),
      );
      const found = [...gradients].map(([name, gradient]) => {
        expect([name, isBfloat16(gradient.dataId)]).toEqual([name, false]);
        return [...gradient.dataSync()];
      });
      tf.dispose([losses, [...gradients.values()], x]);
      for (const part of parts) part.dispose();
      return { output, found };
    });
    const [high, low] = results;
    expect(cosine(low.output, high.output)).toBeGreaterThan(0.9999);
    expect(low.output).not.toEqual(high.output);
    expect(low.found.length).toBe(high.found.length);
    low.found.forEach((gradient, i) => expect(cosine(gradient, high.found[i])).toBeGreaterThan(0.995));
  },
);

function cosine(a: readonly number[], b: readonly number[]): number {
  const product = (p: readonly number[], q: readonly number[]): number =>
    p.reduce((sum, value, i) => sum + value * q[i], 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

const tiny = (): Detector => createDetector('fasterrcnn_tiny_fpn', { numClasses: 3, norm: 'group', seed: 1 });

/** Of one picture. The caller disposes `images.tensor`. */
function batchFor(model: Detector): DetectionBatch {
  const pictures = drawPictures({ size: 128, batch: 1, boxes: 2, classes: 3 });
  const batch = batchOf(pictures, model.input);
  tf.dispose(pictures.map(({ pixels }) => pixels));
  return batch;
}

test('a detector in bfloat16 has the gradients of float32 in all but rounding, and detects', () => {
  const model = createDetector('retinanet_resnet18_fpn', { numClasses: 3, norm: 'frozen', seed: 1 });
  fillWithFormula(model, BENCHMARK_SEED);
  const batch = batchFor(model);
  const trained = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
  const gradientsIn = (precision: Precision): Map<string, tf.Tensor> => {
    setPrecision(model, precision);
    const { losses, gradients } = lossesAndGradients(() => model.losses(batch), trained);
    tf.dispose(losses);
    return gradients;
  };
  const high = gradientsIn('float32');
  const low = gradientsIn('bfloat16');
  const value = (f: () => tf.Tensor): number => tf.tidy(() => f().dataSync()[0]);
  const norms = new Map([...high].map(([name, gradient]) => [name, value(() => tf.norm(gradient))]));
  const largest = Math.max(...norms.values());
  const important = [...high].filter(([name]) => norms.get(name)! > 1e-3 * largest);
  expect(important.length).toBeGreaterThan(20);
  for (const [name, gradient] of important) {
    const ofBoth = low.get(name)!;
    const alike = value(() =>
      tf.div(tf.sum(tf.mul(gradient, ofBoth)), tf.mul(tf.norm(gradient), tf.norm(ofBoth))),
    );
    expect([name, alike > 0.98]).toEqual([name, true]);
  }
  tf.dispose([[...high.values()], [...low.values()]]);
  model.prepareForInference();
  expect(model.detect(batch.images)).toHaveLength(1);
  batch.images.tensor.dispose();
  model.dispose();
});

function fillWith(entry: Parameter, value: number): void {
  tf.tidy(() => entry.fromDisk(tf.fill(entry.value.shape, value)));
}

test('a run in bfloat16 that was stopped goes on to the bit, on weights in float32', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'precision-'));
  const run = async (iterations: number, output: string): Promise<Map<string, string>> => {
    const model = tiny();
    setPrecision(model, 'bfloat16');
    const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
    const hooks = [new CheckpointHook(path.join(folder, output), { model, optimizer, every: 1 })];
    const { startIteration } = resumeFrom(path.join(folder, output), { model, optimizer, hooks });
    const batches = Array.from({ length: iterations - startIteration }, () => batchFor(model));
    await train(batches, model, {
      optimizer,
      learningRate: constant(0.01),
      iterations,
      startIteration,
      hooks,
    });
    const values = [...model.namedParameters()].map(([name, { value }]): [string, string] => {
      expect(isBfloat16(value.dataId)).toBe(false);
      return [name, createHash('sha256').update(value.dataSync()).digest('hex')];
    });
    tf.dispose(batches.map(({ images }) => images.tensor));
    model.dispose();
    optimizer.dispose();
    return new Map(values);
  };
  try {
    const straight = await run(2, 'straight');
    await run(1, 'stopped');
    expect(await run(2, 'stopped')).toEqual(straight);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
