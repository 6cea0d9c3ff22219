/// <reference types="long" preserve="true" />
/**
 * Images with what is in them: COCO files and data sets of one's own, loaders that make batches of them in worker threads,
 * pictures, masks, drawings and generated scenes.
 *
 * @module faster-rcnn/datasets
 */
export { cocoExamples, type Example, type ExampleTruth } from './examples';
export type { TargetOptions } from './coco/targets';

// COCO files.
export { readCocoDataset, type CocoReadOptions, type RefuseImage } from './coco/read-dataset';
export { turnedPictures, uprightDataset, type TurnedPictures } from './coco/upright';
export type { AnnotationOptions } from './coco/annotation-entries';
export {
  AnnotationError,
  CocoDataset,
  type CocoAnnotation,
  type CocoImage,
  type LeftOut,
} from './coco/annotations';
export { repairCocoFile, type RepairedCoco } from './repair/repair-coco';
export type { Repair, RepairKind, Undecided } from './repair/repair-log';
export { withIgnoreRegions, type IgnoreRegionsOptions } from './coco/ignore-regions';
export { CategoryMap, type CocoCategory } from './coco/categories/category-map';
export {
  matchCategories,
  type CategoryMatch,
  type DetectorCategory,
} from './coco/categories/match-categories';
export { meantCategories } from './coco/categories/meant-categories';
export { describeMatch } from './coco/categories/describe-match';
export { cocoCategories } from './coco/categories/coco-categories';
export type { Problem, ProblemKind } from './coco/problems';
export { JsonFileError } from './coco/json/json-file';
export type { TextPlace } from './coco/json/json-error';
export { readCocoFile, type CocoFileOptions } from './coco/read-coco-file';
export { jsonParts } from './coco/json/json-parts';
export type {
  CocoFile,
  CocoFileAnnotation,
  CocoFileCategory,
  CocoFileImage,
  UncompressedRle,
} from './coco/coco-file';

// Keypoints.
export { keypointLayout, type KeypointOverrides } from './coco/keypoints/keypoint-layout';

// Other formats.
export type { DatasetPart, ReadDataset, ReadOptions } from './formats/dataset-part';
export type { WriteOptions, WrittenDataset, WrittenPart } from './formats/written-dataset';
export type { PicturePlacement } from './formats/place-pictures';
export { writeCocoDataset } from './formats/write-coco';
export { readYoloDataset } from './formats/yolo/read-yolo';
export { writeYoloDataset, type YoloWriteOptions } from './formats/yolo/write-yolo';
export { readVocDataset, type VocReadOptions } from './formats/voc/read-voc';
export { writeVocDataset, type VocWriteOptions } from './formats/voc/write-voc';
export type { VocBoxes } from './formats/voc/voc-boxes';

// Splitting and merging.
export { splitDataset, type SplitOptions } from './sets/split-dataset';
export { imageGroupOf, type ImageGroups } from './sets/image-group-of';
export { countCategories, type CategoryCounts } from './sets/category-counts';
export {
  mergeDatasets,
  type MergedDataset,
  type MergeOptions,
  type MergeSource,
} from './sets/merge-datasets';

// Pictures that stand in two sets.
export { differenceHash, hashDistance } from './duplicates/difference-hash';
export {
  findDuplicates,
  type DuplicatePicture,
  type FindDuplicatesOptions,
} from './duplicates/find-duplicates';
export { sharedFiles } from './duplicates/shared-files';

// Masks.
export {
  compressMask,
  encodeMask,
  mergeRles,
  rleArea,
  RleError,
  rleFromMask,
  rleIou,
  rleToBox,
  rleToMask,
  type CompressedRle,
} from './coco/masks/rle';
export { objectMask, segmentationToRle } from './coco/masks/segmentation';
export { PolygonMask } from './coco/masks/polygon-mask';
export { maskRings, maskToPolygons, type Ring } from './coco/masks/mask-outline';

// Loaders.
export { TrainingLoader, type TrainingLoaderOptions } from './loader/training-loader';
export { EvaluationLoader, type EvaluationLoaderOptions } from './loader/evaluation-loader';
export { BatchLoader, type LoaderListeners, type WorkerOptions } from './loader/batch-loader';
export { imagesPerRound, type BatchShare, type TrainingPlanOptions } from './loader/batch-plan';
export type { AugmentationOptions } from './loader/draw-image';
export type { AugmentationJob, PictureJob } from './loader/batch-job';
export { PicturesGoneError, type BrokenPicture, type OnBrokenPicture } from './loader/broken-pictures';
export { WorkerDeathError, type WorkerDeath } from './loader/worker-death';
export { BatchMemoryError } from './loader/pixel-buffers';
export { squareSide, type ScaleJitter } from './transforms/scale-jitter';
export type {
  GeometricAugmentation,
  GeometricStep,
  PictureWindow,
  Rotation,
  VerticalFlip,
} from './transforms/geometry';
export type { Color } from './transforms/picture-window';
export type { ChannelOrder, ColorAdjustment, ColorChange } from './transforms/photometric';
export {
  AugmentationError,
  type AugmentationFault,
  type Augmentation,
  type AugmentedPicture,
  type AugmentedPixels,
  type ThrownError,
} from './transforms/augmentation';

// Pictures.
export {
  decodeImage,
  ImageError,
  type DecodedImage,
  type DecodeOptions,
  type ImageFault,
} from './images/decode';
export { readPictureHeader, type Frame, type PictureHeader } from './images/picture-header';
export { inverseOrientation, turnBox, turnPoint, turnSize, type Orientation } from './images/orientation';
export { drawBoxes, type DrawingFormat } from './drawing/draw-detections';
export { objectsToDraw, type DrawnAs } from './drawing/objects-to-draw';
export { categoryColor } from './drawing/palette';
export type { DrawnKeypoints } from './drawing/skeleton-svg';
export { overlaySvg, type LabeledBox } from './drawing/overlay-svg';
export { synthesize, type SynthesisOptions, type SynthesisResult } from './synthesis/synthesize';
export type { SynthesisSettings } from './synthesis/instances-file';
