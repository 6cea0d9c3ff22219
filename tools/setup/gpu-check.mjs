// What whoever has a card runs once, and sends what it prints: `npm run gpu-check` in a clone, after `npm run setup -- --gpu`.
// It needs no network. It runs with the CPU build as well, which shows that it works, and nothing about a card.
//
//   npm run gpu-check                                  some minutes
//   npm run gpu-check -- --peer-python PYTHON          times it beside torchvision, too (docs/performance.md says what PYTHON needs)

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { lastLines, runCommand } from './command.mjs';
import paths from './native-paths.cjs';

const REPORT = 'gpu-check.txt';
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Numbers of the same steps on the card and on the processor: convolutions may be summed in another order, and in TF32. */
const TOLERATED_DIFFERENCE = 1e-3;

/** Losses, gradients, steps and detections of tiny detectors, and operations, against torchvision's numbers. */
const GOLDEN_TESTS = [
  '--runInBand',
  'tests/detection/ops',
  ...['faster-rcnn', 'mask-rcnn', 'keypoint-rcnn', 'retinanet', 'fcos', 'configured-losses'].map(
    (name) => `tests/detection/modeling/${name}.test.ts`,
  ),
  'tests/parity/drawn',
];

/** Against torchvision on photographs, where `../shared` is there. */
const PARITY_TESTS = [
  '--runInBand',
  '--testMatch',
  '**/tests/parity/*.large.ts',
  '--testNamePattern',
  '^fasterrcnn_resnet50_fpn ',
];

const WORK = { model: 'fasterrcnn_resnet50_fpn', batch: 1, boxes: 8, classes: 90, steps: 5 };
const TRAINING = { ...WORK, mode: 'train', size: 512 };
const INFERENCE = { ...WORK, mode: 'infer', size: 800 };

/** Processes that follow each other, or come together, must leave room for one another. */
const SHARED_CARD = { TF_FORCE_GPU_ALLOW_GROWTH: 'true' };

/** A program that says whether TensorFlow uses a card. */
const DEVICE = `
require('./dist/detection/backend/node.js').loadNativeBackend().then(() => {
  const { isUsingGpuDevice, binding } = require('@tensorflow/tfjs-core').backend();
  console.log((isUsingGpuDevice ? 'a GPU' : 'the processor alone') + ', TensorFlow ' + binding.TF_Version);
});`;

/** @type {string[]} */
const lines = [];
let isWhole = true;

/** @param {string} text */
function report(text) {
  lines.push(text);
  console.log(text);
}

/**
 * Runs a program of this clone, and reports how it went.
 *
 * @param {string} title
 * @param {readonly string[]} args of Node
 * @param {{ env?: NodeJS.ProcessEnv, shown?: number }} [options] `shown`: so many last lines of what it prints
 * @returns {Promise<string>} what it printed
 */
async function step(title, args, { env, shown = 0 } = {}) {
  const started = performance.now();
  const { status, output } = await runCommand(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...SHARED_CARD, ...env },
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  report(`${title}: ${status === 0 ? 'done' : `FAILED with status ${status}`}, ${seconds} s`);
  if (status !== 0) isWhole = false;
  if (status !== 0 || shown > 0) report(lastLines(output, status === 0 ? shown : 40));
  return output;
}

/** @param {string} program @param {readonly string[]} args */
async function printed(program, args) {
  const { found, output } = await runCommand(program, args);
  return found ? output.trim() : `${program} is not there`;
}

/**
 * @param {object} work
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {Promise<{ median_s: number, peak_rss_mb: number, loss?: number, detections?: number[] } | undefined>}
 */
async function measure(work, env) {
  const title = `${Object.values(work).slice(0, 1).join('')} ${'mode' in work ? work.mode : ''}${env ? ', without the card' : ''}`;
  const output = await step(title, ['dist/tools/benchmarks/detector-case.js', JSON.stringify(work)], { env });
  const line = output.trim().split('\n').at(-1) ?? '';
  return line.startsWith('{') ? JSON.parse(line) : undefined;
}

/** The same steps on the card and on the processor of this machine. */
async function compareDevices() {
  for (const work of [TRAINING, INFERENCE]) {
    const card = await measure(work);
    const processor = await measure(work, { CUDA_VISIBLE_DEVICES: '' });
    if (!card || !processor) continue;
    report(`  ${card.median_s.toFixed(3)} s a step, ${processor.median_s.toFixed(3)} s without the card`);
    const [a, b] = [card, processor].map(({ loss, detections }) => loss ?? detections?.[0] ?? NaN);
    const difference = Math.abs(a - b) / Math.abs(b);
    const isEqual = difference <= TOLERATED_DIFFERENCE;
    if (!isEqual) isWhole = false;
    report(
      `  ${'loss' in card ? 'loss' : 'detections'}: ${a} and ${b}${isEqual ? '' : ', which is NOT the same'}`,
    );
  }
}

const { values } = parseArgs({ options: { 'peer-python': { type: 'string' } } });
const peer = values['peer-python'];
const jest = 'node_modules/jest/bin/jest.js';

report(`gpu-check of faster-rcnn, ${new Date().toISOString()}`);
report(
  `${os.type()} ${os.release()} ${os.arch()}, ${os.cpus()[0]?.model}, ${os.cpus().length} cores, Node ${process.version}`,
);
report(
  `build: ${paths.savedVariant()}; ${path.basename(paths.bindingFile() ?? 'no library for this platform')}`,
);
report(
  `card: ${await printed('nvidia-smi', ['--query-gpu=name,driver_version,memory.total,compute_cap', '--format=csv,noheader'])}`,
);
await step('TensorFlow computes on', ['-e', DEVICE], { shown: 1 });
await step('golden tests', [jest, ...GOLDEN_TESTS], { shown: 5 });
await step('parity of R50-FPN with torchvision', [jest, ...PARITY_TESTS], { shown: 5 });
await compareDevices();
if (peer !== undefined) {
  const cases = ['train-resnet50-512', 'infer-resnet50-800'].flatMap((name) => ['--case', name]);
  await step('benchmark speed', ['tools/rcnn.mjs', 'benchmark', 'speed', '--peer-python', peer, ...cases], {
    shown: 20,
  });
}
report(isWhole ? 'all of it went well' : 'something FAILED: see above');
fs.writeFileSync(REPORT, `${lines.join('\n')}\n`);
console.log(`\nSend ${path.resolve(REPORT)}, please: it has what is above, and nothing else.`);
process.exitCode = isWhole ? 0 : 1;
