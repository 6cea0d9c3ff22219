import type { LoadedDetector } from '../detectors/load-detector';
import type { LoadedOnnxDetector } from './onnx-detector';

/** A detector that pictures can be shown to, whatever runs it. */
export type OpenedDetector = LoadedDetector | LoadedOnnxDetector;
