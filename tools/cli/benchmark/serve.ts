import { readFileSync } from 'node:fs';
import { InvalidArgumentError, type Command } from 'commander';
import { describeProcessor } from '../../benchmarks/machine';
import { loadTable, measureLoad, type LoadResult } from '../../benchmarks/serve/measure-load';
import { describeFaults, runFaults } from '../../benchmarks/serve/run-faults';
import { ServiceProcess } from '../../benchmarks/serve/service-process';
import { findPictures } from '../../detect/find-pictures';
import { interruptible } from '../../terminal/interruption';
import { requireFileName, writeJson } from '../../terminal/output-files';
import { logLine, Progress } from '../../terminal/progress';
import { positive, requiredOption } from '../options';

interface BenchmarkServeOptions {
  readonly weights?: string;
  readonly images?: string;
  readonly clients: readonly number[];
  readonly seconds: number;
  /** Minutes. */
  readonly faults?: number;
  readonly json?: string;
}

/** As many are kept in memory. */
const MAX_PICTURES = 50;

/** `rcnn benchmark serve`. */
export function serveCommand(command: Command): void {
  command
    .argument('[options...]', 'of rcnn serve, after --')
    .option('--weights <weights>', 'as of rcnn serve')
    .option('--images <dir>', 'pictures that are sent')
    .option('--clients <list>', 'how many send pictures at once, one measurement each', counts, [1, 8, 64])
    .option('--seconds <s>', 'of each measurement', positive, 20)
    .option(
      '--faults <minutes>',
      'instead: send broken pictures, bombs, slow and given-up requests beside good ones for so long; is anything left behind?',
      positive,
    )
    .option('--json <file>', 'also write the result as JSON')
    .addHelpText(
      'after',
      `
Examples:
  $ rcnn benchmark serve --weights runs/first/best --images pictures
  $ rcnn benchmark serve --weights runs/first/best --images pictures --clients 8 -- --batch 1
  $ rcnn benchmark serve --weights runs/first/best --images pictures --faults 30`,
    )
    .action(runBenchmarkServe);
}

async function runBenchmarkServe(
  options: readonly string[],
  { weights, images, clients, seconds, faults, json }: BenchmarkServeOptions,
): Promise<void> {
  const given = requiredOption(weights, '--weights FILE');
  const pictures = picturesIn(requiredOption(images, '--images DIR'));
  if (json !== undefined) requireFileName('--json', json);
  await interruptible(async (signal) => {
    const service = await ServiceProcess.start(['--weights', given, ...options]);
    let status: number | null;
    try {
      if (faults === undefined) await measure(service, pictures, { clients, seconds, json }, signal);
      else await stress(service, pictures, 60 * faults, json, signal);
    } finally {
      status = await service.stop();
    }
    if (status !== 0) throw new Error(`rcnn serve has ended with status ${status}`);
  });
}

async function measure(
  { url }: ServiceProcess,
  pictures: readonly Buffer[],
  { clients, seconds, json }: Pick<BenchmarkServeOptions, 'clients' | 'seconds' | 'json'>,
  signal: AbortSignal,
): Promise<void> {
  const results: LoadResult[] = [];
  for (const count of clients) {
    logLine(`${count} clients`);
    results.push(await measureLoad(url, pictures, count, seconds, signal));
  }
  process.stdout.write(`${describeProcessor().model}\n${loadTable(results)}\n`);
  if (json !== undefined) writeJson(json, results);
}

async function stress(
  { url }: ServiceProcess,
  pictures: readonly Buffer[],
  seconds: number,
  json: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const progress = new Progress('faults, seconds', (amount) => amount.toFixed(0));
  const result = await runFaults(url, pictures, seconds, signal, (sample) =>
    progress.update(Math.min(sample.seconds, seconds), seconds),
  );
  process.stdout.write(`${describeFaults(result)}\n`);
  if (json !== undefined) writeJson(json, result);
  if (result.complaints.length > 0) throw new Error('the service is not as it has to be');
}

function picturesIn(folder: string): Buffer[] {
  const found = findPictures(folder, { recursive: false });
  return found.slice(0, MAX_PICTURES).map(({ file }) => readFileSync(file));
}

function counts(text: string): number[] {
  const values = text.split(',').map(Number);
  if (values.every((value) => Number.isSafeInteger(value) && value > 0)) return values;
  throw new InvalidArgumentError('They have to be whole numbers, 1 or more: 1,8,64.');
}
