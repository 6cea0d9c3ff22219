/**
 * Peak memory and time of a training step under our backward, which frees as it goes, and under tfjs's
 * `variableGrads`, which does not: the same model, the same forward, a fresh process for each.
 *
 *     node dist/tools/benchmarks/backward-memory.js [MODEL [SIZE [BATCH]]]
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../detection/backend/node';
import { buildDetector, modelNames, type ModelName } from '../../detection/modeling/models';
import { lossesAndGradients } from '../../detection/nn/autograd';
import { RandomStream } from '../../detection/nn/random';
import type { DetectionBatch } from '../../detection/structures/detection-batch';

const BACKWARDS = ['lossesAndGradients', 'variableGrads'] as const;
type Backward = (typeof BACKWARDS)[number];

interface Measurement {
  seconds: number;
  peakMegabytes: number;
  /** Sum of the losses before the first step: the same for both, or they are not the same model. */
  loss: number;
}

const NUM_CLASSES = 90;
const STEPS = 5;

function randomBatch(size: number, batch: number): DetectionBatch {
  const random = new RandomStream(0, 'benchmark');
  const targets = Array.from({ length: batch }, () => {
    const gtBoxes = new Float32Array(4 * 8);
    for (let box = 0; box < 8; box++) {
      const [x, y] = [random.between(0, 0.7 * size), random.between(0, 0.7 * size)];
      gtBoxes.set([x, y, x + random.between(0.1, 0.3) * size, y + random.between(0.1, 0.3) * size], 4 * box);
    }
    return { gtBoxes, gtLabels: Int32Array.from({ length: 8 }, () => 1 + random.integer(NUM_CLASSES)) };
  });
  const sizes = targets.map(() => ({ height: size, width: size }));
  const tensor: tf.Tensor4D = tf.randomNormal([batch, size, size, 3], 0, 1, 'float32', 1);
  return { images: { tensor, sizes, originalSizes: sizes }, targets, imageIds: targets.map((_, i) => i) };
}

async function measure(
  backward: Backward,
  name: ModelName,
  size: number,
  batch: number,
): Promise<Measurement> {
  await loadBackend();
  const model = buildDetector(name, { numClasses: NUM_CLASSES, seed: 0, norm: 'frozen', trainableLayers: 3 });
  const images = randomBatch(size, batch);
  const parameters = [...model.namedParameters()].filter(([, parameter]) => parameter.trainable);
  const variables = parameters.map(([, parameter]) => parameter.variable);
  const step = (): number =>
    tf.tidy(() => {
      if (backward === 'lossesAndGradients') {
        const { losses, gradients } = lossesAndGradients(() => model.losses(images), parameters);
        const loss = tf.addN(Object.values(losses)).dataSync()[0];
        tf.dispose([losses, [...gradients.values()]]);
        return loss;
      }
      const { value, grads } = tf.variableGrads(
        () => tf.addN(Object.values(model.losses(images))),
        variables,
      );
      const loss = value.dataSync()[0];
      tf.dispose(grads);
      return loss;
    });
  const loss = step();
  const seconds = Array.from({ length: STEPS }, () => {
    const start = performance.now();
    step();
    return (performance.now() - start) / 1000;
  }).sort((a, b) => a - b)[Math.floor(STEPS / 2)];
  const peakMegabytes =
    Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024;
  return { seconds, peakMegabytes, loss };
}

async function main([modelArgument, sizeArgument, batchArgument, backward]: string[]): Promise<void> {
  const model = modelNames.find((name) => name === (modelArgument ?? 'fasterrcnn_resnet50_fpn'));
  if (!model) throw new Error(`unknown model ${modelArgument}; known: ${modelNames.join(', ')}`);
  const [size, batch] = [Number(sizeArgument ?? 512), Number(batchArgument ?? 1)];
  if (backward) {
    process.stdout.write(JSON.stringify(await measure(backward as Backward, model, size, batch)));
    return;
  }
  process.stdout.write(`${model}, ${size}x${size}, batch ${batch}, median of ${STEPS} steps\n`);
  for (const each of BACKWARDS) {
    const child = spawnSync(process.execPath, [__filename, model, String(size), String(batch), each], {
      stdio: ['ignore', 'pipe', 'inherit'],
      encoding: 'utf8',
    });
    if (child.status !== 0) throw new Error(`the process for ${each} ended with status ${child.status}`);
    const { seconds, peakMegabytes, loss } = JSON.parse(child.stdout) as Measurement;
    const row = `${seconds.toFixed(3)} s  ${peakMegabytes.toFixed(0).padStart(5)} MB resident peak  loss ${loss.toFixed(6)}`;
    process.stdout.write(`${each.padEnd(18)}  ${row}\n`);
  }
}

void main(process.argv.slice(2));
