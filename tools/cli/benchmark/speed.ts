import type { Command } from 'commander';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { medianOf } from '../../../detection/events/median';
import { InputError } from '../../../detection/errors';
import { runProgram, type ProgramCall } from '../../benchmarks/child-process';
import { makeEvaluationFiles } from '../../benchmarks/evaluation-files';
import { OtherWork } from '../../benchmarks/machine';
import { speedCases, type Run, type SpeedCase } from '../../benchmarks/speed-cases';
import { interruptible } from '../../terminal/interruption';
import { requireFileName, writeJson } from '../../terminal/output-files';
import { logLine } from '../../terminal/progress';
import { collect, requiredOption } from '../options';

interface BenchmarkSpeedOptions {
  readonly peerPython: string;
  readonly peerScripts: string;
  readonly annotations: string;
  readonly images: string;
  readonly case?: readonly string[];
  readonly json?: string;
}

/** One comparison's result. Ratios are ours / the peer's. */
interface Comparison {
  readonly name: string;
  readonly what: string;
  readonly peerName: string;
  readonly ours: Run;
  readonly peer: Run;
  readonly timeRatio: number;
  readonly memoryRatio: number | null;
  readonly disturbed: boolean;
}

/** `rcnn benchmark speed`. */
export function speedCommand(command: Command): void {
  command
    .option('--peer-python <file>', 'a Python with torch, torchvision, Pillow, numpy and faster-coco-eval')
    .option('--peer-scripts <dir>', 'folder of bench.py, the torchvision peer', '../shared/peers/torchvision')
    .option('--annotations <file>', 'COCO instances file whose pictures are loaded')
    .option('--images <dir>', 'folder of its images')
    .option('--case <name>', 'only this case; may be given several times', collect)
    .option('--json <file>', 'also write the result as JSON')
    .action((options: Partial<BenchmarkSpeedOptions> & { peerScripts: string }) =>
      runBenchmarkSpeed({
        ...options,
        peerPython: requiredOption(options.peerPython, '--peer-python FILE'),
        annotations: requiredOption(options.annotations, '--annotations FILE'),
        images: requiredOption(options.images, '--images DIR'),
      }),
    );
}

/** Times our detector, evaluation and loader beside their Python counterparts, in turns, and prints the ratios. */
async function runBenchmarkSpeed(options: BenchmarkSpeedOptions): Promise<void> {
  if (options.json !== undefined) requireFileName('--json', options.json);
  requireExisting('--peer-scripts', path.join(options.peerScripts, 'bench.py'));
  requireExisting('--annotations', options.annotations);
  requireExisting('--images', options.images);
  const evaluation = mkdtempSync(path.join(tmpdir(), 'rcnn-benchmark-'));
  try {
    const cases = chosenCases(
      speedCases({ ...options, python: options.peerPython, scripts: options.peerScripts, evaluation }),
      options.case,
    );
    if (cases.some(({ name }) => name === 'evaluate')) {
      const { instances, detections } = makeEvaluationFiles();
      writeFileSync(path.join(evaluation, 'instances.json'), instances);
      writeFileSync(path.join(evaluation, 'detections.json'), detections);
    }
    const comparisons = await interruptible(async (signal) => {
      const done: Comparison[] = [];
      for (const speedCase of cases) {
        const comparison = await compare(speedCase, signal);
        process.stdout.write(`${row(comparison)}\n`);
        done.push(comparison);
      }
      return done;
    });
    if (options.json !== undefined) writeJson(options.json, comparisons);
  } finally {
    rmSync(evaluation, { recursive: true, force: true });
  }
}

function requireExisting(option: string, name: string): void {
  if (!existsSync(name))
    throw new InputError('no-such-path', `${option}: there is no ${name}`, { option, path: name });
}

function chosenCases(
  cases: readonly SpeedCase[],
  names: readonly string[] | undefined,
): readonly SpeedCase[] {
  if (names === undefined) return cases;
  return names.map((name) => {
    const known = cases.find((candidate) => candidate.name === name);
    if (!known)
      throw new InputError(
        'unknown-case',
        `--case ${name}: there is no such case; there are ${cases.map((each) => each.name).join(', ')}`,
        { name, known: cases.map((each) => each.name) },
      );
    return known;
  });
}

/** Both sides in turns, so that a machine that slows down slows both. */
async function compare(speedCase: SpeedCase, signal: AbortSignal): Promise<Comparison> {
  const { name, what, peerName } = speedCase;
  const runs: { ours: Run[]; peer: Run[] } = { ours: [], peer: [] };
  for (let round = 0; round < speedCase.rounds; round++) {
    logLine(`${what}: round ${round + 1} of ${speedCase.rounds}`);
    runs.ours.push(await run(speedCase.ours, speedCase.parse, signal));
    runs.peer.push(await run(speedCase.peer, speedCase.parse, signal));
  }
  const [ours, peer] = [middle(runs.ours), middle(runs.peer)];
  return {
    ...{ name, what, peerName, ours, peer },
    timeRatio: ours.seconds / peer.seconds,
    memoryRatio:
      ours.megabytes === undefined || peer.megabytes === undefined ? null : ours.megabytes / peer.megabytes,
    disturbed: ours.disturbed === true || peer.disturbed === true,
  };
}

async function run(side: ProgramCall, parse: SpeedCase['parse'], signal: AbortSignal): Promise<Run> {
  const start = performance.now();
  const otherWork = new OtherWork();
  const stdout = await runProgram(side, signal);
  const seconds = (performance.now() - start) / 1000;
  const disturbed = otherWork.disturbs;
  const line = stdout.trim().split('\n').at(-1) ?? '';
  return parse === undefined ? { seconds, disturbed } : parse(line);
}

function middle(runs: readonly Run[]): Run {
  const seconds = medianOf(runs.map((each) => each.seconds));
  return { ...runs[0], seconds, disturbed: runs.some((each) => each.disturbed === true) };
}

function row({ what, peerName, ours, peer, timeRatio, memoryRatio, disturbed }: Comparison): string {
  const times = `${ours.seconds.toPrecision(3)} s against ${peerName}'s ${peer.seconds.toPrecision(3)} s`;
  const memory =
    memoryRatio === null
      ? ''
      : `; ${memoryRatio.toFixed(2)} x the memory: ${ours.megabytes!.toFixed(0)} MB against ${peer.megabytes!.toFixed(0)} MB`;
  const warning = disturbed ? '; DISTURBED by other work, do not use' : '';
  return `${what}\n  ${timeRatio.toFixed(2)} x the time: ${times}${memory}${warning}`;
}
