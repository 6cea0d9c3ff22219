import { spawnSync } from 'node:child_process';
import fs, {
  existsSync,
  lutimesSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { cp } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { main, runCommand } from '../../../tools/cli/main';
import { readCheckpointState, verifyCheckpoint } from '../../../weights/checkpoints/checkpoint';
import { until } from '../../until';
import { makeFormat1 } from '../../weights/checkpoints/as-format-1';
import { metricsOf, Workplace } from './workplace';

const workplace = new Workplace();
/** A schedule that does not depend on the number of iterations, and all that is random about batches. */
const steady = [
  ...['--set', 'schedule.milestones=[2]', '--set', 'schedule.warmupIterations=1'],
  ...['--set', 'data.scaleJitter=[0.5,2]', '--set', 'data.photometricDistortion=0.5'],
  ...['--set', 'data.repeatThreshold=1'],
];

function lastModel(output: string): string {
  return readFileSync(path.join(output, 'last', 'model.safetensors'), 'base64');
}

/** A run of three iterations that nobody has stopped. Tests change copies of it. */
let whole: string;
beforeAll(async () => {
  whole = workplace.at('whole');
  expect(await workplace.train(whole, '--iterations', '3', ...steady)).toBe(0);
});

async function copyOfWhole(name: string): Promise<string> {
  const copy = workplace.at(name);
  await cp(whole, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

test('a run of format 1 is used and gone on with, with a note; refused where it is to go on exactly', async () => {
  const output = workplace.at('format-1');
  const exactly = runCommand(workplace.trainArguments(output, '--exact', ...steady));
  await expect(exactly).rejects.toMatchObject({ code: 'exact-without-resume' });
  expect(existsSync(output)).toBe(false);

  const val = ['--val-annotations', path.join(workplace.scenes, 'val.json')];
  const images = ['--val-images', path.join(workplace.scenes, 'images')];
  const settings = [...val, ...images, '--set', 'evaluateEvery=1', '--set', 'earlyStopping.patience=9'];
  expect(await workplace.train(output, '--iterations', '2', ...steady, ...settings)).toBe(0);
  const last = realpathSync(path.join(output, 'last'));
  const { hooks, metadata } = readCheckpointState(last);
  expect(metadata).toMatchObject({ model: 'fasterrcnn_tiny_fpn', options: { norm: 'batch', epsilon: null } });
  expect(Object.keys(metadata).sort()).toEqual(['categories', 'model', 'options']);
  expect(hooks).toEqual({ divergence: [], earlyStopping: expect.anything() as unknown, evaluation: 2 });
  makeFormat1(last);
  const [config, state] = [path.join(output, 'config.yaml'), path.join(last, 'state.json')];
  const contents = () => [config, state].map((file) => readFileSync(file, 'utf8'));
  const before = contents();
  const goOn = ['train', '--output', output, '--resume'];
  const resume = (...more: string[]) => main([...goOn, ...more]);
  await expect(runCommand([...goOn, '--exact', '--iterations', '3'])).rejects.toMatchObject({
    code: 'earlier-version',
    facts: { checkpoint: expect.stringMatching(/0000002$/) as string },
  });
  expect(contents()).toEqual(before);

  const picture = path.join(workplace.scenes, 'images', '000001.jpg');
  expect(await main(['detect', '--weights', last, '--json', workplace.at('found.json'), picture])).toBe(0);
  expect(await main(['convert', last, workplace.at('converted.safetensors')])).toBe(0);

  workplace.stderr = '';
  expect(await resume('--iterations', '3')).toBe(0);
  expect(workplace.stderr).toMatch(
    /0000002: is of an earlier version, so random draws differ from here on\n/,
  );
  expect(workplace.stderr).toContain('resuming after iteration 2\n');
  expect(metricsOf(output).map(({ iteration }) => iteration)).toEqual([1, 2, 3]);
  const after = readCheckpointState(path.join(output, 'last'));
  expect(after).toMatchObject({ format: 2, hooks: { evaluation: 3 } });
  // All its evaluations are counted, those before too.
  const { best, evaluationsSince } = after.hooks['earlyStopping'] as {
    readonly best: { readonly iteration: number };
    readonly evaluationsSince: number;
  };
  expect(best.iteration + evaluationsSince).toBe(3);
  expect(await resume('--exact', '--iterations', '4')).toBe(0);
});

test('a run that would not go on as it began is refused, and left as it is', async () => {
  const resumed = await copyOfWhole('refused-to-resume');
  const metrics = metricsOf(resumed);
  const refused = (...more: string[]) =>
    expect(runCommand(['train', '--output', resumed, '--resume', ...more])).rejects;
  await refused('--set', 'seed=9').toMatchObject({
    code: 'other-configuration',
    facts: { output: resumed, key: 'seed', was: '0', is: '9' },
  });
  const saved = readFileSync(path.join(resumed, 'config.yaml'), 'utf8');
  await refused('--iterations', '2').toMatchObject({
    code: 'too-few-iterations',
    facts: { iterations: 2, least: 3 },
  });

  const annotations = workplace.at('renamed.json');
  const truth = readFileSync(path.join(workplace.scenes, 'train.json'), 'utf8');
  writeFileSync(annotations, truth.replace('"name":"dog"', '"name":"wolf"'));
  await refused('--train-annotations', annotations).toMatchObject({
    code: 'other-categories',
    facts: { file: annotations, output: resumed },
  });
  expect(readFileSync(path.join(resumed, 'config.yaml'), 'utf8')).toBe(saved);
  expect(metricsOf(resumed)).toEqual(metrics);
});

test('a damaged checkpoint is passed over for the one before it, and the run comes to the same end', async () => {
  const resumed = await copyOfWhole('damaged');
  writeFileSync(path.join(resumed, 'last', 'model.safetensors'), 'x');
  expect(await main(['train', '--output', resumed, '--resume'])).toBe(0);
  expect(workplace.stderr).toMatch(
    /0000003\/model\.safetensors: is damaged.*; using the checkpoint before it\n/,
  );
  expect(workplace.stderr).toContain('resuming after iteration 2\n');
  expect(lastModel(resumed)).toBe(lastModel(whole));
  const losses = (output: string): number[] => metricsOf(output).map(({ total_loss }) => total_loss);
  expect(losses(resumed)).toEqual(losses(whole));
  // As a copy that leaves out links has it.
  rmSync(path.join(resumed, 'last'));
  expect(await main(['train', '--output', resumed, '--resume'])).toBe(0);
  for (const name of readdirSync(path.join(resumed, 'checkpoints'))) {
    rmSync(path.join(resumed, 'checkpoints', name, 'state.json'));
  }
  expect(await main(['train', '--output', resumed, '--resume'])).toBe(2);
  expect(workplace.stderr).toMatch(/0000003\/state\.json: cannot be read/);
});

test('a full disk ends a run with a message, and what was saved goes on', async () => {
  const output = workplace.at('full');
  const saved = path.join(output, 'checkpoints', '0000002');
  const write = fs.writeSync as (descriptor: number, data: string | Uint8Array) => number;
  const disk = jest.spyOn(fs, 'writeSync').mockImplementation((descriptor, data) => {
    if (!existsSync(saved)) return write(descriptor, data);
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
  });
  expect(await workplace.train(output, '--iterations', '3', ...steady)).toBe(2);
  expect(workplace.stderr).toMatch(/full: writing a file: the disk is full; free some space.*\n$/);
  disk.mockRestore();
  expect(realpathSync(path.join(output, 'last'))).toBe(realpathSync(saved));
  expect(readdirSync(path.dirname(saved))).toEqual(['0000002']);
  expect(verifyCheckpoint(saved).iteration).toBe(2);
  expect(await main(['train', '--output', output, '--resume'])).toBe(0);
});

test('a run whose folder is taken away ends with a message, and what was saved is whole', async () => {
  const [output, moved] = [workplace.at('away'), workplace.at('moved')];
  const running = workplace.train(output, '--iterations', '1000');
  await until(() => existsSync(path.join(output, 'last')));
  renameSync(output, moved);
  expect(await running).toBe(2);
  expect(workplace.stderr).toMatch(/cannot be written: there is no folder .*checkpoints \(any more\)\n$/);
  expect(existsSync(output)).toBe(false);
  expect(verifyCheckpoint(path.join(moved, 'last')).iteration % 2).toBe(0);
});

test('two processes never train in the same folder; a dead one is no hindrance', async () => {
  const output = workplace.at('shared');
  const running = workplace.train(output, '--iterations', '1000');
  await until(() => existsSync(path.join(output, 'checkpoints', '0000002')));
  const isLocked = (host: string, pid: number) => ({
    code: 'run-locked',
    facts: { folder: output, host, process: pid },
  });
  const resume = ['train', '--output', output, '--resume'];
  await expect(runCommand(resume)).rejects.toMatchObject(isLocked(hostname(), process.pid));
  process.emit('SIGTERM');
  expect(await running).toBe(130);
  const done = verifyCheckpoint(path.join(output, 'last')).iteration;

  // Of a process that has ended, of one of the same number long ago, of another machine long ago.
  const ended = spawnSync(process.execPath, ['-e', '']).pid;
  const lock = path.join(output, '.lock');
  const leftovers = ['config.yaml', 'report.html'].map((name) => path.join(output, `.${name}.${ended}.tmp`));
  const goOn = (iterations: number) => main([...resume, '--iterations', String(iterations)]);
  for (const [k, owner] of [
    `${hostname()} ${ended} 5`,
    `${hostname()} ${process.ppid} 5`,
    'other 1 5',
  ].entries()) {
    for (const name of leftovers) writeFileSync(name, '');
    symlinkSync(owner, lock);
    if (owner.startsWith('other')) {
      await expect(runCommand(resume)).rejects.toMatchObject(isLocked('other', 1));
      lutimesSync(lock, 0, 0);
    }
    expect(await goOn(done + k + 1)).toBe(0);
    expect(readdirSync(output).filter((name) => /lock|tmp/.test(name))).toEqual([]);
  }
});

test('Ctrl-C saves, says how to go on, and ends with status 130', async () => {
  const output = workplace.at('it is stopped');
  const running = workplace.train(output, '--iterations', '1000');
  await until(() => existsSync(path.join(output, 'checkpoints', '0000002')));
  const { renameSync: rename } = fs;
  let listeners = 0;
  jest.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
    if (String(to).includes('report.html')) listeners = process.listenerCount('SIGTERM');
    rename(from, to);
  });
  process.emit('SIGINT');
  expect(await running).toBe(130);
  // Another signal does not keep the report from being finished.
  expect(listeners).toBeGreaterThan(process.listenerCount('SIGTERM'));
  expect(workplace.stderr).toMatch(
    /Stopped after iteration \d+; saved in .* --output '.*it is stopped' --resume\n$/,
  );
  const last = Number(path.basename(realpathSync(path.join(output, 'last'))));
  expect(metricsOf(output).at(-1)!.iteration).toBe(last);
  const report = readFileSync(path.join(output, 'report.html'), 'utf8');
  expect(report).toContain(`stopped after ${last} of 1000 iterations`);
});

test('a run folder in use is refused, and so is a run that cannot be', async () => {
  const output = workplace.at('refused');
  const broken = workplace.at('broken');
  await cp(workplace.scenes, broken, { recursive: true });
  const picture = path.join(broken, 'images', '000002.jpg');
  writeFileSync(picture, readFileSync(picture).subarray(0, 1000));
  const refused = (to: string, ...more: string[]) =>
    expect(runCommand(workplace.trainArguments(to, ...more))).rejects;
  await refused(output, '--train-images', path.join(broken, 'images')).toMatchObject({
    name: 'AnnotationError',
    problems: [{ kind: 'unreadable picture', imageId: 2 }],
  });
  const file = path.join(workplace.scenes, 'train.json');
  await refused(output, '--weights', file).toMatchObject({ name: 'WeightsError', file });
  expect(existsSync(output)).toBe(false);

  const occupied = workplace.at('occupied');
  writeFileSync(occupied, '');
  await refused(occupied).toMatchObject({ code: 'output-below-file', facts: { file: occupied } });
});
