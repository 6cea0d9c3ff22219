import { Command, Option } from 'commander';
import { variationNames } from '../../benchmarks/memory-settings';
import type * as RunBenchmarkMemory from '../run-benchmark-memory';
import type * as RunBenchmarkSpeed from '../run-benchmark-speed';
import { collect, given } from '../options';

type SpeedOptions = Partial<RunBenchmarkSpeed.BenchmarkSpeedOptions> & { peerScripts: string };

/** `rcnn benchmark`: what the design costs and what it saves, and how fast it is beside its peers. */
export function benchmarkCommand(): Command {
  return new Command('benchmark')
    .description('measure time and memory, each case in a process of its own')
    .addCommand(memoryCommand())
    .addCommand(speedCommand());
}

function memoryCommand(): Command {
  return new Command('memory')
    .description('memory of a training step with the losses in the model, and outside of it in two ways')
    .addOption(
      new Option(
        '--vary <what...>',
        'change one thing at a time; without it only the base setting is measured',
      ).choices(variationNames),
    )
    .option('--json <file>', 'also write the result as JSON')
    .option('--html <file>', 'also write the result as a page with charts')
    .action(async ({ vary = [], ...options }: Partial<RunBenchmarkMemory.BenchmarkMemoryOptions>) => {
      const { runBenchmarkMemory } = require('../run-benchmark-memory') as typeof RunBenchmarkMemory;
      await runBenchmarkMemory({ ...options, vary });
    });
}

function speedCommand(): Command {
  return new Command('speed')
    .description('time training, inference, evaluation and loading beside torchvision and other Python peers')
    .option('--peer-python <file>', 'a Python with torch, torchvision, Pillow, numpy and faster-coco-eval')
    .option('--peer-scripts <dir>', 'folder of bench.py, the torchvision peer', '../shared/peers/torchvision')
    .option('--annotations <file>', 'COCO instances file whose pictures are loaded')
    .option('--images <dir>', 'folder of its images')
    .option('--case <name>', 'only this case; may be given several times', collect)
    .option('--json <file>', 'also write the result as JSON')
    .action(async (options: SpeedOptions) => {
      const { runBenchmarkSpeed } = require('../run-benchmark-speed') as typeof RunBenchmarkSpeed;
      await runBenchmarkSpeed({
        ...options,
        peerPython: given(options.peerPython, '--peer-python FILE'),
        annotations: given(options.annotations, '--annotations FILE'),
        images: given(options.images, '--images DIR'),
      });
    });
}
