import type { Command } from 'commander';
import { writeDetectorPage } from '../page/run-page';
import { openDetector } from '../run/open-detector';
import { requireFileName } from '../terminal/output-files';
import { isWeightsName } from '../../weights/published/zoo';
import { addWeightsOptions, PUBLISHED_WEIGHTS_HELP, requiredOption, type DetectorOptions } from './options';

interface PageCommandOptions extends Omit<DetectorOptions, 'precision'> {
  readonly output?: string;
}

/** `rcnn page`. */
export function pageCommand(command: Command): void {
  addWeightsOptions(command)
    .option('--output <file>', 'page to write: try.html')
    .addHelpText(
      'after',
      `
Writes one HTML file in which the detector runs: drop a picture into it, choose or paste one, and see what is found, with a
slider for the score. It needs no server and no network, and no picture leaves the computer. It runs on WebGPU or WebAssembly;
weights are rounded to float16. docs/page.md says what that costs, and with which headers a server gives it more threads.

Examples:
  $ rcnn page --weights runs/first/best --output try.html
  $ rcnn page --model fasterrcnn_mobilenet_v3_large_320_fpn --weights COCO_V1 --output coco.html
  $ rcnn convert --float16 runs/second/best other.safetensors      (for "Another detector" in the page)
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action((options: PageCommandOptions) => runPage(options));
}

async function runPage({ output, weights: given, ...options }: PageCommandOptions): Promise<void> {
  const weights = requiredOption(given, '--weights WEIGHTS');
  const file = requiredOption(output, '--output FILE');
  requireFileName('--output', file, isWeightsName(weights) ? [] : [weights]);
  const detector = await openDetector(weights, options, { willBeSaved: true });
  try {
    writeDetectorPage(file, detector);
  } finally {
    detector.model.dispose();
  }
}
