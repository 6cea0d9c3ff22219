import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { main, runCommand } from '../../../tools/cli/main';
import { Progress } from '../../../tools/terminal/progress';
import { metricsOf, Workplace } from './workplace';

const workplace = new Workplace();
/** A schedule that does not depend on the number of iterations. */
const steady = ['--set', 'schedule.milestones=[2]', '--set', 'schedule.warmupIterations=1'];
const every = ['--set', 'evaluateEvery=1'];
const keep = ['--set', 'keepCheckpoints=1', '--set', 'keepEvery=2'];
/** Nothing is ever better by so much: the run ends at the third evaluation. */
const stopping = ['bestMetric=val/total_loss', 'earlyStopping.patience=2', 'earlyStopping.minDelta=1000'];
const early = stopping.flatMap((assignment) => ['--set', assignment]);

function val(): string[] {
  const images = path.join(workplace.scenes, 'images');
  return ['--val-annotations', path.join(workplace.scenes, 'val.json'), '--val-images', images];
}

function train(output: string, ...more: string[]): Promise<number> {
  return workplace.train(output, ...val(), ...steady, ...every, ...keep, ...early, ...more);
}

function modelOf(output: string): string {
  return readFileSync(path.join(output, 'last', 'model.safetensors'), 'base64');
}

function rowsOf(output: string): unknown {
  return metricsOf(output).map((row) =>
    Object.entries(row).filter(([name]) => !/seconds|peak_memory/.test(name)),
  );
}

/** A run that stops early, and what it said. Tests change copies of it. */
let whole: string;
let said: string;
beforeAll(async () => {
  whole = workplace.at('whole');
  expect(await train(whole, '--iterations', '12')).toBe(0);
  said = workplace.stderr;
});

test('a run is evaluated, stops early, and goes on to the same end', async () => {
  const { numTensors } = tf.memory();
  expect(said).toMatch(
    /\nstopped early after iteration 3: 2 evaluations without a val\/total_loss better than [\d.]+ of iteration 1, by more than 1000\n/,
  );
  expect(readFileSync(path.join(whole, 'report.html'), 'utf8')).toContain('stopped early');
  // The best by a metric of which less is better; one for good at 2, the last.
  const best = path.basename(readlinkSync(path.join(whole, 'best')));
  const totals = metricsOf(whole).map((row) => row['val/total_loss']);
  expect(best).toBe(`000000${totals.indexOf(Math.min(...totals)) + 1}`);
  expect(readdirSync(path.join(whole, 'checkpoints'))).toEqual(
    [...new Set(['0000002', '0000003', best])].sort(),
  );

  const rows = metricsOf(whole);
  expect(rows.map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
  const names = ['loss_objectness', 'loss_rpn_box_reg', 'loss_classifier', 'loss_box_reg'];
  for (const row of rows) {
    const losses = names.map((name) => row[`val/${name}`]);
    expect(row['val/total_loss']).toBe(losses.reduce((sum, loss) => sum + loss, 0));
    expect(Math.min(...losses)).toBeGreaterThan(0);
  }
  const categories = Object.keys(rows[0]).filter((name) => name.startsWith('val/AP/'));
  expect(categories.length).toBeGreaterThan(0);
  for (const name of categories) expect(name).toMatch(/^val\/AP\/\d+ [a-z]+$/);

  // Stopped before, and gone on with: the same numbers, the same decision.
  const resumed = workplace.at('resumed');
  expect(await train(resumed, '--iterations', '2')).toBe(0);
  expect(await main(['train', '--output', resumed, '--resume', '--iterations', '12'])).toBe(0);
  expect(rowsOf(resumed)).toEqual(rowsOf(whole));
  expect(modelOf(resumed)).toBe(modelOf(whole));
  expect(workplace.stderr).toContain('\nstopped early after iteration 3: ');
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('an evaluation that Ctrl-C stops is made when the run goes on, also where that was its last step', async () => {
  const output = workplace.at('interrupted');
  let updates = 0;
  // Of two pictures, first their detections and then their losses: this is the second evaluation.
  jest.spyOn(Progress.prototype, 'update').mockImplementation(() => {
    if (++updates === 5) process.emit('SIGINT');
  });
  expect(await train(output, '--iterations', '2')).toBe(130);
  expect(metricsOf(output).map((row) => 'val/AP' in row)).toEqual([true, false]);
  expect(await main(['train', '--output', output, '--resume'])).toBe(0);
  expect(rowsOf(output)).toEqual((rowsOf(whole) as unknown[]).slice(0, 2));
  const totals = metricsOf(output).map((row) => row['val/total_loss']);
  expect(readlinkSync(path.join(output, 'best'))).toBe(
    `checkpoints/000000${totals.indexOf(Math.min(...totals)) + 1}`,
  );
});

test('evaluations leave no trace in what is learned', async () => {
  const plain = workplace.at('plain');
  expect(await workplace.train(plain, ...steady, '--iterations', '3')).toBe(0);
  expect(modelOf(plain)).toBe(modelOf(whole));
});

test('a run that has stopped early says so, and goes on when it is told to', async () => {
  const resumed = workplace.at('ended');
  await cp(whole, resumed, { recursive: true, verbatimSymlinks: true });
  const before = modelOf(resumed);
  const resume = ['train', '--output', resumed, '--resume'];
  expect(await main(resume)).toBe(0);
  expect(workplace.stderr).toMatch(
    /stopped early after iteration 3: .*To resume: rcnn train --output .*ended --resume --set earlyStopping.patience=null/,
  );
  expect(modelOf(resumed)).toBe(before);
  expect(workplace.stdout).toContain('Average Precision');

  const goOn = ['--set', 'earlyStopping.patience=null', '--iterations', '4'];
  expect(await main([...resume, ...goOn])).toBe(0);
  expect(metricsOf(resumed).at(-1)!.iteration).toBe(4);
  expect(workplace.stderr.match(/stopped early/g)).toHaveLength(1);
});

test('a metric that a run never has is refused before the first step', async () => {
  const output = workplace.at('refused');
  const refused = async (refusal: object, options: readonly string[], ...sets: string[]): Promise<void> => {
    const given = [...options, ...sets.flatMap((assignment) => ['--set', assignment])];
    const command = runCommand(workplace.trainArguments(output, ...given));
    await expect(command).rejects.toMatchObject(refusal);
    expect(existsSync(output)).toBe(false);
  };
  for (const metric of ['AP51', 'loss', 'accuracy']) {
    await refused({ code: 'unknown-metric', facts: { metric } }, val(), `bestMetric=${metric}`);
  }
  const file = path.join(workplace.scenes, 'val.json');
  const undefinedMetric = { code: 'metric-undefined', facts: { metric: 'val/APl', file } };
  await refused(undefinedMetric, val(), 'bestMetric=val/APl');
  await refused({ code: 'configuration' }, val(), 'bestMetric=val/total_loss', 'validationLoss=false');
  await refused({ code: 'configuration' }, val(), 'earlyStopping.patience=3');
  await refused({ code: 'no-validation-set', facts: { key: 'bestMetric' } }, [], 'bestMetric=val/AP50');
});
