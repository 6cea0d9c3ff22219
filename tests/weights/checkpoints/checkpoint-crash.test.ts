import fs, {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { loadBackend } from '../../../detection/backend/node';
import type { Hook, Json, TrainingState } from '../../../detection/engine/hooks';
import { JsonLinesWriter } from '../../../detection/engine/writers/json-lines-writer';
import { multiStep } from '../../../detection/engine/schedules';
import { Sgd } from '../../../detection/engine/sgd';
import { train } from '../../../detection/engine/train';
import {
  readCheckpointState,
  saveCheckpoint,
  verifyCheckpoint,
} from '../../../weights/checkpoints/checkpoint';
import { CheckpointHook } from '../../../weights/checkpoints/checkpoint-hook';
import { resumeFrom } from '../../../weights/checkpoints/resume';
import { removeCheckpointLeftovers } from '../../../weights/checkpoints/resume-point';
import { readSafetensors, writeSafetensors } from '../../../weights/formats/safetensors-file';
import { WeightsError } from '../../../weights/formats/weights-error';
import { ToyModel, toyBatches } from '../../detection/engine/toy-model';
import { rejectionOf, thrownBy } from '../../thrown';

const ITERATIONS = 6;
/** Of the steps: best at 2 and 5. Checkpoints are made at 2, 3 (kept for good), 4, 5, 6; 2 and, at the end, 4 are removed. */
const SCORES = [NaN, 0.3, 0.2, 0.1, 0.5, 0.4];

let tensorsBefore: number;
let folder: string;
beforeAll(() => loadBackend());
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
  folder = mkdtempSync(path.join(tmpdir(), 'crash-'));
});
afterEach(() => {
  jest.restoreAllMocks();
  rmSync(folder, { recursive: true });
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

/** Remembers the steps that it has seen. */
class Counter implements Hook {
  readonly name = 'counter';
  private steps: Json[] = [];

  state(): Json {
    return [...this.steps];
  }

  restore(state: Json): void {
    this.steps = [...(state as Json[])];
  }

  afterStep({ iteration }: TrainingState): void {
    this.steps.push(iteration);
  }
}

/** Trains up to the end as `rcnn train --resume` does; what it told. */
async function run(output = folder): Promise<string[]> {
  const told: string[] = [];
  removeCheckpointLeftovers(output);
  const log = (line: string) => told.push(line);
  const model = new ToyModel();
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0.9, weightDecay: 1e-4 });
  const count = new Counter();
  const score: Hook = {
    name: 'score',
    afterStep: ({ iteration, storage }) => storage.scalar('AP', SCORES[iteration - 1]),
  };
  try {
    const { startIteration } = resumeFrom(output, { model, optimizer, hooks: [count], log });
    await train(toyBatches(startIteration), model, {
      optimizer,
      learningRate: multiStep(0.02, [4], 0.1),
      iterations: ITERATIONS,
      startIteration,
      hooks: [
        score,
        count,
        new JsonLinesWriter({ file: path.join(output, 'metrics.jsonl') }),
        new CheckpointHook(output, {
          model,
          optimizer,
          every: 2,
          keep: 2,
          keepEvery: 3,
          bestMetric: { name: 'AP', better: 'higher' },
          log,
        }),
      ],
    });
  } finally {
    model.dispose();
    optimizer.dispose();
  }
  return told;
}

/** All that a run leaves, without what differs from one run to the next: times, memory. */
function contentsOf(output = folder): Record<string, string> {
  const contents: Record<string, string> = {};
  const measured = (key: string, value: unknown) =>
    ['seconds', 'data_seconds', 'peak_memory_bytes', 'sha256'].includes(key) ? undefined : value;
  const add = (name: string): void => {
    const file = path.join(output, name);
    const stat = lstatSync(file);
    if (stat.isDirectory()) for (const inner of readdirSync(file)) add(path.join(name, inner));
    else if (stat.isSymbolicLink()) contents[name] = readlinkSync(file);
    else if (name.endsWith('.safetensors')) contents[name] = readFileSync(file, 'base64');
    else {
      const texts = readFileSync(file, 'utf8').trim();
      const documents = name.endsWith('.jsonl') ? texts.split('\n') : [texts];
      contents[name] = documents.map((text) => JSON.stringify(JSON.parse(text), measured)).join('\n');
    }
  };
  for (const name of readdirSync(output)) add(name);
  return contents;
}

const WRITING = [
  'mkdirSync',
  'writeSync',
  'writeFileSync',
  'fsyncSync',
  'renameSync',
  'symlinkSync',
  'rmSync',
] as const;

class Killed extends Error {}

/**
 * Lets this process do so many calls that write, then it is as if it were dead: the call after them is done by half at
 * most, those after it are not done at all. Returns the number of calls so far.
 */
