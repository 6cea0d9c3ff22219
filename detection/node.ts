/// <reference types="long" preserve="true" />
/**
 * What of the library needs Node.js: TensorFlow's native library as the backend, and what a training writes to files and to a
 * terminal.
 *
 * @module faster-rcnn/node
 */
export { loadBackend, loadNativeBackend, NativeLibraryError, type BackendName } from './backend/node';
export {
  choosePrecision,
  precisionChoices,
  type ChosenPrecision,
  type PrecisionChoice,
} from './backend/node-precision';
export { JsonLinesWriter, type JsonLinesOptions } from './engine/writers/json-lines-writer';
export { ProgressWriter, type ProgressOptions } from './engine/writers/progress-writer';
export type { ProgressOutput } from './engine/writers/live-lines';
export { TensorBoardWriter, type TensorBoardOptions } from './engine/writers/tensorboard/tensorboard-writer';
export type { Hyperparameters } from './engine/writers/tensorboard/summaries';
export { peakMemoryBytes } from './engine/writers/peak-memory';
