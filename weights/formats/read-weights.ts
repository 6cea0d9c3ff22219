import { BinaryFile } from './binary-file';
import { readDetectron2Pickle } from './pickle/detectron2-pickle';
import type { WeightsContents } from './pickle/pickled-state-dict';
import { isPytorchLegacy, readPytorchLegacy } from './pytorch/pytorch-legacy';
import { readPytorchZip } from './pytorch/pytorch-zip';
import { readSafetensors } from './safetensors-file';
import { firstNonFinite, type StoredTensor } from './stored-tensor';
import { WeightsError } from './weights-error';

const ZIP_MAGIC = Buffer.from('PK\x03\x04', 'latin1');
/** Operation PROTO, with which pickles of protocol 2 and later begin. */
const PICKLE_MAGIC = 0x80;
/** Enough to tell the formats apart. */
const START_BYTES = 32;

/**
 * Reads a file of weights in any format that is known here, which its content tells, not its name: safetensors, PyTorch's
 * in both serializations, detectron2's pickles of arrays. Nothing of the file is ever run.
 *
 * @throws WeightsError that names the file, the entry and the reason when anything about it is wrong, with
 *   `requireFinite` also when a value is NaN or infinite.
 */
export function readWeights(file: string, options: { requireFinite?: boolean } = {}): WeightsContents {
  const contents = readAnyFormat(file);
  if (options.requireFinite) requireFinite(file, contents.tensors);
  return contents;
}

/** @throws WeightsError where a value is NaN or infinite. */
export function requireFinite(file: string, tensors: ReadonlyMap<string, StoredTensor>): void {
  for (const [name, tensor] of tensors) {
    const position = firstNonFinite(tensor);
    if (position >= 0)
      throw new WeightsError(
        'weights-not-finite',
        { file, entry: name, element: position },
        `element ${position} is NaN or infinite`,
      );
  }
}

function readAnyFormat(file: string): WeightsContents {
  const source = BinaryFile.open(file);
  try {
    const start = Buffer.from(source.readAt(0, Math.min(source.size, START_BYTES)));
    if (isSafetensors(start)) return { ...readSafetensors(file), leftOut: [] };
    if (start.subarray(0, ZIP_MAGIC.length).equals(ZIP_MAGIC)) return readPytorchZip(source);
    if (start[0] === PICKLE_MAGIC) {
      return isPytorchLegacy(start) ? readPytorchLegacy(source) : readDetectron2Pickle(source);
    }
    if (source.size === 0) throw new WeightsError('weights-empty', { file }, 'is empty');
    const reason = 'is not safetensors, PyTorch (.pth) or detectron2 (.pkl)';
    throw new WeightsError('weights-unknown-format', { file }, reason);
  } finally {
    source.close();
  }
}

/** A header's length of less than 4 GiB, then a JSON object. */
function isSafetensors(start: Buffer): boolean {
  return start.length > 8 && start.readUInt32LE(4) === 0 && start[8] === '{'.charCodeAt(0);
}
