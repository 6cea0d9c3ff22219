/**
 * Trains a detector for a few steps in this process, in one of the forms that its losses can be computed in, and
 * prints one line of JSON: live bytes, resident memory, seconds, and losses and gradients to compare forms by.
 *
 *     node dist/tools/benchmarks/memory/memory-case.js '{"form":"in-model","autograd":"ours","model":"fasterrcnn_resnet50_fpn",...}'
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadNativeBackend } from '../../../detection/backend/node';
import { medianOf } from '../../../detection/events/median';
import { peakMemoryBytes } from '../../../detection/engine/writers/peak-memory';
import { Sgd } from '../../../detection/engine/sgd';
import type { Losses } from '../../../detection/nn/trainable';
import { createDetector } from '../../../detection/modeling/definitions';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import type { Parameter } from '../../../detection/nn/module';
import { batchOf, BENCHMARK_CLASSES, BENCHMARK_SEED, drawPictures } from '../detector-batch';
import { fillWithFormula } from '../formula-weights';
import { LiveBytesMeter, type LiveGroup } from '../../memory/live-bytes';
import { BENCHMARK_THREADS, OtherWork } from '../machine';
import { crossingsIn, groupCrossings, type CrossingGroup } from './crossings';
import { headGradientsOf, trainingForm, type FormName } from './training-forms';

export interface MemorySetting {
  readonly model: string;
  /** Pictures are `size` x `size`. */
  readonly size: number;
  readonly batch: number;
  /** That an image has after non-maximum suppression, at most; of a model that has proposals. */
  readonly proposals?: number;
  /** Objects in a picture. */
  readonly boxes: number;
}

export interface MemoryCase extends MemorySetting {
  readonly form: FormName;
  readonly autograd: 'ours' | 'variableGrads';
}

export interface MemoryMeasurement {
  /** Of a step once the optimizer has its state. */
  readonly liveBytes: {
    readonly highest: number;
    /** What allocated when it was reached, and in which part of the step. */
    readonly at: {
      readonly kernel: string;
      readonly phase: 'forward' | 'backward';
      readonly groups: LiveGroup[];
    };
    /** When the forward returned its outputs to `withLoss`; null where there is no seam. */
    readonly atSeam: number | null;
    /** When all losses were there. */
    readonly atLosses: number;
    /** Between steps: weights and the optimizer's state. */
    readonly atRest: number;
    /** In the course of the step. */
    readonly trace: readonly { readonly milliseconds: number; readonly bytes: number }[];
  };
  /** What passes from the model to the loss function; null where there is no seam. */
  readonly crossings: readonly CrossingGroup[] | null;
  readonly residentPeakBytes: number;
  readonly seconds: number;
  readonly disturbed: boolean;
  /** Of the first step: equal in all forms. */
  readonly losses: Readonly<Record<string, number>>;
  /** L2 norm of each parameter's gradient in the first step. */
  readonly gradientNorms: Readonly<Record<string, number>>;
}

const TIMED_STEPS = 3;
const TRACE_POINTS = 400;
/** So small that the losses stay what they are. */
const LEARNING_RATE = 1e-5;

