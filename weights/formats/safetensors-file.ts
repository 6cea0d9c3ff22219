import { writeWholeFile } from '../../detection/files/whole-file';
import { BinaryFile } from './binary-file';
import { parseSafetensors, safetensorsBytes, type SafetensorsFile } from './safetensors';
import type { StoredTensor } from './stored-tensor';

/**
 * Reads a file, each tensor straight into memory of its own.
 *
 * @throws WeightsError that names the file and the entry when anything about it is wrong, with `requireFinite`
 *   also when a value is NaN or infinite.
 */
export function readSafetensors(file: string, options: { requireFinite?: boolean } = {}): SafetensorsFile {
  const source = BinaryFile.open(file);
  try {
    return parseSafetensors(source, file, options);
  } finally {
    source.close();
  }
}

/**
 * Writes a file, whole or not at all, with the tensors in the order given.
 *
 * @returns the bytes written
 * @throws WeightsError where it cannot be written.
 */
export function writeSafetensors(
  file: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = {},
): number {
  return writeWholeFile(file, safetensorsBytes(file, tensors, metadata));
}
