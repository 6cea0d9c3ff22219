import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { RandomStream } from '../../../detection/nn/random';
import { main } from '../../../tools/cli/main';
import {
  describeTensorBoard,
  readAsTensorBoard,
} from '../../detection/engine/writers/tensorboard/read-as-tensorboard';
import { metricsOf, Workplace } from './workplace';
import { KillableProcess, rcnnProcess } from './killable-process';

const workplace = new Workplace('tiny');

function trainArgv(output: string, ...more: string[]): string[] {
  const data = (name: string) => [
    `--${name}-annotations`,
    workplace.at('scenes', `${name}.json`),
    `--${name}-images`,
    workplace.at('scenes', 'images'),
  ];
  const model = ['--model', 'fasterrcnn_tiny_fpn', '--set', 'model.minSize=64'];
  const often = ['--set', 'checkpointEvery=2', '--set', 'evaluateEvery=3', '--set', 'optimizer.emaDecay=0.5'];
  return ['train', ...model, ...data('train'), ...data('val'), ...often, '--output', output, ...more];
}

/** The process kills itself while it writes its second checkpoint, or just after: at this call of what writes. */
const dieInCheckpoint = (call: number): string => `
  const fs = require('node:fs');
  let checkpoints = 0, calls = 0;
  for (const name of ['mkdirSync', 'writeSync', 'writeFileSync', 'fsyncSync', 'renameSync', 'symlinkSync', 'rmSync']) {
    const original = fs[name];
    fs[name] = (...args) => {
      if (name === 'mkdirSync' && args[0].endsWith('.tmp')) checkpoints++;
      if (checkpoints === 2 && calls++ === ${call}) process.kill(process.pid, 'SIGKILL');
      return original(...args);
    };
  }`;

/** All that a run leaves and that does not tell how long it took. */
function contentsOf(output: string): unknown {
  const files = Object.fromEntries(
    readdirSync(path.join(output, 'checkpoints')).map((name) => {
      const read = (file: string) => readFileSync(path.join(output, 'checkpoints', name, file), 'base64');
      return [name, ['model', 'optimizer', 'unaveraged'].map((part) => read(`${part}.safetensors`))];
    }),
  );
  const rows = metricsOf(output).map((row) =>
    Object.entries(row).filter(([name]) => !/seconds|peak_memory/.test(name)),
  );
  const names = readdirSync(output).filter((name) => !name.startsWith('events.'));
  const links = ['best', 'last'].map((name) => readlinkSync(path.join(output, name)));
  return { files, rows, names, links };
}

describe('a run that is killed again and again and gone on with', () => {
  let whole: string;
  let killed: string;
  beforeAll(async () => {
    [whole, killed] = [workplace.at('whole'), workplace.at('killed')];
    const iterations = ['--iterations', '12'];
    expect(await main(trainArgv(whole, ...iterations))).toBe(0);
    const metrics = path.join(killed, 'metrics.jsonl');
    const random = new RandomStream(7, 'kills');
    let argv = trainArgv(killed, ...iterations);
    for (const isAimed of [true, false, true]) {
      const started = Date.now();
      const run = rcnnProcess(argv, isAimed ? dieInCheckpoint(random.integer(24)) : '');
      if (!isAimed) {
        await run.until(() => existsSync(metrics) && statSync(metrics).mtimeMs > started);
        await new Promise((resolve) => setTimeout(resolve, 300 * random.uniform()));
        run.kill('SIGKILL');
      }
      expect(await run.ended).toMatchObject({ signal: 'SIGKILL' });
      argv = ['train', '--output', killed, '--resume'];
    }
    const { status, stderr } = await rcnnProcess(argv).ended;
    expect([status, stderr]).toEqual([
      0,
      expect.stringMatching(/^memory: [^\n]+\nresuming after iteration \d+\n/),
    ]);
  });

  test('is the one that never was, to the bit', () => {
    expect(contentsOf(killed)).toEqual(contentsOf(whole));
  });

  describeTensorBoard('read by TensorBoard', () => {
    test('it has each step once, of every kind of event', () => {
      const { found } = readAsTensorBoard(killed);
      const rows = metricsOf(whole);
      expect(found['total_loss'].steps).toEqual(rows.map(({ iteration }) => iteration));
      expect(found['total_loss'].values).toEqual(rows.map((row) => Math.fround(row.total_loss)));
      const tagsOf = (plugin: string) => Object.values(found).filter((tag) => tag.plugin === plugin);
      expect(new Set(tagsOf('histograms').map(({ steps }) => steps.join()))).toEqual(
        new Set([found['total_loss'].steps.join()]),
      );
      for (const plugin of ['images', 'pr_curves']) {
        expect(new Set(tagsOf(plugin).map(({ steps }) => steps.join()))).toEqual(new Set(['3,6,9,12']));
      }
      expect(found['val/AP'].steps).toEqual([3, 6, 9, 12]);
      expect(found['_hparams_/session_start_info'].content).toMatchObject({
        sessionStartInfo: { hparams: { 'model.name': 'fasterrcnn_tiny_fpn', 'data.batchSize': 2 } },
      });
      expect(found).toHaveProperty(['_hparams_/session_end_info']);
    });
  });
});

test('a second Ctrl-C ends the process at once, in the middle of a step', async () => {
  const began = workplace.at('began');
  const run = new KillableProcess(`
    require('ts-node').register({ swc: true });
    const { interruptible } = require('./tools/terminal/interruption.ts');
    const step = () => {
      require('node:fs').writeFileSync(${JSON.stringify(began)}, '');
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
    };
    interruptible(() => new Promise(() => setTimeout(step, 3000)));`);
  await run.until(() => existsSync(began));
  run.pressKey('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 700));
  const second = performance.now();
  run.pressKey('SIGINT');
  expect(await run.ended).toMatchObject({ status: null, signal: 'SIGKILL', stderr: '' });
  expect(performance.now() - second).toBeLessThan(30_000);
});

test('the first Ctrl-C, that npm may send twice, ends a run in order: saved, reported, status 130', async () => {
  const output = workplace.at('stopped');
  const run = rcnnProcess(trainArgv(output, '--iterations', '1000'));
  await run.until(() => existsSync(path.join(output, 'last')));
  for (let time = 0; time < 2; time++) {
    run.pressKey('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const { status, stderr } = await run.ended;
  expect([status, stderr]).toEqual([
    130,
    expect.stringMatching(/\nStopped after iteration \d+; saved in .*\n$/),
  ]);
  expect(readdirSync(output).filter((name) => !name.startsWith('events.'))).toEqual(
    expect.arrayContaining(['checkpoints', 'config.yaml', 'last', 'metrics.jsonl', 'report.html']),
  );
  expect(stderr).not.toContain('Warning');
});
