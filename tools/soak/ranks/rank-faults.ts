import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RandomStream } from '../../../detection/nn/random';
import { isRunning, RankProcesses } from './rank-processes';

/** What happens to a rank. Two of them ask it to stop, and with it all others. */
const FAULTS = ['SIGKILL', 'SIGSTOP', 'SIGINT', 'SIGTERM'] as const;

/** Within so many milliseconds every other rank has to have ended. */
const LIMIT = 15_000;
const POLL = 20;

export interface RankTrialOptions {
  readonly ranks: number;
  /** Folder of generated scenes. */
  readonly scenes: string;
  readonly iterations: number;
}

/** What came of one fault. */
export interface RankTrial {
  readonly fault: (typeof FAULTS)[number];
  readonly rank: number;
  /** Steps that had been done when it struck; undefined: it struck before the first. */
  readonly step: number | undefined;
  /** Until all other ranks had ended. */
  readonly milliseconds: number;
  /** What the user was told last. */
  readonly told: string;
  /** What is not as it was promised. */
  readonly broken: readonly string[];
}

export function trainArguments(output: string, { ranks, scenes, iterations }: RankTrialOptions): string[] {
  const data = [
    '--train-annotations',
    path.join(scenes, 'train.json'),
    '--train-images',
    path.join(scenes, 'images'),
  ];
  const often = [
    '--set',
    'model.minSize=64',
    '--set',
    'checkpointEvery=3',
    '--iterations',
    String(iterations),
  ];
  return [
    'train',
    '--model',
    'fasterrcnn_tiny_fpn',
    ...data,
    ...often,
    '--ranks',
    String(ranks),
    '--output',
    output,
  ];
}

/** Weights and optimizer after the last step. */
export function bytesOf(output: string): string {
  const files = ['model', 'optimizer'].map((name) => path.join(output, 'last', `${name}.safetensors`));
  return files.map((file) => (existsSync(file) ? readFileSync(file, 'base64') : '')).join(' ');
}

/**
 * Trains with several ranks, lets a fault strike one of them at a random moment, goes on, and compares what comes out.
 *
 * @param expected what an undisturbed run has learned.
 */
export async function rankTrial(
  output: string,
  options: RankTrialOptions,
  random: RandomStream,
  expected: string,
): Promise<RankTrial> {
  const argv = trainArguments(output, options);
  const fault = random.pick(FAULTS);
  const rank = random.integer(options.ranks);
  const run = new RankProcesses(argv);
  await moment(output, run, options, random);
  const step = stepsOf(output);
  const { pids } = run;
  const victim = pids[Math.min(rank, pids.length - 1)];
  const others = pids.filter((pid) => pid !== victim);
  const isGentle = fault === 'SIGINT' || fault === 'SIGTERM';
  const struck = performance.now();
  if (isRunning(victim)) process.kill(victim, fault);
  while (
    [...others, ...(isGentle ? [victim] : [])].some(isRunning) &&
    performance.now() < struck + 10 * LIMIT
  )
    await delay(POLL);
  const milliseconds = performance.now() - struck;
  for (const pid of pids) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
  await run.ended;
  const told = run.stderr.trim().split('\n').slice(-2).join(' | ');
  const broken: string[] = [];
  // Who is asked to stop ends the step first, however long it takes.
  if (!isGentle && milliseconds > LIMIT) broken.push(`others ended after ${Math.round(milliseconds)} ms`);
  if (/\n\s+at /.test(run.stderr)) broken.push(`a stack trace: ${run.stderr}`);
  const messages = run.stderr.split('\n').filter((line) => /^rank \d/.test(line));
  if (messages.length > options.ranks - 1) broken.push(`several messages: ${messages.join(' | ')}`);
  broken.push(...(await goOn(output, argv, expected)));
  return { fault, rank, step, milliseconds, told, broken };
}

/** A random one: while ranks find each other, or while they train. */
async function moment(
  output: string,
  run: RankProcesses,
  { ranks, iterations }: RankTrialOptions,
  random: RandomStream,
): Promise<void> {
  const step = random.integer(iterations);
  const isThere = (): boolean => run.pids.length === ranks && (step === 0 || (stepsOf(output) ?? 0) >= step);
  let isOver = false;
  void run.ended.then(() => (isOver = true));
  while (!isThere() && !isOver) await delay(POLL);
  await delay(1000 * random.uniform());
}

/** Goes on until the run is done. Returns what is wrong. */
async function goOn(output: string, argv: readonly string[], expected: string): Promise<string[]> {
  const isBegun = existsSync(path.join(output, 'config.yaml'));
  const run = new RankProcesses(isBegun ? ['train', '--output', output, '--resume'] : argv);
  const status = await run.ended;
  if (status !== 0) return [`going on ended with ${status}: ${run.stderr}`];
  return bytesOf(output) === expected ? [] : ['other weights than without the fault'];
}

function stepsOf(output: string): number | undefined {
  const file = path.join(output, 'metrics.jsonl');
  if (!existsSync(file) || statSync(file).size === 0) return undefined;
  return readFileSync(file, 'utf8').split('\n').length - 1;
}
