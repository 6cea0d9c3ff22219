/**
 * What comparisons cost at COCO's size, on generated input: `node dist/tools/benchmarks/comparison-scale.js` looks for near duplicates
 * among 100 000 hashes of two sets each, and resamples an evaluation of val2017's size 1000 times.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCocoDataset } from '../../datasets/coco/read-dataset';
import { differenceHash } from '../../datasets/duplicates/difference-hash';
import { MAX_DISTANCE } from '../../datasets/duplicates/find-duplicates';
import { nearHashes } from '../../datasets/duplicates/near-hashes';
import { readDetections } from '../../datasets/evaluation/detections';
import { pairedBootstrap } from '../../datasets/evaluation/bootstrap/paired-bootstrap';
import { textTable } from '../../datasets/text-table';
import { RandomStream } from '../../detection/nn/random';
import { makeEvaluationFiles } from './evaluation-files';

const NUM_HASHES = 100_000;
/** Cells of a side of a generated picture, each a pixel. */
const SIDE = 9;
/** Waves that a picture is made of. */
const NUM_WAVES = 4;

/** Of a pixel's brightness, of 255. */
const NOISE = 4;

/** The hash of a smooth picture: such ones have more in common than random bits. */
function smoothHash(random: RandomStream): string {
  const waves = Array.from({ length: NUM_WAVES }, () => ({
    height: 60 * random.normal(),
    x: random.between(0, 0.7),
    y: random.between(-0.35, 0.35),
    phase: random.between(0, 2 * Math.PI),
  }));
  const pixels = Uint8Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    const [column, row] = [Math.floor(i / 3) % SIDE, Math.floor(i / (3 * SIDE))];
    const values = waves.map(({ height, x, y, phase }) => height * Math.cos(x * column + y * row + phase));
    return Math.min(
      255,
      Math.max(
        0,
        values.reduce((sum, value) => sum + value, 128 + NOISE * random.normal()),
      ),
    );
  });
  return differenceHash({ pixels, size: { width: SIDE, height: SIDE } });
}

function randomHash(random: RandomStream): string {
  return Array.from({ length: 32 }, () => random.integer(16).toString(16)).join('');
}

async function row(what: string, action: () => Promise<string> | string): Promise<string[]> {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const result = await action();
  const { user, system } = process.cpuUsage(cpu);
  const seconds = [(performance.now() - start) / 1000, (user + system) / 1e6];
  const peak = `${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`;
  return [what, ...seconds.map((value) => value.toFixed(1)), peak, result];
}

function hashesRow(what: string, make: (random: RandomStream) => string): Promise<string[]> {
  const random = new RandomStream(0, what);
  const [a, b] = [0, 1].map(() => Array.from({ length: NUM_HASHES }, () => make(random)));
  return row(what, () => `${nearHashes(a, b, MAX_DISTANCE).length} pairs`);
}

async function bootstrapRow(): Promise<string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'comparison-'));
  try {
    const { instances, detections } = makeEvaluationFiles();
    const [truth, found] = [path.join(folder, 'instances.json'), path.join(folder, 'detections.json')];
    writeFileSync(truth, instances);
    writeFileSync(found, detections);
    const set = await readCocoDataset(truth, null);
    const all = await readDetections(found, set);
    const most = all.filter((_, k) => k % 10 !== 0);
    return await row('1000 resamples', async () => {
      const { AP } = await pairedBootstrap(set, all, most);
      return `${AP.low.toFixed(4)} to ${AP.high.toFixed(4)}`;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const rows = [
    ['', 'seconds', 'CPU seconds', 'peak of the process', ''],
    await hashesRow('random hashes', randomHash),
    await hashesRow('smooth pictures', smoothHash),
    await bootstrapRow(),
  ];
  process.stdout.write(`${textTable(rows).join('\n')}\n`);
}

void main();
