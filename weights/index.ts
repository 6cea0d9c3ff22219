/// <reference types="long" preserve="true" />
/**
 * Weights: torchvision's published ones, files of PyTorch, safetensors and detectron2, and checkpoints, from which a training
 * goes on.
 *
 * @module faster-rcnn/weights
 */
export { loadWeights, type LoadedWeights } from './detectors/load-weights';
export { loadDetector, type LoadedDetector } from './detectors/load-detector';
export type { LoadDetectorOptions } from './detectors/describe-detector';
export type { GivenSides } from './detectors/given-sides';
export { detectorMetadata, type DetectorMetadataOptions } from './detectors/detector-metadata';
export { saveDetector } from './detectors/save-detector';
export { exportDetector, onnxModel } from './onnx/export-detector';
export { loadOnnxDetector, type LoadedOnnxDetector } from './onnx/onnx-detector';
export type { ScoreThresholds } from './detectors/score-thresholds';
export { storeScoreThresholds } from './detectors/store-score-thresholds';
export type { WeightsOptions } from './detectors/locate-weights';
export type { PublishedFileOptions } from './published/published-file';
export { DownloadError, type DownloadListeners } from './published/download';
export { cacheFolder } from './published/cache-folder';

// Checkpoints.
export { CheckpointHook, type CheckpointHookOptions } from './checkpoints/checkpoint-hook';
export { resumeFrom, type Resumed, type Resuming } from './checkpoints/resume';
export {
  loadCheckpoint,
  NotFiniteError,
  readCheckpointState,
  saveCheckpoint,
  verifyCheckpoint,
  type CheckpointState,
  type Resumable,
} from './checkpoints/checkpoint';

// Files.
export { readWeights } from './formats/read-weights';
export type { WeightsContents } from './formats/pickle/pickled-state-dict';
export type { SafetensorsFile } from './formats/safetensors';
export { readSafetensors, writeSafetensors } from './formats/safetensors-file';
export { writePytorch } from './formats/pytorch/pytorch-writer';
export { loadStateDict, saveStateDict, type LoadOptions, type StateOwner } from './state-dict';
export {
  ELEMENT_SIZE,
  storedFloat32,
  storedInt32,
  storedInt64,
  toFloat32,
  type ElementType,
  type StoredTensor,
} from './formats/stored-tensor';
export { WeightsError, type WeightsFacts } from './formats/weights-error';
