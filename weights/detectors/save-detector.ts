import path from 'node:path';
import type { CocoCategory } from '../../datasets/coco/category-map';
import { InputError } from '../../detection/errors';
import type { Detector } from '../../detection/modeling/detector';
import { Module } from '../../detection/nn/module';
import { batchNormEpsilon } from '../../detection/nn/normalisation';
import { writePytorch } from '../formats/pytorch/pytorch-writer';
import { requireFinite } from '../formats/read-weights';
import { writeSafetensors } from '../formats/safetensors';
import { saveStateDict } from '../state-dict';
import { fileMetadata, metadataOf } from './known-detector';
import { normOf } from './norm-of';

/** What is said of a detector beside its weights. */
export interface SaveDetectorOptions {
  /** Ids and names, by label - 1. Default: the detector's names, with ids from 1. */
  readonly categories?: readonly CocoCategory[];
}

/**
 * Writes a detector's weights with torchvision's names and shapes, whole or not at all, in the format that the file's
 * extension names: `.safetensors`, from which `loadDetector` builds the detector again without being told anything; or `.pth`,
 * which `torch.load` reads for a torchvision detector's `load_state_dict(strict=True)`. PyTorch's format has no place for the
 * model's name, categories, sizes of images and settings: whoever loads it says them.
 *
 * @throws WeightsError where a weight is NaN or infinite; InputError where the extension is another, or the file cannot be
 *   written.
 */
export function saveDetector(detector: Detector, file: string, options: SaveDetectorOptions = {}): void {
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

/**
 * What `loadDetector` has to know of a detector beside its weights: for `CheckpointHookOptions.metadata`, so that
 * `loadDetector('runs/a/best')` needs to be told nothing.
 */
export function detectorMetadata(
  detector: Detector,
  { categories = detector.categories.map((name, k) => ({ id: k + 1, name })) }: SaveDetectorOptions = {},
): Readonly<Record<string, unknown>> {
  const { definition, input, settings } = detector;
  const entries = [...detector.namedParameters(), ...detector.namedBuffers()].map(([name]) => name);
  const epsilon = detector instanceof Module ? batchNormEpsilon(detector) : undefined;
  return metadataOf({
    definition,
    options: { norm: normOf(definition, entries), epsilon, input, settings },
    categories,
  });
}
