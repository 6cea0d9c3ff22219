/**
 * Where the time of a training step goes: by operation of TensorFlow, with the arithmetic that it did, against what
 * one large matrix product reaches in the same process; and what is left for JavaScript.
 *
 *     node dist/tools/benchmarks/step-profile.js [MODEL [SIZE [BATCH [PRECISION]]]]
 */
import * as tf from '@tensorflow/tfjs-core';
import type { NodeJSKernelBackend } from '#tfjs-node';
import { loadNativeBackend } from '../../detection/backend/node';
import { Sgd } from '../../detection/engine/sgd';
import { modelDefinition } from '../../detection/modeling/definitions';
import { lossesAndGradients } from '../../detection/nn/autograd';
import { setPrecision } from '../../detection/nn/precision';
import { batchOf, BENCHMARK_CLASSES, BENCHMARK_SEED, drawPictures } from './detector-batch';
import { fillWithFormula } from './formula-weights';
import { BENCHMARK_THREADS } from './machine';

type Phase = 'forward' | 'backward' | 'optimizer';

interface Cost {
  milliseconds: number;
  calls: number;
  /** Floating-point operations, two for a product and its sum; of convolutions and matrix products. */
  operations: number;
}

const WARMUP_STEPS = 2;
const STEPS = 6;
const BOXES = 8;
const SHOWN = 24;
/** Side of the matrices of the product that says what the machine can do. */
const LARGE = 2048;

/** Times every operation that goes to TensorFlow's library; the library runs one at a time. */
class Profile {
  phase: Phase = 'forward';
  readonly costs = new Map<string, Cost>();

  constructor(backend: NodeJSKernelBackend) {
    const single = backend.executeSingleOutput.bind(backend);
    backend.executeSingleOutput = (name, attributes, inputs) =>
      this.timed(name, inputs, () => single(name, attributes, inputs));
    const several = backend.executeMultipleOutputs.bind(backend);
    backend.executeMultipleOutputs = (name, attributes, inputs, count) =>
      this.timed(name, inputs, () => several(name, attributes, inputs, count));
  }

  private timed<T extends tf.Tensor | tf.Tensor[]>(name: string, inputs: tf.TensorInfo[], run: () => T): T {
    const start = performance.now();
    const output = run();
    const key = `${this.phase.padEnd(9)} ${name}`;
    const cost = this.costs.get(key) ?? { milliseconds: 0, calls: 0, operations: 0 };
    cost.milliseconds += performance.now() - start;
    cost.calls++;
    cost.operations += output instanceof tf.Tensor ? arithmetic(name, inputs, output) : 0;
    this.costs.set(key, cost);
    return output;
  }
}

function arithmetic(name: string, inputs: tf.TensorInfo[], output: tf.Tensor): number {
  const size = (x: tf.TensorInfo): number => tf.util.sizeFromShape(x.shape);
  /** Each position of the output takes part in one product with each entry of the filter of its channel. */
  const convolution = (filter: number[], result: tf.TensorInfo): number =>
    2 * size(result) * filter[0] * filter[1] * filter[2];
  switch (name) {
    case 'Conv2D':
      return convolution(inputs[1].shape, output);
    case 'Conv2DBackpropInput':
      return convolution(inputs[1].shape, inputs[2]);
    case 'Conv2DBackpropFilter':
      return convolution(output.shape, inputs[2]);
    case 'MatMul':
    case 'BatchMatMulV2':
      // [m, k] by [k, n], either of them transposed: m n from the output, k from the sizes.
      return 2 * Math.sqrt(size(inputs[0]) * size(inputs[1]) * size(output));
    default:
      return 0;
  }
}

