import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../../detection/errors';
import { BENCHMARK_THREADS, describeProcessor } from '../../benchmarks/machine';
import { compareSpeed, type Comparison } from '../../benchmarks/speed/compare-speed';
import { InputFiles } from '../../benchmarks/speed/input-files';
import { allPackages } from '../../benchmarks/speed/packages';
import { PeerPython } from '../../benchmarks/speed/peer-python';
import type { PictureSet } from '../../benchmarks/speed/speed-case';
import { casesNamed } from '../../benchmarks/speed/speed-cases';
import { speedTables } from '../../benchmarks/speed/speed-table';
import { interruptible } from '../../terminal/interruption';
import { requireFileName, writeJson } from '../../terminal/output-files';
import { logLine, writeMessage } from '../../terminal/progress';
import { collect, requiredOption } from '../options';

interface BenchmarkSpeedOptions {
  readonly peerPython?: string;
  readonly peerScripts: string;
  readonly annotations?: string;
  readonly images?: string;
  readonly case?: readonly string[];
  readonly json?: string;
}

/** `rcnn benchmark speed`. */
export function speedCommand(command: Command): void {
  command
    .option('--peer-python <file>', `a Python with the peers that are installed: ${allPackages.join(', ')}`)
    .option('--peer-scripts <dir>', 'folder of bench.py, the torchvision peer', '../shared/peers/torchvision')
    .option('--annotations <file>', 'COCO instances file whose pictures are loaded, and detected in')
    .option('--images <dir>', 'folder of its images')
    .option('--case <name>', 'only this case; may be given several times', collect)
    .option('--json <file>', 'also write the result as JSON, after each case')
    .action(runBenchmarkSpeed);
}

/** Times training, inference, start, evaluation and loading beside their counterparts, by turns, and prints the ratios. */
async function runBenchmarkSpeed(options: BenchmarkSpeedOptions): Promise<void> {
  const program = requiredOption(options.peerPython, '--peer-python FILE');
  const { json, peerScripts: scripts } = options;
  if (json !== undefined) requireFileName('--json', json);
  requireExisting('--peer-scripts', path.join(scripts, 'bench.py'));
  const cases = casesNamed(options.case);
  const pictures = (): PictureSet => picturesOf(options);
  if (cases.some(({ needsPictures }) => needsPictures)) pictures();
  await interruptible(async (signal) => {
    const python = await PeerPython.open(program, allPackages, signal);
    const files = new InputFiles(python, scripts, signal);
    const environment = {
      ...{ processor: describeProcessor(), threads: BENCHMARK_THREADS },
      versions: { node: process.versions.node, ...python.versions },
    };
    const { model, instructions } = environment.processor;
    logLine(`${model} with ${instructions.join(', ')}; ${BENCHMARK_THREADS} threads on each side`);
    const done: Comparison[] = [];
    try {
      for (const speedCase of cases) {
        done.push(await compareSpeed(speedCase, { python, files, scripts, pictures, signal }, logLine));
        writeMessage(speedTables(done.slice(-1)));
        if (json !== undefined) writeJson(json, { ...environment, cases: done });
      }
    } finally {
      files.remove();
    }
    process.stdout.write(`${speedTables(done)}\n`);
  });
}

/** @throws InputError where an option is missing, or what it names. */
function picturesOf({ annotations, images }: BenchmarkSpeedOptions): PictureSet {
  const set = {
    annotations: requiredOption(annotations, '--annotations FILE'),
    images: requiredOption(images, '--images DIR'),
  };
  requireExisting('--annotations', set.annotations);
  requireExisting('--images', set.images);
  return set;
}

function requireExisting(option: string, name: string): void {
  if (!existsSync(name))
    throw new InputError('no-such-path', `${option}: there is no ${name}`, { option, path: name });
}
