import { existsSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { DetectorModule } from '../../../detection/modeling/detector-module';
import { FasterRcnn } from '../../../detection/modeling/faster-rcnn';
import type { DetectionBatch } from '../../../detection/structures/detection-batch';
import type { Losses } from '../../../detection/nn/trainable';
import type { Detections } from '../../../detection/structures/instances';
import type { ImageBatch } from '../../../detection/structures/image-batch';
import { main } from '../../../tools/cli/main';
import { readMetrics } from '../../../tools/run/folder/metrics-file';
import { readSafetensors } from '../../../weights/formats/safetensors-file';
import { metricsOf, Workplace } from './workplace';

const workplace = new Workplace();
const ITERATIONS = 6;
/** Checkpoints after 2, 4 and 6; a schedule that does not depend on the number of iterations; averaged weights. */
const SETTINGS = [
  'schedule.milestones=[5]',
  'schedule.warmupIterations=1',
  'optimizer.emaDecay=0.5',
  'keepCheckpoints=9',
].flatMap((setting) => ['--set', setting]);

/** Of the batches of a run, in order: no two are the same. */
const batches: string[] = [];
const nameOf = ({ imageIds, targets }: DetectionBatch): string =>
  JSON.stringify([imageIds, targets.map(({ boxes: boxes }) => [...boxes])]);
/** Numbers, from 1, of the batches whose losses are not finite. */
let faulty: readonly number[] = [];

beforeEach(() => {
  const losses = methodOf<DetectionBatch, Losses>(FasterRcnn.prototype, 'losses');
  jest.spyOn(FasterRcnn.prototype, 'losses').mockImplementation(function (this: FasterRcnn, batch) {
    const name = nameOf(batch);
    if (!batches.includes(name)) batches.push(name);
    const found = losses.call(this, batch);
    if (!faulty.includes(1 + batches.indexOf(name))) return found;
    const { value } = new Map(this.namedParameters()).get('rpn.head.cls_logits.bias')!;
    return { ...found, loss_fault: tf.mul(tf.sum(value), NaN) };
  });
});

/** A method of the detector that a test is about to replace. */
function methodOf<Argument, Result>(prototype: object, name: 'losses' | 'detect') {
  const { value } = Object.getOwnPropertyDescriptor(prototype, name) as {
    readonly value: (this: DetectorModule, argument: Argument) => Result;
  };
  return value;
}

/** All that a run has of its checkpoints, and what it wrote of its steps, but for what depends on the clock. */
function contentsOf(output: string): unknown {
  const checkpoints = readdirSync(path.join(output, 'checkpoints')).map((name) => {
    const read = (file: string) => readFileSync(path.join(output, 'checkpoints', name, file), 'base64');
    return [name, ['model', 'optimizer', 'unaveraged'].map((part) => read(`${part}.safetensors`))];
  });
  const rows = metricsOf(output).map((row) =>
    Object.entries(row).filter(([name]) => !/seconds|peak_memory/.test(name)),
  );
  return { checkpoints, rows, divergence: divergenceOf(output) };
}

interface Divergence {
  readonly iteration: number;
  readonly action: string;
  readonly message: string;
}

function divergenceOf(output: string): Divergence[] {
  const file = path.join(output, 'divergence.jsonl');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as Divergence);
}

/** The run as a process leaves it that is killed some time after a checkpoint. */
async function killedAfter(iteration: number, run: string): Promise<string> {
  const killed = `${run}-killed-after-${iteration}`;
  await cp(run, killed, { recursive: true, verbatimSymlinks: true });
  for (const name of readdirSync(path.join(killed, 'checkpoints'))) {
    if (Number(name) > iteration) rmSync(path.join(killed, 'checkpoints', name), { recursive: true });
  }
  rmSync(path.join(killed, 'last'));
  symlinkSync(path.join('checkpoints', String(iteration).padStart(7, '0')), path.join(killed, 'last'));
  return killed;
}

const train = (output: string, ...more: string[]): Promise<number> =>
  workplace.train(output, '--iterations', String(ITERATIONS), ...SETTINGS, ...more);