async function main(memoryCase: MemoryCase): Promise<void> {
  process.env['TF_NUM_INTRAOP_THREADS'] = String(BENCHMARK_THREADS);
  await loadNativeBackend();
  const { form: formName, autograd, model: name, proposals } = memoryCase;
  const trace = new Trace();
  const meter = LiveBytesMeter.start((bytes) => trace.add(bytes));
  const detector = createDetector(name, {
    numClasses: BENCHMARK_CLASSES,
    seed: BENCHMARK_SEED,
    norm: 'frozen',
    trainableLayers: 3,
    headGradients: headGradientsOf(formName),
    ...(proposals !== undefined && { settings: { rpn: { postNmsTopN: { train: proposals } } } }),
  });
  fillWithFormula(detector, BENCHMARK_SEED);
  const optimizer = new Sgd(detector.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
  const trained = [...detector.namedParameters()].filter(([, parameter]) => parameter.trainable);
  let atSeam: number | null = null;
  let crossings: CrossingGroup[] | null = null;
  let atLosses = 0;
  const form = trainingForm(formName, detector, (outputs) => {
    atSeam = meter.bytes;
    crossings ??= groupCrossings(crossingsIn(outputs));
  });
  const pictures = drawPictures({ ...memoryCase, classes: BENCHMARK_CLASSES });
  const batch = batchOf(pictures, detector.input);
  tf.dispose(pictures.map((picture) => picture.pixels));
  const step = (report?: (losses: Losses, gradients: ReadonlyMap<string, tf.Tensor>) => void): number => {
    const start = performance.now();
    const { losses, gradients } = differentiate(autograd, trained, () => {
      const computed = form(batch);
      atLosses = meter.bytes;
      return computed;
    });
    report?.(losses, gradients);
    optimizer.step(gradients, LEARNING_RATE);
    tf.dispose([...Object.values(losses), ...gradients.values()]);
    return (performance.now() - start) / 1000;
  };

  let compared: Pick<MemoryMeasurement, 'losses' | 'gradientNorms'> | undefined;
  step((losses, gradients) => {
    compared = {
      losses: Object.fromEntries(Object.entries(losses).map(([key, loss]) => [key, loss.dataSync()[0]])),
      gradientNorms: Object.fromEntries([...gradients].map(([key, gradient]) => [key, norm(gradient)])),
    };
  });
  const otherWork = new OtherWork();
  meter.resetHighWaterMark();
  const seconds = Array.from({ length: TIMED_STEPS }, () => {
    trace.restart();
    return step();
  });
  const { bytes, kernel = 'upload', inForward, groups } = meter.highWaterMark!;
  const measurement: MemoryMeasurement = {
    liveBytes: {
      highest: bytes,
      at: { kernel, phase: inForward ? 'forward' : 'backward', groups: groups.slice(0, 12) },
      atSeam,
      atLosses,
      atRest: meter.bytes,
      trace: trace.points(),
    },
    crossings,
    residentPeakBytes: peakMemoryBytes(),
    seconds: medianOf(seconds),
    disturbed: otherWork.disturbs,
    ...compared!,
  };
  process.stdout.write(`${JSON.stringify(measurement)}\n`);
}

/** The two ways to differentiate: ours frees as it goes, TensorFlow.js's own frees at the end. The caller disposes. */
function differentiate(
  autograd: MemoryCase['autograd'],
  trained: readonly [string, Parameter][],
  forward: () => Losses,
): { losses: Losses; gradients: ReadonlyMap<string, tf.Tensor> } {
  if (autograd === 'ours') return lossesAndGradients(forward, trained);
  let losses: Losses = {};
  const { value, grads } = tf.variableGrads(
    () => {
      const computed = forward();
      losses = Object.fromEntries(
        Object.entries(computed).map(([name, loss]) => [name, tf.keep(tf.clone(loss))]),
      );
      return tf.addN(Object.values(computed));
    },
    trained.map(([, parameter]) => parameter.variable),
  );
  value.dispose();
  const named = trained.flatMap(([name, { variable }]): [string, tf.Tensor][] => {
    const gradient = grads[variable.name] as tf.Tensor | undefined;
    return gradient ? [[name, gradient]] : [];
  });
  return { losses, gradients: new Map(named) };
}

function norm(tensor: tf.Tensor): number {
  let sum = 0;
  for (const value of tensor.dataSync()) sum += value * value;
  return Math.sqrt(sum);
}

/** Live bytes over time, thinned to the largest of each stretch. */
class Trace {
  private start = performance.now();
  private readonly times: number[] = [];
  private readonly bytes: number[] = [];

  add(bytes: number): void {
    this.times.push(performance.now() - this.start);
    this.bytes.push(bytes);
  }

  restart(): void {
    this.start = performance.now();
    this.times.length = 0;
    this.bytes.length = 0;
  }

  points(): { milliseconds: number; bytes: number }[] {
    const length = Math.max(1, Math.ceil(this.times.length / TRACE_POINTS));
    const stretches = Math.ceil(this.times.length / length);
    return Array.from({ length: stretches }, (_, i) => {
      const stretch = this.bytes.slice(i * length, (i + 1) * length);
      return { milliseconds: Math.round(this.times[i * length]), bytes: Math.max(...stretch) };
    });
  }
}

void main(JSON.parse(process.argv[2]) as MemoryCase);
