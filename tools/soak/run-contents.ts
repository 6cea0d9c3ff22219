import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { sha256OfSync } from '../../weights/file-hash';
import { readMetrics } from '../run/folder/metrics-file';
import { runEventFiles, runFolder } from '../run/folder/run-folder';
import { readEventSteps } from './event-steps';
import type { EvaluationRecord, Phase, RunRecord } from './recording';
import { RcnnProcess } from './trainer';

/** Reads all that a run has left in its folder, and evaluates its links with `rcnn evaluate`. */
export async function readRun(
  phase: Phase,
  output: string,
  annotations: string,
  images: string,
): Promise<RunRecord> {
  const { metrics, checkpoints, leftOut } = runFolder(output);
  const { rows } = readMetrics(metrics);
  const lines = readFileSync(metrics, 'utf8').trimEnd().split('\n');
  const evaluations: EvaluationRecord[] = [];
  for (const link of ['last', 'best'] as const) {
    evaluations.push(await evaluate(link, output, annotations, images));
  }
  return {
    phase,
    rows,
    brokenLines: lines.length - rows.length,
    links: Object.fromEntries(
      ['last', 'best'].flatMap((link) => {
        const name = path.join(output, link);
        return existsSync(name) ? [[link, readlinkSync(name)]] : [];
      }),
    ),
    checkpoints: checkpointSums(checkpoints),
    events: readEvents(runEventFiles(output)),
    leftovers: allNames(output).filter((name) => /(^|\/)\./.test(name)),
    evaluations,
    leftOut: existsSync(leftOut) ? brokenDuringRun(leftOut) : [],
  };
}

async function evaluate(
  link: 'last' | 'best',
  output: string,
  annotations: string,
  images: string,
): Promise<EvaluationRecord> {
  const json = path.join(output, '..', `${path.basename(output)}-${link}.json`);
  const process = new RcnnProcess([
    'evaluate',
    ...['--weights', path.join(output, link)],
    ...['--annotations', annotations, '--images', images],
    ...['--json', json],
  ]);
  const { status } = await process.ended;
  const ap =
    status === 0 ? (JSON.parse(readFileSync(json, 'utf8')) as { stats: number[] }).stats[0] : undefined;
  return { link, status, ap };
}

function checkpointSums(checkpoints: string): Record<string, string> {
  const sums: Record<string, string> = {};
  for (const name of readdirSync(checkpoints).filter((name) => !name.startsWith('.'))) {
    const folder = path.join(checkpoints, name);
    for (const file of ['model.safetensors', 'optimizer.safetensors']) {
      sums[`${name}/${file}`] = sha256OfSync(path.join(folder, file));
    }
  }
  return sums;
}

function readEvents(files: readonly string[]): RunRecord['events'] {
  const problems: string[] = [];
  const steps = new Set<number>();
  for (const file of files) {
    const { steps: found, problem } = readEventSteps(file, 'total_loss');
    for (const step of found) steps.add(step);
    if (problem !== undefined) problems.push(`${path.basename(file)}: ${problem}`);
  }
  return { problems, steps: [...steps].sort((a, b) => a - b) };
}

function brokenDuringRun(file: string): string[] {
  const sets = JSON.parse(readFileSync(file, 'utf8')) as { brokenDuringRun: { reason: string }[] }[];
  return sets.flatMap(({ brokenDuringRun }) => brokenDuringRun.map(({ reason }) => reason));
}

/** Every file, folder and link below a folder. */
function allNames(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}