const resume = (output: string, ...more: string[]): Promise<number> =>
  main(['train', '--output', output, '--resume', ...more]);
const weightsAfter = (output: string, iteration: number): Buffer =>
  readFileSync(
    path.join(output, 'checkpoints', String(iteration).padStart(7, '0'), 'unaveraged.safetensors'),
  );

test('what is skipped changes nothing and is written down', async () => {
  const output = workplace.at('skipping');
  faulty = [3, 4];
  expect(await train(output, '--on-divergence', 'skip')).toBe(0);
  expect(batches).toHaveLength(ITERATIONS);
  expect(workplace.stderr).toMatch(/training diverged in iteration 4: .* The iteration is skipped\.\n/);
  expect(weightsAfter(output, 4).equals(weightsAfter(output, 2))).toBe(true);
  expect(weightsAfter(output, 6).equals(weightsAfter(output, 4))).toBe(false);
  expect(divergenceOf(output).map(({ iteration, action }) => [iteration, action])).toEqual([
    [3, 'skipped'],
    [4, 'skipped'],
  ]);
  const { rows } = readMetrics(path.join(output, 'metrics.jsonl'));
  expect(rows.map(({ diverged_iterations }) => diverged_iterations)).toEqual([
    ...[undefined, undefined, 1, 2, undefined, undefined],
  ]);
  expect(rows.map(({ total_loss }) => typeof total_loss)).toEqual(
    rows.map(({ iteration }) => (faulty.includes(iteration) ? 'undefined' : 'number')),
  );
});

test('a run stops at what is not finite and says why; it goes on as one that skips it, if told to', async () => {
  const [output, skipping] = [workplace.at('stopped'), workplace.at('skipping-from-the-start')];
  faulty = [3, 4];
  expect(await train(skipping, '--on-divergence', 'skip')).toBe(0);
  workplace.stderr = '';
  expect(await train(output)).toBe(2);
  expect(workplace.stderr).toMatch(
    /training diverged in iteration 3: loss_objectness [\d.]+, .*loss_fault NaN \(learning rate [\d.e-]+; batch: image ids \d, \d\)\. 1 of \d+ gradients are not finite: rpn\.head\.cls_logits\.bias NaN; norms of the largest gradients: \S+ [\d.]+, \S+ [\d.]+, \S+ [\d.]+, \.\.\.\. .*rate.*clipping.* To resume from the last checkpoint without it: rcnn train --output \S+stopped --resume --on-divergence skip\n$/,
  );
  expect(divergenceOf(output)).toMatchObject([{ iteration: 3, action: 'stopped' }]);
  const report = readFileSync(path.join(output, 'report.html'), 'utf8');
  expect(report).toContain('stopped after 2 of 6 iterations');
  expect(report).toContain('divergence.jsonl says why');
  expect(weightsAfter(output, 2).equals(weightsAfter(skipping, 2))).toBe(true);
  expect(await resume(output, '--on-divergence', 'skip')).toBe(0);
  expect(contentsOf(output)).toEqual(contentsOf(skipping));
});

test('a run that diverges before its first checkpoint leaves what it has measured, and can begin again', async () => {
  const output = workplace.at('early');
  faulty = [2];
  expect(await train(output, '--iterations', '2')).toBe(2);
  expect(workplace.stderr).toMatch(
    /training diverged in iteration 2: .* To start again without it: rcnn train --output \S+early --resume --on-divergence skip\n$/,
  );
  expect(divergenceOf(output)).toMatchObject([{ iteration: 2, action: 'stopped' }]);
  const [{ total_loss }] = metricsOf(output);
  expect(total_loss).toBeGreaterThan(0);
  expect(await resume(output, '--on-divergence', 'skip')).toBe(0);
  expect(divergenceOf(output)).toMatchObject([{ iteration: 2, action: 'skipped' }]);
  expect(metricsOf(output)).toMatchObject([{ iteration: 1, total_loss }, { iteration: 2 }]);
});

