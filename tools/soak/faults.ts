import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { FaultKind, PlannedFault } from './fault-plan';
import { DEFECTS, type Pictures } from './pictures';
import type { SmallDisk } from './small-disk';
import {
  KILLED,
  finalMessage,
  PATIENCE_SECONDS,
  STOPPED,
  type ExpectedEnd,
  type SupervisedRun,
} from './supervised-run';
import { RcnnProcess } from './trainer';

/** What faults are injected into. */
export interface Surroundings {
  readonly run: SupervisedRun;
  readonly pictures: Pictures;
  /** Undefined where this machine lets nobody have one. */
  readonly disk: SmallDisk | undefined;
}

/** What came of a fault. Where it ended the process, another one has to be started. */
export interface Outcome {
  readonly done: string;
  readonly said: string;
  readonly problems: readonly string[];
  /** The picture that is broken from now on. */
  readonly picture?: string;
}

/** Injects a fault into a run that trains, and waits for what the run makes of it. */
export function inject({ kind, draw }: PlannedFault, surroundings: Surroundings): Promise<Outcome> {
  return injections[kind](surroundings, draw);
}

type Injection = (surroundings: Surroundings, draw: number) => Promise<Outcome>;

/** Steps after which a run counts as having got over something. */
const STEPS_ON = 5;
/**
 * Of a hiccup. The product looks at a picture three times within a second; a tenth of that is left for this process to be
 * late with mending.
 */
const HICCUP_SECONDS = [0.1, 0.6] as const;
const RETRIED_SECONDS = 0.9;
/** Pictures that are broken at the same time, for good: of two ends of a batch, one mostly can be used. */
const MAX_LOST = 6;
/** Starting takes about so long, a checkpoint about so long: the kill meets any moment of it. */
const STARTING_SECONDS = 3;
const CHECKPOINT_MILLISECONDS = 80;

/** The second signal comes while the first one's work is done, or after it. */
const stoppedOrKilled: ExpectedEnd = { ...STOPPED, ends: [...STOPPED.ends, ...KILLED.ends] };

