import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { InputError } from '../../detection/errors';
import { writeWholeFile } from '../../detection/files/whole-file';
import { isBuiltIn } from '../../detection/modeling/definitions';
import { detectorMetadata } from '../../weights/detectors/detector-metadata';
import { fileMetadata } from '../../weights/detectors/file-metadata';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import { inFloat16 } from '../../weights/formats/float16';
import { safetensorsBytes } from '../../weights/formats/safetensors';
import { saveStateDict } from '../../weights/state-dict';
import { formatBytes } from '../terminal/format-bytes';
import { detectorPage } from './page';

/**
 * Writes a page with a detector in it, whose weights are rounded to float16, and says how large it is.
 *
 * @throws InputError where the model is none of this program's, or the file cannot be written.
 */
export function writeDetectorPage(output: string, detector: LoadedDetector): void {
  const { definition } = detector.model;
  if (!isBuiltIn(definition)) {
    throw new InputError(
      'page-own-model',
      `${definition.name}: the page has the code of this program's models only; a model of one's own does not run in it`,
      { model: definition.name },
    );
  }
  const page = detectorPage({ title: definition.name, detector: detectorFile(detector), wasm: wasmFiles() });
  writeWholeFile(output, page, { makeFolder: true });
  process.stdout.write(`${output}: ${definition.name}, ${formatBytes(page.length)}\n`);
}

/** A safetensors file of a detector, in pieces, as it stands in a page. */
export function detectorFile({ model, categories, scoreThresholds }: LoadedDetector): Uint8Array[] {
  const metadata = fileMetadata(detectorMetadata(model, { categories, scoreThresholds }));
  return safetensorsBytes(model.definition.name, inFloat16(saveStateDict(model)), metadata);
}

function wasmFiles(): ReadonlyMap<string, Uint8Array> {
  const folder = path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'));
  const names = readdirSync(folder).filter((name) => name.endsWith('.wasm'));
  return new Map(names.map((name) => [name, readFileSync(path.join(folder, name))]));
}