test('a run goes back to its last checkpoint, and further where that is in vain; killed or stopped, it does the same', async () => {
  const output = workplace.at('going-back');
  faulty = [5, 6];
  expect(await train(output, '--on-divergence', 'rollback')).toBe(0);
  expect(divergenceOf(output).map(({ message }) => /[^.]*\.$/.exec(message)![0])).toEqual([
    ' The weights have been reset to those after iteration 4.',
    ' The weights have been reset to those after iteration 2.',
  ]);
  expect(weightsAfter(output, 6).equals(weightsAfter(output, 2))).toBe(true);
  const killed = await killedAfter(4, output);
  expect(await resume(killed)).toBe(0);
  expect(contentsOf(killed)).toEqual(contentsOf(output));

  // Stopped after iteration 5, where it gets a checkpoint that the other has not, until it has others.
  const stopped = workplace.at('stopped-and-going-back');
  const settings = ['--on-divergence', 'rollback', '--iterations', '5'];
  expect(await workplace.train(stopped, ...SETTINGS, ...settings)).toBe(0);
  expect(await resume(stopped, '--iterations', String(ITERATIONS))).toBe(0);
  expect(contentsOf(stopped)).toEqual(contentsOf(output));
});

test('what is evaluated and saved for use is the average; frozen layers stay', async () => {
  faulty = [];
  const output = workplace.at('averaged');
  const val = ['--val-annotations', path.join(workplace.scenes, 'val.json')];
  const images = ['--val-images', path.join(workplace.scenes, 'images')];
  const seen: Float32Array[] = [];
  const detect = methodOf<ImageBatch, Detections[]>(DetectorModule.prototype, 'detect');
  jest.spyOn(DetectorModule.prototype, 'detect').mockImplementation(function (this: DetectorModule, batch) {
    const { value } = new Map(this.namedParameters()).get('backbone.fpn.layer_blocks.0.0.bias')!;
    seen.push(value.dataSync<'float32'>().slice());
    return detect.call(this, batch);
  });
  const groups = 'optimizer.groups=[{match: roi_heads.box_head, learningRateFactor: 0.1}]';
  const more = ['optimizer.accumulate=2', 'model.freeze=[backbone.body, "rpn.*.bias"]', groups];
  const settings = [...val, ...images, ...more.flatMap((setting) => ['--set', setting])];
  expect(await workplace.train(output, '--iterations', '3', ...SETTINGS, ...settings)).toBe(0);
  const saved = (name: string): Buffer => {
    const file = path.join(output, 'last', `${name}.safetensors`);
    return Buffer.from(readSafetensors(file).tensors.get('backbone.fpn.layer_blocks.0.0.bias')!.bytes);
  };
  expect(Buffer.from(seen.at(-1)!.buffer).equals(saved('model'))).toBe(true);
  expect(saved('model').equals(saved('unaveraged'))).toBe(false);
  const state = readSafetensors(path.join(output, 'last', 'optimizer.safetensors')).tensors;
  const trained = [...state.keys()].map((name) => name.replace('.momentum_buffer', ''));
  expect(trained.filter((name) => name.startsWith('rpn.'))).toEqual([
    'rpn.head.conv.0.0.weight',
    'rpn.head.cls_logits.weight',
    'rpn.head.bbox_pred.weight',
  ]);
  expect(trained.some((name) => name.startsWith('backbone.body'))).toBe(false);
});

test('groups, frozen layers: what matches nothing is refused with what was probably meant', async () => {
  const refused = async (setting: string): Promise<string> => {
    const output = workplace.at('refused');
    expect(await workplace.train(output, '--set', setting)).toBe(2);
    expect(existsSync(output)).toBe(false);
    return workplace.stderr;
  };
  expect(await refused('optimizer.groups=[{match: backbone.bodi, weightDecay: 0}]')).toMatch(
    /optimizer\.groups\[0\]\.match: no parameter of the model matches "backbone\.bodi"; did you mean backbone\.body\?\n$/,
  );
  expect(await refused('model.freeze=[rpn, "*.wieght"]')).toMatch(
    /model\.freeze\[1\]: no parameter of the model matches "\*\.wieght"/,
  );
  expect(await refused('model.freeze=["*"]')).toMatch(/every parameter of the model is frozen\n$/);
});
