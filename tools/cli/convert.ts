import type { Command } from 'commander';
import path from 'node:path';
import { makeFolders } from '../../detection/files/make-folders';
import { InputError } from '../../detection/errors';
import { weightsFile } from '../../weights/checkpoints/checkpoint';
import type { WeightsContents } from '../../weights/formats/pickle/pickled-state-dict';
import { inFloat16 } from '../../weights/formats/float16';
import { writePytorch } from '../../weights/formats/pytorch/pytorch-writer';
import { readWeights } from '../../weights/formats/read-weights';
import { writeSafetensors } from '../../weights/formats/safetensors-file';
import { DETECTRON2_HINT, isOfDetectron2 } from '../../weights/state-dict';
import { isWeightsName } from '../../weights/published/zoo';
import { metadataOf, type KnownDetector } from '../../weights/detectors/detector-metadata';
import { DETECTOR_METADATA, fileMetadata, SAFETENSORS_METADATA } from '../../weights/detectors/file-metadata';
import { knownDetector } from '../../weights/detectors/known-detector';
import { lostInPytorch } from '../run/lost-in-pytorch';
import { locateWeights } from '../../weights/detectors/locate-weights';
import { namedModel } from '../config/model-name';
import { sayingDownloads } from '../run/downloads';
import { formatBytes } from '../terminal/format-bytes';
import { requireFileName } from '../terminal/output-files';
import { logLine } from '../terminal/progress';
import { terminalLine } from '../terminal/terminal-text';
import { modelOption, PUBLISHED_WEIGHTS_HELP } from './options';

interface ConvertCommandOptions {
  /** A file of weights, a checkpoint's folder, or the name of published weights. */
  readonly input: string;
  /** Its extension names the format. */
  readonly output: string;
  /** Whose weights they are, where the input is the name of published ones. */
  readonly model?: string;
  /** Round filters and matrices to float16. */
  readonly float16?: boolean;
}

/** `rcnn convert`. */
export function convertCommand(command: Command): void {
  command
    .argument(
      '<in>',
      'PyTorch (.pth), detectron2 (.pkl), safetensors, a run’s checkpoint folder, or COCO_V1: torchvision’s',
    )
    .argument('<out>', 'file to write: .safetensors, or .pth for PyTorch')
    .option(...modelOption('model that COCO_V1 belongs to; not needed for files'))
    .option('--float16', 'round filters and matrices to float16: half the size, for pages and for sending')
    .addHelpText(
      'after',
      `
The content of the file tells its format. Nothing in it is ever executed: a file that contains more than data is refused.
PyTorch's format has no place for a detector's model, categories and size of pictures: the command says which options of rcnn
detect and rcnn evaluate stand in for them. Safetensors keep all of it.

Examples:
  $ rcnn convert resnet50.pth resnet50.safetensors
  $ rcnn convert runs/first/best detector.pth
  $ rcnn convert --float16 runs/first/best small.safetensors
  $ rcnn convert --model fasterrcnn_resnet50_fpn COCO_V1 fasterrcnn.safetensors
${PUBLISHED_WEIGHTS_HELP}`,
    )
    .action((input: string, output: string, options: Pick<ConvertCommandOptions, 'model' | 'float16'>) =>
      runConvert({ input, output, ...options }),
    );
}

/**
 * Converts a file of weights; names, types, order and values stay, but for those that are to be rounded. What is known of the detector goes along where there
 * is a place for it. Prints the new file's name; says on the standard error what has no place in the new one, and which
 * options stand in for it.
 *
 * @throws InputError where the input cannot be used or the output cannot be written; nothing is written then.
 */
async function runConvert({ input, output, model, float16 = false }: ConvertCommandOptions): Promise<void> {
  const write = writerFor(output);
  if (!isWeightsName(input)) requireFileName('OUT', output, [weightsFile(input)]);
  const wanted = namedModel(model);
  const located = await sayingDownloads((finding) => locateWeights(input, wanted, finding));
  const { file } = located;
  requireFileName('OUT', output, [file]);
  const read = readWeights(file, { requireFinite: true });
  const contents = float16 ? { ...read, tensors: inFloat16(read.tensors) } : read;
  const known = knownDetector(located, contents, wanted);
  makeFolderOf(output);
  const { written, leftOut: withoutPlace } = write(output, contents, known);
  const leftOut = [...contents.leftOut, ...withoutPlace];
  if (leftOut.length > 0) logLine(`${file}: left out, because they are not weights: ${leftOut.join(', ')}`);
  if (!known && isOfDetectron2(contents.tensors.keys())) logLine(`${file}: names stay. ${DETECTRON2_HINT}`);
  const size = formatBytes(written);
  process.stdout.write(`${terminalLine(output)}: ${contents.tensors.size} tensors, ${size}\n`);
}

function makeFolderOf(file: string): void {
  try {
    makeFolders(path.dirname(file));
  } catch (error) {
    throw new InputError(
      'output-not-writable',
      `OUT ${file}: cannot be written: ${(error as Error).message}`,
      { option: 'OUT', name: file },
    );
  }
}

/** Writes a file, and returns its bytes and what it has no place for. */
type Writer = (
  file: string,
  contents: WeightsContents,
  known: KnownDetector | undefined,
) => { readonly written: number; readonly leftOut: readonly string[] };

function writerFor(output: string): Writer {
  switch (path.extname(output).toLowerCase()) {
    case '.pth':
      return (file, { tensors, metadata }, known) => {
        const { written, leftOut } = writePytorch(file, tensors, metadata);
        if (known) for (const line of lostInPytorch(known)) logLine(`${file}: ${line}`);
        // Either goes without saying in PyTorch's files, or has been said.
        const expected = [...Object.keys(SAFETENSORS_METADATA), DETECTOR_METADATA];
        const unexpected = leftOut.filter((key) => !expected.includes(key));
        return { written, leftOut: unexpected.map((key) => `metadata ${key}`) };
      };
    case '.safetensors':
      return (file, { tensors, metadata }, known) => {
        const detector = known && fileMetadata(metadataOf(known));
        const all = { ...SAFETENSORS_METADATA, ...metadata, ...detector };
        return { written: writeSafetensors(file, tensors, all), leftOut: [] };
      };
    default:
      throw new InputError(
        'output-extension',
        `OUT ${output}: a name that ends in .safetensors or .pth is expected`,
        { file: output },
      );
  }
}
