import { InputError } from '../../detection/errors';
import type { ByteSource } from '../formats/byte-source';
import { parseSafetensors } from '../formats/safetensors';
import { buildDetector } from './build-detector';
import { detectorOfFile } from './file-metadata';
import type { LoadedDetector } from './load-detector';
import { requireOwnModel } from './own-model';
import { withoutConstants } from './without-constants';

/**
 * Builds the detector of a safetensors file that says which model it is of, as `rcnn convert` and `saveDetector` write it, from
 * bytes: no file is opened, so that it works in a browser. A backend has to be loaded before.
 *
 * @param file what messages call it.
 * @throws InputError where it does not say its model, or is damaged.
 */
export function parseDetector(source: ByteSource, file: string): LoadedDetector {
  const { tensors, metadata } = parseSafetensors(source, file, { requireFinite: true });
  const known = detectorOfFile(file, metadata);
  if (known === undefined) {
    throw new InputError(
      'model-missing',
      `${file}: does not name its model. npx rcnn convert runs/x/best x.safetensors writes files that do`,
      { weights: file },
    );
  }
  requireOwnModel(file, tensors, known.definition);
  const weights = withoutConstants(tensors, known.definition);
  const { categories, scoreThresholds } = known;
  return { model: buildDetector({ ...known, file, tensors: weights }), categories, scoreThresholds };
}
