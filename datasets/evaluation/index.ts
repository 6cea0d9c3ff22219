/// <reference types="long" preserve="true" />
/**
 * What a detector finds in pictures and in data sets, and how good that is: COCO's numbers, the kinds of errors, and who is
 * taken for whom.
 *
 * @module faster-rcnn/evaluation
 */
export type { Task } from './evaluate-tasks';
export { keypointSigmas, type KeypointSigmas } from './keypoint-sigmas';
export { evaluateDetector, type DetectorEvaluation, type EvaluateOptions } from './evaluate-detector';
export {
  aboveThreshold,
  cocoResults,
  detectFile,
  detectSet,
  type DetectSetOptions,
  type FoundObject,
  MASK_FORMS,
  type MaskForm,
  type ScoreThreshold,
} from './detect-images';
export {
  detectImages,
  detectFiles,
  type DetectedPicture,
  type DetectOptions,
  type PictureFile,
} from '../inference/detect-files';
export { mergeTiles, type TileDetections } from '../inference/merge-tiles';
export type { InferenceOptions, TileOptions } from '../inference/options';
export { tileGrid } from '../inference/tile-grid';
export { evaluateDetections, type CocoEvaluation, type EvaluationOptions } from './evaluate';
export { TASK_NAMES } from './parameters';
export type { AreaName, AreaRange, Frequency, IouType, Protocol, Stat, StatName } from './parameters';
export { cocoProtocol, lvisProtocol } from './protocol';
export { federatedOf, type Federated } from './matching/federated';
export { isToBeFound } from './matching/is-to-be-found';
export { checkDetections, DetectionsError, readDetections, type CocoDetection } from './detections';
export { readFound, type Found } from './truth/read-found';
export { readTruth, type Truth } from './truth/read-truth';
export type { FileIds } from './truth/file-ids';
export { exampleDataset } from './example-dataset';
export { definedStats, statsOf, type CategoryScores } from './summarize';
export { Curves } from './matching/accumulate';
export { evaluationJson, evaluationsJson, formatEvaluation, formatEvaluations, formatScore } from './format';
export { ConfusionMatrix, confusionMatrix, type ConfusionOptions } from './errors/confusion';
export {
  DETECTION_ERRORS,
  judgeDetections,
  type DetectionError,
  type JudgedDetection,
  type JudgedImage,
} from './errors/detection-errors';
export { ERROR_KINDS, errorCosts, type ErrorCosts, type ErrorKind } from './errors/error-kinds';
export { scoreCurves, type ScoreCurve } from './errors/score-curves';
export {
  imageVerdicts,
  worstFirst,
  type DetectionToJudge,
  type ImageVerdicts,
  type Verdict,
} from './errors/verdicts';
export {
  operatingPoints,
  type NoThreshold,
  type OperatingPoint,
  type ThresholdGoal,
} from './thresholds/operating-points';
export {
  pairedBootstrap,
  type BootstrapComparison,
  type BootstrapDifference,
  type BootstrapOptions,
} from './bootstrap/paired-bootstrap';
export { ResampledPrecision, type AveragePrecisions } from './bootstrap/resampled-precision';
export { formatOperatingPoints } from './thresholds/format-operating-points';
export {
  KEYPOINT_ERRORS,
  keypointErrors,
  type KeypointError,
  type KeypointErrorOptions,
  type KeypointErrors,
} from './errors/keypoint-errors';
export type { MatchedTask } from './errors/category-matches';
export type { ExportedDetector, PictureDetector } from '../inference/picture-detector';
