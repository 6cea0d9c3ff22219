import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../detection/errors';
import { weightsFile } from '../weights/checkpoint';
import type { WeightsContents } from '../weights/pickled-state-dict';
import { writePytorch } from '../weights/pytorch-writer';
import { readWeights } from '../weights/read-weights';
import { writeSafetensors } from '../weights/safetensors';
import { requireFileName } from './output-files';
import { say } from './progress';
import { terminalLine } from './terminal-text';

export interface ConvertCommandOptions {
  /** A file of weights, or a checkpoint's folder. */
  readonly input: string;
  /** Its extension names the format. */
  readonly output: string;
}

/** What transformers and other readers of safetensors expect of a file with torch's names and shapes. */
const SAFETENSORS_METADATA = { format: 'pt' };

/**
 * Converts a file of weights; names, types, order and values stay. Prints the new file's name; says on the standard error
 * what of the old file has no place in the new one.
 *
 * @throws InputError where the input cannot be used or the output cannot be written; nothing is written then.
 */
export function runConvert({ input, output }: ConvertCommandOptions): void {
  const write = writerFor(output);
  const file = weightsFile(input);
  requireFileName('OUT', output, [file]);
  const contents = readWeights(file, { requireFinite: true });
  makeFolderOf(output);
  const leftOut = [...contents.leftOut, ...write(output, contents)];
  if (leftOut.length > 0) say(`${file}: left out, being no weights: ${leftOut.join(', ')}`);
  const megabytes = (statSync(output).size / 1e6).toFixed(1);
  process.stdout.write(`${terminalLine(output)}: ${contents.tensors.size} tensors, ${megabytes} MB\n`);
}

function makeFolderOf(file: string): void {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
  } catch (error) {
    throw new InputError(`OUT ${file}: cannot be written: ${(error as Error).message}`);
  }
}

/** Writes a file, and returns what it has no place for. */
type Writer = (file: string, contents: WeightsContents) => string[];

function writerFor(output: string): Writer {
  switch (path.extname(output).toLowerCase()) {
    case '.pth':
      return (file, { tensors, metadata }) =>
        writePytorch(file, tensors, metadata)
          .filter((key) => !Object.hasOwn(SAFETENSORS_METADATA, key)) // goes without saying in PyTorch's files
          .map((key) => `metadata ${key}`);
    case '.safetensors':
      return (file, { tensors, metadata }) => {
        writeSafetensors(file, tensors, { ...SAFETENSORS_METADATA, ...metadata });
        return [];
      };
    default:
      throw new InputError(`OUT ${output}: a name that ends in .safetensors or .pth is expected`);
  }
}