const injections: Readonly<Record<FaultKind, Injection>> = {
  kill: ({ run }) => endBy('SIGKILL', run, KILLED, 'kill -9'),
  interrupt: ({ run }) => endBy('SIGINT', run, STOPPED, 'Ctrl-C'),
  terminate: ({ run }) => endBy('SIGTERM', run, STOPPED, 'kill'),

  'interrupt twice': async ({ run }, draw) => {
    run.process.kill('SIGINT');
    const pause = Math.round(1000 * draw);
    await setTimeout(pause);
    return endBy('SIGINT', run, stoppedOrKilled, `Ctrl-C, and again after ${pause} ms`);
  },

  'kill in checkpoint': async ({ run }, draw) => {
    const checkpoints = path.join(run.settings.output, 'checkpoints');
    const begun = await nextCheckpoint(checkpoints, run);
    await setTimeout(CHECKPOINT_MILLISECONDS * draw);
    const outcome = await endBy('SIGKILL', run, KILLED, '');
    const halfDone = readdirSync(checkpoints).filter((name) => name.startsWith('.'));
    const done = `kill -9 while it wrote a checkpoint; it left ${halfDone.join(', ') || 'nothing half written'}`;
    return begun ? { ...outcome, done } : { ...outcome, done, problems: ['wrote no checkpoint'] };
  },

  'kill while starting': async ({ run }, draw) => {
    const first = await endBy('SIGKILL', run, KILLED, '');
    run.start();
    const seconds = STARTING_SECONDS * draw;
    await setTimeout(1000 * seconds);
    const second = await endBy(
      'SIGKILL',
      run,
      KILLED,
      `kill -9, and again ${seconds.toFixed(1)} s after the start`,
    );
    return { ...second, problems: [...first.problems, ...second.problems] };
  },

  'damaged checkpoint': async ({ run }, draw) => {
    const outcome = await endBy('SIGKILL', run, KILLED, 'kill -9');
    const last = path.join(run.settings.output, 'last');
    const checkpoint = readlinkSync(last);
    const names = readdirSync(path.join(run.settings.output, 'checkpoints'));
    // Whoever loses the only checkpoint has lost everything: that is refused, and no fault to get over.
    if (!names.some((name) => /^\d+$/.test(name) && name < path.basename(checkpoint))) return outcome;
    const files = ['model.safetensors', 'optimizer.safetensors', 'state.json'];
    const file = path.join(last, files[Math.floor(draw * files.length)]);
    const isCut = (draw * 100) % 2 < 1;
    if (isCut) truncateSync(file, Math.floor(statSync(file).size / 2));
    else flipBit(file, draw);
    run.checkpointIsDamaged(/state\.json: cannot be read|safetensors: is damaged|state\.json: is damaged/);
    const name = path.join(checkpoint, path.basename(file));
    return { ...outcome, done: `kill -9; then ${isCut ? 'cut off half' : 'flipped a bit'} of ${name}` };
  },

  'full disk': async ({ run, disk }, draw) => {
    if (!disk) return { done: 'nothing: there is no small disk', said: '', problems: [] };
    // Room for a row or two, for a part of a checkpoint, or for nothing.
    const room = Math.floor([0, 4096, 2 ** 20, 2 ** 24][Math.floor(4 * draw)]);
    disk.fill(room);
    const full: ExpectedEnd = {
      ends: [{ status: 2, signal: null }],
      finalMessage: /the disk is full|no space left/,
    };
    const { problems, said } = await run.ended('full disk', full);
    disk.free();
    return { done: `filled up the disk but for ${room} bytes; freed after the end`, said, problems };
  },

  'broken pictures': async ({ run, pictures }, draw) => {
    const defect = DEFECTS[Math.floor(draw * DEFECTS.length)];
    const broken = some(pictures.names, 3, draw);
    pictures.break(broken, defect);
    const refused: ExpectedEnd = {
      ends: [{ status: 2, signal: null }],
      finalMessage: /\.jpg: .*\nStopped after iteration \d+; saved in .* --resume$/m,
    };
    const { problems, said } = await run.ended('broken pictures', refused);
    pictures.repair();
    return { done: `${broken.length} pictures ${defect} until the run had stopped`, said, problems };
  },

  hiccup: async ({ run, pictures }, draw) => {
    const defect = DEFECTS[Math.floor(draw * DEFECTS.length)];
    const [shortest, longest] = HICCUP_SECONDS;
    const begun = performance.now();
    const broken = pictures.whole;
    pictures.break(broken, defect);
    await setTimeout(1000 * (shortest + (longest - shortest) * ((10 * draw) % 1)));
    pictures.repair(broken);
    const seconds = (performance.now() - begun) / 1000;
    const done = `all pictures ${defect} for ${seconds.toFixed(2)} s`;
    if (await continues(run)) return { done, said: '', problems: [] };
    // Mended too late, by this process: what has ended the run is another fault, which it may be ended by.
    const isTooLong = seconds > RETRIED_SECONDS;
    const mayEnd: ExpectedEnd = {
      ends: isTooLong ? [{ status: 2, signal: null }] : [],
      finalMessage: /\.jpg: /,
    };
    const { problems, said } = await run.ended('hiccup', mayEnd);
    return { done, said, problems };
  },

  worker: async ({ run }, draw) => {
    const { process } = run;
    const before = process.endedWorkers.length;
    const heard = process.stderr.length;
    process.order({ endWorker: draw });
    await process.until(() => process.endedWorkers.length > before, PATIENCE_SECONDS);
    const ended = process.endedWorkers.at(-1);
    const done = `ended one of ${ended?.of ?? 0} threads that load pictures`;
    if (!(await continues(run))) return unexpectedEnd(run, done);
    const said = process.stderr
      .slice(heard)
      .split('\n')
      .find((line) => WORKER_DEATH.test(line));
    const isMissed = said === undefined && ended?.isClosed !== true;
    return { done, said: said ?? '', problems: isMissed ? ['nothing was said of it'] : [] };
  },

  'second process': async ({ run }) => {
    const second = new RcnnProcess(['train', '--output', run.settings.output, '--resume']);
    const end = await second.end(PATIENCE_SECONDS);
    second.kill('SIGKILL');
    const done = 'started a second process on the same folder';
    const said = finalMessage(second.stderr);
    const isRefused = end?.status === 2 && / is at work on this run; wait until it is done/.test(said);
    if (!(await continues(run))) return unexpectedEnd(run, done);
    return { done, said, problems: isRefused ? [] : [`the second process was not refused: ${said}`] };
  },

  'lost picture': async ({ run, pictures }, draw) => {
    const defect = DEFECTS[Math.floor(draw * DEFECTS.length)];
    if (pictures.broken.length === MAX_LOST) pictures.repair(pictures.broken.slice(0, 1));
    const [name] = some(pictures.whole, pictures.whole.length, draw);
    const heard = run.process.stderr.length;
    pictures.break([name], defect);
    const done = `${name} ${defect} for good`;
    const mentions = (): string | undefined =>
      run.process.stderr
        .slice(heard)
        .split('\n')
        .find((line) => line.includes(name));
    await run.process.until(() => mentions() !== undefined, PATIENCE_SECONDS);
    if (!(await continues(run))) return unexpectedEnd(run, done);
    const said = mentions();
    return {
      done,
      said: said ?? '',
      problems: said === undefined ? ['nothing was said of it'] : [],
      picture: name,
    };
  },
};

/** What a run says of a thread that has been replaced. */
const WORKER_DEATH = /^a worker thread has died and was replaced: /;

async function endBy(
  signal: NodeJS.Signals,
  run: SupervisedRun,
  expected: ExpectedEnd,
  done: string,
): Promise<Outcome> {
  run.process.kill(signal);
  return { done, ...(await run.ended(done, expected)) };
}

/** Whether the run does some steps more. */
async function continues({ process }: SupervisedRun): Promise<boolean> {
  const after = (process.iteration ?? 0) + STEPS_ON;
  return process.until(() => (process.iteration ?? 0) >= after, PATIENCE_SECONDS);
}

async function unexpectedEnd(run: SupervisedRun, done: string): Promise<Outcome> {
  return { done, ...(await run.ended(done, { ends: [] })) };
}

/** Waits until a checkpoint begins to be written; false where none does. */
async function nextCheckpoint(checkpoints: string, { process }: SupervisedRun): Promise<boolean> {
  let hasBegun = false;
  const watcher = watch(checkpoints, (_, name) => {
    if (name?.endsWith('.tmp')) hasBegun = true;
  });
  try {
    return await process.until(() => hasBegun, PATIENCE_SECONDS);
  } finally {
    watcher.close();
  }
}

/** A part of a list, one in `divisor`, from a place that is drawn. */
function some(names: readonly string[], divisor: number, draw: number): string[] {
  const first = Math.floor(draw * names.length);
  const count = Math.ceil(names.length / divisor);
  return Array.from({ length: count }, (_, k) => names[(first + k) % names.length]);
}

function flipBit(file: string, draw: number): void {
  if (!existsSync(file)) return;
  const bytes = readFileSync(file);
  bytes[Math.floor(draw * bytes.length)] ^= 4;
  writeFileSync(file, bytes);
}
