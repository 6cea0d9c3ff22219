/**
 * How the cost of a training step grows with the size of the images, the batch, the boxes of an image and the classes:
 * one thing at a time is changed, each in a process of its own.
 *
 *     node dist/tools/benchmarks/cost-growth.js [MODEL]
 */
import { modelDefinition } from '../../detection/modeling/definitions';
import { benchmarkProgram, runProgram } from './child-process';
import type { CaseMeasurement, DetectorCase } from './detector-case';

const STEPS = 5;
const BASE = { size: 512, batch: 1, boxes: 8, classes: 90 };
const VARIATIONS: readonly Partial<typeof BASE>[] = [
  {},
  ...[256, 384, 640, 800, 1024].map((size) => ({ size })),
  ...[2, 4].map((batch) => ({ batch })),
  ...[1, 64, 300].map((boxes) => ({ boxes })),
  ...[1, 1000].map((classes) => ({ classes })),
];

async function main(modelArgument = 'fasterrcnn_resnet50_fpn'): Promise<void> {
  const { name: model } = modelDefinition(modelArgument);
  const { signal } = new AbortController();
  process.stdout.write(`${model}, training step, median of ${STEPS}; ${describe(BASE)} but for\n`);
  for (const variation of VARIATIONS) {
    const detectorCase: DetectorCase = { model, mode: 'train', steps: STEPS, ...BASE, ...variation };
    const printed = await runProgram(benchmarkProgram('detector-case', detectorCase), signal);
    const { median_s, peak_rss_mb, disturbed } = JSON.parse(printed) as CaseMeasurement;
    const cost = `${median_s.toFixed(2)} s  ${peak_rss_mb.toFixed(0).padStart(5)} MB`;
    const name = describe(variation) || 'nothing';
    process.stdout.write(`${name.padEnd(14)} ${cost}${disturbed === true ? '  (disturbed)' : ''}\n`);
  }
}

function describe(setting: Readonly<Record<string, number>>): string {
  return Object.entries(setting)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

void main(process.argv[2]);
