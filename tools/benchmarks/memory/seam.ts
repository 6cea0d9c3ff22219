/**
 * What crosses the seam between a separated detector and its loss function: every tensor and array, its shape and its
 * bytes; whether the backward holds the bytes of a tensor in any case; what of the model the loss function uses; and
 * the largest number of live tensor bytes in a training step. All of it is exact: nothing here depends on load.
 *
 *     npx ts-node tools/benchmarks/memory/seam.ts [MODEL [SIZE [BATCH [BOXES]]]]
 */
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import { withLoss } from '../../../detection/engine/with-loss';
import { modelDefinition } from '../../../detection/modeling/definitions';
import type { Detector } from '../../../detection/modeling/detector';
import { lossesAndGradients } from '../../../detection/nn/autograd';
import type { HeadGradients } from '../../../detection/nn/head-losses';
import { recordTape, type TapeNode } from '../../../detection/nn/tfjs-internals';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import { batchOf, BENCHMARK_CLASSES, BENCHMARK_SEED, drawPictures } from '../detector-batch';
import { fillWithFormula } from '../formula-weights';
import { LiveBytesMeter } from '../../memory/live-bytes';
import { crossingsIn, type Crossing } from './crossings';
import { formsOf, separatedForm, type FormName, type SeparatedParts } from './training-forms';

/** Objects in a picture. */
const BOXES_PER_IMAGE = 10;

/** Who keeps what passes the seam. */
interface HeldCrossing extends Crossing {
  /** `host`: no tensor; `saved`: the backward needs the tensor too; `seam`: nobody else does. */
  readonly heldBy: 'host' | 'saved' | 'seam';
}

interface Seam {
  readonly crossings: HeldCrossing[];
  /** Parameters that the loss function uses, by name. */
  readonly parameters: string[];
  /** Random streams that the loss function draws from, by name. */
  readonly streams: string[];
}

/** Of live tensors in a training step, weights and batch included. */
function highWaterMark<Inputs, Outputs>(
  meter: LiveBytesMeter,
  { model, lossFunction, inputs }: SeparatedParts<Inputs, Outputs>,
  batch: DetectionBatch,
): number {
  meter.resetHighWaterMark();
  const trained = [...model.namedParameters()].filter(([, { trainable }]) => trainable);
  const inputsAndTargets = { inputs: inputs(batch), targets: batch.targets };
  const step = lossesAndGradients(() => withLoss(model, lossFunction).losses(inputsAndTargets), trained);
  tf.dispose([step.losses, [...step.gradients.values()]]);
  return meter.highWaterMark!.bytes;
}

function findSeam<Inputs, Outputs>(
  { model, lossFunction, inputs }: SeparatedParts<Inputs, Outputs>,
  batch: DetectionBatch,
): Seam {
  const streams = [...model.randomStreams()];
  const states = (): string[] => streams.map(({ state }) => state.join());
  tf.engine().startScope();
  // Two tapes, to tell the operations of the loss function from those of the forward.
  const forward = recordTape(() => model.forward(inputs(batch)));
  const before = states();
  const loss = recordTape(() => lossFunction(forward.result, batch.targets));
  const after = states();

  const tape = [...forward.tape, ...loss.tape];
  const saved = savedData(tape);
  const crossings = crossingsIn(forward.result).map((crossing): HeldCrossing => {
    const heldBy = !crossing.isTensor ? 'host' : saved.has(crossing.values!) ? 'saved' : 'seam';
    return { ...crossing, heldBy };
  });
  const used = new Set(loss.tape.flatMap(({ inputs }) => Object.values(inputs).map(({ id }) => id)));
  const parameters = [...model.namedParameters()].filter(([, { value }]) => used.has(value.id));
  for (const node of tape) tf.dispose(node.saved);
  tf.engine().endScope();
  return {
    crossings,
    parameters: parameters.map(([name]) => name),
    streams: streams.filter((_, i) => after[i] !== before[i]).map(({ name }) => name),
  };
}

/** Tensors that are views of one another have their data in common. */
function savedData(tape: readonly TapeNode[]): Set<object> {
  return new Set(tape.flatMap(({ saved }) => saved.map(({ dataId }) => dataId)));
}

function megabytes(bytes: number): string {
  return bytes < 10_000 ? `${bytes} B` : `${(bytes / 1e6).toFixed(2)} MB`;
}

function printSeam(title: string, { crossings, parameters, streams }: Seam, peak: number): void {
  const rows = crossings.map(({ name, shape, bytes, heldBy }) =>
    [name.padEnd(36), `[${shape.join(', ')}]`.padEnd(20), megabytes(bytes).padStart(10), ` ${heldBy}`].join(
      ' ',
    ),
  );
  const sum = (heldBy: HeldCrossing['heldBy']): string =>
    megabytes(
      crossings.filter((each) => each.heldBy === heldBy).reduce((total, { bytes }) => total + bytes, 0),
    );
  process.stdout.write(
    [
      title,
      ...rows.map((row) => `  ${row}`),
      `  in all: tensors that the backward needs as well ${sum('saved')}, tensors for the seam alone ${sum('seam')}, ` +
        `host ${sum('host')}`,
      `  the loss function uses parameters: ${parameters.join(', ') || 'none'}; draws from: ${streams.join(', ') || 'none'}`,
      `  largest number of live tensor bytes in a training step: ${megabytes(peak)}`,
      '\n',
    ].join('\n'),
  );
}

async function main([modelArgument, sizeArgument, batchArgument, boxesArgument]: string[]): Promise<void> {
  const definition = modelDefinition(modelArgument ?? 'fasterrcnn_resnet50_fpn');
  const [size, batchSize] = [Number(sizeArgument ?? 800), Number(batchArgument ?? 2)];
  const boxes = Number(boxesArgument ?? BOXES_PER_IMAGE);
  await loadBackend();
  const meter = LiveBytesMeter.start();
  const build = (headGradients: HeadGradients): Detector => {
    const detector = definition.build({
      numClasses: BENCHMARK_CLASSES,
      seed: 0,
      norm: 'frozen',
      trainableLayers: 3,
      headGradients,
    });
    fillWithFormula(detector, BENCHMARK_SEED);
    return detector;
  };
  const pictures = drawPictures({ size, batch: batchSize, boxes, classes: BENCHMARK_CLASSES });
  const batch = batchOf(pictures, definition.input);
  const measure = (title: string, form: FormName, detector: Detector): void =>
    separatedForm(form, detector, (parts) => {
      const seam = findSeam(parts, batch);
      printSeam(title, seam, highWaterMark(meter, parts, batch));
    });
  process.stdout.write(
    `${definition.name}, ${size}x${size}, batch ${batchSize}, ${BENCHMARK_CLASSES} classes, ${boxes} objects in a picture\n\n`,
  );
  const detector = build('in-forward');
  const forms = formsOf(definition.name);
  for (const [title, form] of [
    ['sampling forward', 'separated, sampling forward'],
    ['dense forward', 'separated, dense forward'],
  ] as const) {
    if (forms.includes(form)) measure(title, form, detector);
  }
  measure('in-model, gradients of the heads in the forward', 'separated, losses as outputs', detector);
  detector.dispose();
  measure('in-model, gradients of the heads at the end', 'separated, losses as outputs', build('at-the-end'));
}

void main(process.argv.slice(2));