function dieAfter(calls: number): () => number {
  let done = 0;
  for (const name of WRITING) {
    const original = fs[name] as (...args: unknown[]) => unknown;
    jest.spyOn(fs, name).mockImplementation((...args: unknown[]): never => {
      if (done++ === calls) doHalf(name, args, original);
      if (done > calls) throw new Killed(name);
      return original(...args) as never;
    });
  }
  return () => done;
}

function doHalf(
  name: (typeof WRITING)[number],
  args: unknown[],
  call: (...args: unknown[]) => unknown,
): void {
  const [first, second] = args;
  if (name === 'writeSync') call(first, Buffer.from(second as string | Uint8Array).subarray(0, 5));
  if (name === 'writeFileSync') call(first, String(second).slice(0, 20));
  if (name === 'rmSync' && existsSync(first as string) && lstatSync(first as string).isDirectory()) {
    call(path.join(first as string, readdirSync(first as string)[0]));
  }
}

test('a run that dies at any write goes on to the same end, to the bit', async () => {
  const whole = mkdtempSync(path.join(tmpdir(), 'whole-'));
  await run(whole);
  const expected = contentsOf(whole);
  rmSync(whole, { recursive: true });
  expect(Object.keys(expected).filter((name) => name.startsWith('checkpoints')).length).toBe(9);
  expect(expected['best']).toBe('checkpoints/0000005');
  expect(expected['last/state.json'] ?? expected['checkpoints/0000006/state.json']).toContain(
    '"counter":[1,2,3,4,5,6]',
  );

  let reached = 0;
  for (let calls = 0; ; calls++) {
    const count = dieAfter(calls);
    const first = await run().catch((error: unknown) => error);
    reached = count();
    jest.restoreAllMocks();
    if (Array.isArray(first)) break;
    expect(first).toBeInstanceOf(Killed);
    expect(await run()).toEqual([]);
    expect(contentsOf()).toEqual(expected);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
  }
  expect(contentsOf()).toEqual(expected);
  expect(reached).toBeGreaterThan(60);
});

test('a run that dies again and again, also while it goes on, loses nothing', async () => {
  await run();
  const expected = contentsOf();
  rmSync(folder, { recursive: true });
  mkdirSync(folder);
  let deaths = 0;
  // Each life is a little longer than the one before; primes meet other calls each time.
  for (const calls of [3, 11, 17, 23, 31, 37, 43, 53, 61, 71]) {
    dieAfter(calls);
    if (!Array.isArray(await run().catch(() => undefined))) deaths++;
    jest.restoreAllMocks();
  }
  expect(deaths).toBeGreaterThan(5);
  await run();
  expect(contentsOf()).toEqual(expected);
});

