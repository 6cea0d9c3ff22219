import type { Command } from 'commander';
import { weightsFile } from '../../weights/checkpoints/checkpoint';
import { exportDetector, requireOnnxName } from '../../weights/onnx/export-detector';
import { isWeightsName } from '../../weights/published/zoo';
import { openDetector } from '../run/open-detector';
import { formatBytes } from '../terminal/format-bytes';
import { requireFileName } from '../terminal/output-files';
import { terminalLine } from '../terminal/terminal-text';
import { addWeightsOptions, PUBLISHED_WEIGHTS_HELP, requiredOption, type DetectorOptions } from './options';

type ExportCommandOptions = Omit<DetectorOptions, 'precision'>;

/** `rcnn export`. */
export function exportCommand(command: Command): void {
  addWeightsOptions(command.argument('<out>', 'file to write: .onnx'))
    .addHelpText(
      'after',
      `
The file is the whole detector: it takes RGB pictures as they are, in any number and of any size, and gives boxes in their
pixels. Resizing, normalization, non-maximum suppression and ROIAlign are inside; masks are squares of their boxes. ONNX Runtime,
OpenVINO and others run it; docs/onnx.md says how, in Python and JavaScript. Categories and score thresholds are in its metadata.

Examples:
  $ rcnn export --weights runs/first/best detector.onnx
  $ rcnn export --model maskrcnn_resnet50_fpn --weights COCO_V1 maskrcnn.onnx
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action((output: string, options: ExportCommandOptions) => runExport(output, options));
}

/**
 * Writes a detector as an ONNX file, and prints its name.
 *
 * @throws InputError where the detector cannot be had or exported, or the output cannot be written; nothing is written then.
 */
async function runExport(output: string, options: ExportCommandOptions): Promise<void> {
  const weights = requiredOption(options.weights, '--weights FILE');
  requireOnnxName(output);
  requireFileName('OUT', output, isWeightsName(weights) ? [] : [weightsFile(weights)]);
  const { model, categories, scoreThresholds } = await openDetector(weights, options, { willBeSaved: true });
  try {
    const written = exportDetector(model, output, { categories, scoreThresholds });
    process.stdout.write(`${terminalLine(output)}: ${model.definition.name}, ${formatBytes(written)}\n`);
  } finally {
    model.dispose();
  }
}