async function main([modelArgument, sizeArgument, batchArgument, precision]: string[]): Promise<void> {
  process.env['TF_NUM_INTRAOP_THREADS'] ??= String(BENCHMARK_THREADS);
  const definition = modelDefinition(modelArgument ?? 'fasterrcnn_resnet50_fpn');
  const [size, batch] = [Number(sizeArgument ?? 512), Number(batchArgument ?? 1)];
  await loadNativeBackend();
  const limit = largeProduct();
  const options = { seed: BENCHMARK_SEED, norm: 'frozen', trainableLayers: 3 } as const;
  const model = definition.build({ ...options, numClasses: BENCHMARK_CLASSES });
  fillWithFormula(model, BENCHMARK_SEED);
  if (precision === 'bfloat16') setPrecision(model, precision);
  const pictures = drawPictures({ size, batch, boxes: BOXES, classes: BENCHMARK_CLASSES });
  const images = batchOf(pictures, model.input);
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
  const trained = [...model.namedParameters()].filter(([, parameter]) => parameter.trainable);
  const profile = new Profile(tf.backend() as NodeJSKernelBackend);
  const phases: Record<Phase, number> = { forward: 0, backward: 0, optimizer: 0 };
  for (let step = 0; step < WARMUP_STEPS + STEPS; step++) {
    if (step === WARMUP_STEPS) {
      profile.costs.clear();
      for (const phase of Object.keys(phases) as Phase[]) phases[phase] = 0;
    }
    let mark = performance.now();
    const enter = (next: Phase): void => {
      phases[profile.phase] += performance.now() - mark;
      mark = performance.now();
      profile.phase = next;
    };
    const { losses, gradients } = lossesAndGradients(() => {
      const computed = model.losses(images);
      enter('backward');
      return computed;
    }, trained);
    enter('optimizer');
    optimizer.step(gradients, 1e-5);
    enter('forward');
    tf.dispose([losses, [...gradients.values()]]);
  }
  print(`${definition.name}, ${size} x ${size}, batch ${batch}`, phases, profile.costs, limit);
}

/** GFLOP/s of a large matrix product: what can be reached at best. */
function largeProduct(): number {
  const a: tf.Tensor2D = tf.randomNormal([LARGE, LARGE], 0, 1, 'float32', 1);
  const seconds = Array.from({ length: 5 }, () => {
    const start = performance.now();
    tf.matMul(a, a).dispose();
    return (performance.now() - start) / 1000;
  });
  a.dispose();
  return (2 * LARGE ** 3) / Math.min(...seconds) / 1e9;
}

function print(
  title: string,
  phases: Readonly<Record<Phase, number>>,
  costs: ReadonlyMap<string, Cost>,
  limit: number,
): void {
  const perStep = (value: number): number => value / STEPS;
  const total = perStep(Object.values(phases).reduce((sum, value) => sum + value));
  const all = [...costs.values()];
  const inLibrary = perStep(all.reduce((sum, { milliseconds }) => sum + milliseconds, 0));
  const operations = perStep(all.reduce((sum, cost) => sum + cost.operations, 0));
  const lines = [
    `${title}: ${total.toFixed(0)} ms a step, ` +
      Object.entries(phases)
        .map(([phase, value]) => `${phase} ${perStep(value).toFixed(0)}`)
        .join(', '),
    `${(operations / 1e9).toFixed(0)} GFLOP in convolutions and matrix products: at least ` +
      `${(operations / limit / 1e6).toFixed(0)} ms at the ${limit.toFixed(0)} GFLOP/s of a ${LARGE} x ${LARGE} product`,
    `outside of TensorFlow's library: ${(total - inLibrary).toFixed(0)} ms`,
    '',
    `${'operation'.padEnd(34)} calls      ms  GFLOP/s`,
    ...[...costs]
      .sort(([, a], [, b]) => b.milliseconds - a.milliseconds)
      .slice(0, SHOWN)
      .map(([key, cost]) => {
        const rate = cost.operations === 0 ? '' : (cost.operations / cost.milliseconds / 1e6).toFixed(0);
        const milliseconds = perStep(cost.milliseconds).toFixed(1);
        return `${key.padEnd(34)} ${perStep(cost.calls).toFixed(0).padStart(5)}  ${milliseconds.padStart(6)}  ${rate.padStart(7)}`;
      }),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

void main(process.argv.slice(2));
