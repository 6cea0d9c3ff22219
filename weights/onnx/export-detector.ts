import path from 'node:path';
import { InputError } from '../../detection/errors';
import { writeWholeFile } from '../../detection/files/whole-file';
import type { Detector } from '../../detection/modeling/detector';
import { detectorGraph } from '../../detection/modeling/detector-graph';
import { detectorMetadata, type DetectorMetadataOptions } from '../detectors/detector-metadata';
import { DETECTOR_METADATA } from '../detectors/file-metadata';
import { modelProto } from './model-proto';

/** What a message of protocol buffers may have at most. */
const MOST_BYTES = 2 ** 31 - 1;

/** The key of an ONNX file's metadata for how masks go into pictures, in JSON. */
export const MASKS_METADATA = 'masks';

/**
 * A detector as an ONNX file: the whole of it, from pictures to objects, for pictures of any size and any number of them
 * (`detectorGraph`), with its categories in the metadata.
 *
 * @param detector with its weights, not prepared for inference
 * @returns the bytes of the file, in parts
 * @throws NotExportableError where a part of the detector does not say how it is exported; InferenceOnlyError; InputError
 *   where the file would be too large for the format.
 */
export function onnxModel(detector: Detector, options: DetectorMetadataOptions = {}): readonly Uint8Array[] {
  const metadata = detectorMetadata(detector, options);
  const { graph, masks } = detectorGraph(detector);
  const { categories, scoreThresholds } = metadata;
  const parts = modelProto(graph, {
    [DETECTOR_METADATA]: JSON.stringify(metadata),
    // The same for those who read nothing else.
    model: detector.definition.name,
    categories: JSON.stringify(categories),
    ...(scoreThresholds !== undefined && { score_thresholds: JSON.stringify(scoreThresholds) }),
    ...(detector.keypoints && { keypoints: JSON.stringify(detector.keypoints.names) }),
    ...(masks && { [MASKS_METADATA]: JSON.stringify(masks) }),
  });
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (bytes <= MOST_BYTES) return parts;
  throw new InputError(
    'onnx-too-large',
    `${detector.definition.name} comes to ${bytes} bytes, but an ONNX file has ${MOST_BYTES} at most`,
    { bytes, most: MOST_BYTES },
  );
}

/**
 * Writes a detector as an ONNX file, whole or not at all.
 *
 * @returns the bytes written
 * @throws as `onnxModel`; InputError where the name does not end in .onnx, or the file cannot be written.
 */
export function exportDetector(
  detector: Detector,
  file: string,
  options: DetectorMetadataOptions = {},
): number {
  requireOnnxName(file);
  return writeWholeFile(file, onnxModel(detector, options), { makeFolder: true });
}

/** @throws InputError where the name does not end in .onnx. */
export function requireOnnxName(file: string): void {
  if (isOnnxName(file)) return;
  throw new InputError('onnx-extension', `${file}: a name that ends in .onnx is expected`, { file });
}

/** Whether a file's name says that it is ONNX. */
export function isOnnxName(file: string): boolean {
  return path.extname(file).toLowerCase() === '.onnx';
}
