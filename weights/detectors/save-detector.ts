import path from 'node:path';
import { InputError } from '../../detection/errors';
import type { Detector } from '../../detection/modeling/detector';
import { writePytorch } from '../formats/pytorch/pytorch-writer';
import { requireFinite } from '../formats/read-weights';
import { writeSafetensors } from '../formats/safetensors-file';
import { saveStateDict } from '../state-dict';
import { detectorMetadata, type DetectorMetadataOptions } from './detector-metadata';
import { fileMetadata } from './file-metadata';

/**
 * Writes a detector's weights with torchvision's names and shapes, whole or not at all, in the format that the file's
 * extension names: `.safetensors`, from which `loadDetector` builds the detector again without being told anything; or `.pth`,
 * which `torch.load` reads for a torchvision detector's `load_state_dict(strict=True)`. PyTorch's format has no place for the
 * model's name, categories, sizes of images and settings: whoever loads it says them.
 *
 * @throws WeightsError where a weight is NaN or infinite; InputError where the extension is another, or the file cannot be
 *   written.
 */
export function saveDetector(detector: Detector, file: string, options: DetectorMetadataOptions = {}): void {
  const extension = path.extname(file).toLowerCase();
  if (extension !== '.safetensors' && extension !== '.pth') {
    throw new InputError(
      'weights-extension',
      `${file}: a name that ends in .safetensors or .pth is expected`,
      { file },
    );
  }
  const tensors = saveStateDict(detector);
  requireFinite(file, tensors);
  if (extension === '.pth') writePytorch(file, tensors);
  else writeSafetensors(file, tensors, fileMetadata(detectorMetadata(detector, options)));
}