describe('a damaged checkpoint', () => {
  const file = (name: string) => path.join(folder, 'checkpoints', '0000006', name);
  const flip = (name: string) => {
    const bytes = readFileSync(file(name));
    bytes[bytes.length >> 1] ^= 4;
    writeFileSync(file(name), bytes);
  };

  test.each<[string, () => void, string, string]>([
    ['a bit of the model', () => flip('model.safetensors'), 'model.safetensors', 'checkpoint-damaged'],
    [
      'a bit of the optimizer',
      () => flip('optimizer.safetensors'),
      'optimizer.safetensors',
      'checkpoint-damaged',
    ],
    [
      'a digit of the state',
      () =>
        writeFileSync(
          file('state.json'),
          readFileSync(file('state.json'), 'utf8').replace('"iteration": 6', '"iteration": 5'),
        ),
      'state.json',
      'checkpoint-damaged',
    ],
    [
      'a short model',
      () => truncateSync(file('model.safetensors'), 100),
      'model.safetensors',
      'checkpoint-damaged',
    ],
    [
      'a longer optimizer',
      () => appendFileSync(file('optimizer.safetensors'), '0'),
      'optimizer.safetensors',
      'checkpoint-damaged',
    ],
    ['no model', () => rmSync(file('model.safetensors')), 'model.safetensors', 'checkpoint-unreadable'],
    ['no state', () => rmSync(file('state.json')), 'state.json', 'checkpoint-unreadable'],
    ['an empty state', () => truncateSync(file('state.json'), 0), 'state.json', 'checkpoint-json'],
  ])('with %s is refused, and the one before it is used', async (_, damage, name, code) => {
    await run();
    const expected = contentsOf();
    damage();
    const last = path.join(folder, 'last');
    const error = thrownBy(() => verifyCheckpoint(last));
    expect(error).toMatchObject({ code, file: path.join(last, name) });
    const told = await run();
    // The same reason; but for the system's, which tells the path once more.
    const { message } = error as Error;
    const [reason] = message.slice(message.indexOf(name)).split(',');
    expect(told).toEqual([expect.stringContaining(reason)]);
    expect(told[0]).toMatch(/; using the checkpoint before it$/);
    expect(contentsOf()).toEqual(expected);
  });

  test('of weights that have overflowed is passed over too', async () => {
    await run();
    const expected = contentsOf();
    const last = path.join(folder, 'checkpoints', '0000006');
    const file = path.join(last, 'model.safetensors');
    const { tensors } = readSafetensors(file);
    const { bytes } = tensors.get('head.weight')!;
    new DataView(bytes.buffer, bytes.byteOffset).setFloat32(0, Infinity, true);
    writeSafetensors(file, tensors, { format: 'pt' });
    const state = readCheckpointState(last);
    writeFileSync(path.join(last, 'state.json'), JSON.stringify({ ...state, sha256: undefined }));
    expect(await run()).toEqual([
      expect.stringMatching(
        /model\.safetensors: entry "head\.weight": element 0 is NaN or infinite; using the checkpoint before it$/,
      ),
    ]);
    expect(contentsOf()).toEqual(expected);
  });

  test('that is gone, or was the best, or the only one', async () => {
    await run();
    const expected = contentsOf();
    rmSync(path.join(folder, 'checkpoints', '0000006'), { recursive: true });
    await run();
    expect(contentsOf()).toEqual(expected);

    rmSync(path.join(folder, 'last'));
    expect(await run()).toEqual([]);

    const link = readlinkSync(path.join(folder, 'last'));
    rmSync(path.join(folder, 'last'));
    cpSync(path.join(folder, link), path.join(folder, 'last'), { recursive: true });
    await expect(run()).rejects.toMatchObject({
      code: 'checkpoint-link',
      file: path.join(folder, 'last'),
      facts: { target: 'checkpoints/0000006' },
    });
    rmSync(path.join(folder, 'last'), { recursive: true });
    symlinkSync(link, path.join(folder, 'last'));

    const best = path.join(folder, 'checkpoints', '0000005', 'model.safetensors');
    writeFileSync(best, 'x');
    expect(await run()).toEqual([
      expect.stringMatching(/best\/model.* is damaged.*; this checkpoint is no longer the best$/),
    ]);
    expect(existsSync(path.join(folder, 'best'))).toBe(false);
    for (const name of ['0000003', '0000006']) {
      rmSync(path.join(folder, 'checkpoints', name, 'model.safetensors'));
    }
    const error = await rejectionOf(run());
    expect(error).toBeInstanceOf(WeightsError);
    const file = path.join(folder, 'checkpoints', '0000006', 'model.safetensors');
    expect(error).toMatchObject({ code: 'checkpoint-unreadable', file });
  });
});

test('what dead processes have left is removed, what living ones are at is not', () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const living = process.ppid;
  const checkpoints = path.join(folder, 'checkpoints');
  for (const pid of [dead, living]) {
    for (const suffix of ['tmp', 'tmp.removed']) {
      mkdirSync(path.join(checkpoints, `.0000002.${pid}.${suffix}`), { recursive: true });
    }
    symlinkSync('nowhere', path.join(folder, `.last.${pid}.tmp`));
  }
  for (const name of ['.hidden', `notes.${dead}.tmp`]) writeFileSync(path.join(folder, name), '');
  // A rename away from being replaced: what was to be replaced gets its name back.
  writeFileSync(path.join(checkpoints, `.0000002.${dead}.tmp.removed`, 'old'), '');
  removeCheckpointLeftovers(folder);
  expect(readdirSync(checkpoints).sort()).toEqual([
    `.0000002.${living}.tmp`,
    `.0000002.${living}.tmp.removed`,
    '0000002',
  ]);
  expect(readdirSync(path.join(checkpoints, '0000002'))).toEqual(['old']);
  expect(readdirSync(folder).sort()).toEqual([
    '.hidden',
    `.last.${living}.tmp`,
    'checkpoints',
    `notes.${dead}.tmp`,
  ]);
});

test('a folder that has been taken away in the middle is named, not made again', () => {
  const gone = path.join(folder, 'gone', '0000001');
  const model = new ToyModel();
  const optimizer = new Sgd(model.namedParameters(), { momentum: 0, weightDecay: 0 });
  const contents = { iteration: 1, hooks: {}, metrics: {}, metadata: {} };
  const error = thrownBy(() => saveCheckpoint(gone, { model, optimizer }, contents));
  expect(error).toMatchObject({ code: 'checkpoint-unwritable', file: gone, cause: { code: 'ENOENT' } });
  expect(existsSync(path.dirname(gone))).toBe(false);
  model.dispose();
  optimizer.dispose();
});
