import { cpSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { faultPlan, skippingPlan, type FaultKind, type PlannedFault } from './fault-plan';
import { Pictures } from './pictures';
import { ENOUGH_STEPS } from './memory-growth';
import type { FaultRecord, Phase, SoakRecording } from './recording';
import { readRun } from './run-contents';
import type { SmallDisk } from './small-disk';
import { DONE, SupervisedRun } from './supervised-run';
import { RcnnProcess } from './trainer';
import { runUnderFaults } from './under-faults';

export interface SoakOptions {
  readonly seed: number;
  /** Of training under faults, both runs together. What is undisturbed comes on top. */
  readonly minutes: number;
  /** A folder that is there and empty, but for the small disk's folder. */
  readonly output: string;
  /** Where the runs under faults are; undefined where there is none. */
  readonly disk: SmallDisk | undefined;
  readonly impossible: readonly { readonly kind: FaultKind; readonly reason: string }[];
  readonly logLine: (line: string) => void;
}

/** A soak of so many minutes looks at everything; a shorter one may not see whether memory grows. */
export const FULL_MINUTES = 30;
/** Share of the time in which pictures may break for good. */
const SKIPPING_SHARE = 0.2;
/** Scenes: few and small, so that a step is mostly the trainer's own work and every picture is read every few seconds. */
const SCENES = { train: 24, val: 6, size: 96 } as const;
const CHECKPOINT_EVERY = 25;
/** More than can be done; the real number is known when the time is over. */
const ENDLESS = 10_000_000;

/** The demo's optimizer, at a constant rate: how many steps a run will have is not known when it begins. */
const SETTINGS = {
  'model.minSize': SCENES.size,
  'model.maxSize': SCENES.size,
  'data.batchSize': 2,
  'data.workers': 2,
  'optimizer.type': 'adamw',
  'optimizer.lr': 0.001,
  'schedule.warmupIterations': 20,
  'schedule.milestones': '[]',
  checkpointEvery: CHECKPOINT_EVERY,
  evaluateEvery: 2 * CHECKPOINT_EVERY,
} as const;

/** Trains under faults, then undisturbed, and records all of it. */
export async function soak({
  seed,
  minutes,
  output,
  disk,
  impossible,
  logLine,
}: SoakOptions): Promise<SoakRecording> {
  const started = performance.now();
  const clock = (): number => (performance.now() - started) / 1000;
  const scenes = path.join(output, 'scenes');
  await makeScenes(scenes, seed);
  const images = path.join(scenes, 'images');
  const pictures = new Pictures(images, path.join(scenes, 'spare'));
  const [train, val] = [path.join(scenes, 'train.json'), path.join(scenes, 'val.json')];
  const runs = path.join(output, 'runs');
  mkdirSync(runs);

  const newRun = (phase: Phase, ...more: readonly string[]): SupervisedRun =>
    new SupervisedRun({
      phase,
      output: path.join(phase === 'control' || !disk ? runs : disk.folder, phase),
      options: [
        ...['--model', 'fasterrcnn_tiny_fpn', '--iterations', String(ENDLESS)],
        ...['--train-annotations', train, '--train-images', images],
        ...['--val-annotations', val, '--val-images', images],
        ...Object.entries({ ...SETTINGS, seed }).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
        ...more,
      ],
      checkpointEvery: CHECKPOINT_EVERY,
      clock,
    });
  const suffer = (run: SupervisedRun, plan: Iterable<PlannedFault>, share: number): Promise<number> =>
    runUnderFaults(run, plan, { pictures, disk, until: clock() + 60 * minutes * share, impossible, logLine });

  const faults = newRun('faults');
  const iterations = await suffer(faults, faultPlan(seed), 1 - SKIPPING_SHARE);
  const skipping = newRun('skipping', '--set', 'data.onBrokenPicture=skip');
  await suffer(skipping, skippingPlan(seed), SKIPPING_SHARE);
  pictures.repair();

  const control = newRun('control');
  logLine(`${iterations} steps undisturbed, for comparison`);
  control.start('--iterations', String(iterations));
  await control.ended('done', DONE, Infinity);

  const all = [faults, skipping, control];
  const records = [];
  for (const { settings } of all) {
    logLine(`looking at what the run ${settings.phase} has left`);
    records.push(await readRun(settings.phase, settings.output, val, images));
  }
  if (minutes >= FULL_MINUTES && iterations < ENOUGH_STEPS) {
    logLine(`${ENOUGH_STEPS} steps more undisturbed, for the memory`);
    control.start('--iterations', String(iterations + ENOUGH_STEPS));
    await control.ended('done', DONE, Infinity);
  }
  const leftProcesses = processesOf(output);
  keep(all, runs);
  return {
    seed,
    minutes,
    checkpointEvery: CHECKPOINT_EVERY,
    impossible,
    lives: all.flatMap(({ lives }) => lives),
    faults: all.flatMap((run) => run.faults.map((fault) => withoutPath(fault, output))),
    runs: records,
    leftProcesses,
  };
}

/** Names of files are told from the soak's folder on. */
function withoutPath(fault: FaultRecord, folder: string): FaultRecord {
  return { ...fault, said: fault.said.replaceAll(`${folder}${path.sep}`, '') };
}

async function makeScenes(folder: string, seed: number): Promise<void> {
  const { train, val, size } = SCENES;
  const counts = ['--num-train', String(train), '--num-val', String(val), '--size', String(size)];
  const made = new RcnnProcess(['synthesize', '--output', folder, ...counts, '--seed', String(seed)]);
  const { status } = await made.ended;
  if (status !== 0) throw new Error(`rcnn synthesize failed: ${made.stderr}`);
}

/** Command lines of other processes that work below a folder. Linux only: elsewhere none is known. */
function processesOf(folder: string): string[] {
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const own = [process.pid, process.ppid].map(String);
  return numbers
    .filter((number) => !own.includes(number))
    .map(commandLine)
    .filter((line) => line.includes(`${folder}${path.sep}`));
}

function commandLine(process: string): string {
  try {
    return readFileSync(`/proc/${process}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return ''; // it has just ended
  }
}

/** Copies what is worth reading from the small disk, which goes when the soak does. */
function keep(runs: readonly SupervisedRun[], folder: string): void {
  for (const { settings } of runs) {
    const kept = path.join(folder, settings.phase);
    if (kept === settings.output) continue;
    const isKept = (source: string): boolean =>
      !['checkpoints', 'last', 'best'].includes(path.basename(source));
    cpSync(settings.output, kept, { recursive: true, filter: isKept });
  }
}
