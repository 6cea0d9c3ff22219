/// <reference types="long" preserve="true" />
/**
 * Detectors that compute their own losses, the trainer that drives them, and the parts they are built from. Nothing here needs
 * Node.js; a backend of TensorFlow.js has to be loaded first (`faster-rcnn/node`).
 *
 * @module faster-rcnn
 */

// Detectors by name.
export {
  createDetector,
  modelDefinition,
  modelDefinitions,
  modelNames,
  ModelNameTakenError,
  registerModel,
  UnknownModelError,
} from './modeling/definitions';
export { defineModel } from './modeling/definitions/define-model';
export { InputError } from './errors';
export {
  normNames,
  type Detector,
  type DetectorOptions,
  type IouType,
  type ModelDefinition,
  type NormName,
  type PredictorSize,
  type PublishedWeights,
  type Range,
  type StateDictLayout,
} from './modeling/detector';
export {
  withSettings,
  type ChoiceSetting,
  type ListSetting,
  type ModelSettings,
  type NumberSetting,
  type Setting,
  type SettingFault,
  type SettingsSchema,
  type SettingValue,
  type SettingValues,
  type DeepPartial,
  type ValuesOf,
} from './modeling/settings';

// ONNX.
export { concat, Value } from './onnx/value';
export type {
  Attribute,
  ElementType as OnnxElementType,
  FloatAttribute,
  GraphBuilder,
  GraphTensor,
  Largest,
  LoopBody,
  Operand,
  Side,
  Subgraph,
} from './onnx/value';
export type {
  ExportedBoxes,
  ExportedFound,
  ExportedImages,
  ExportedKeypoints,
  ExportedMasks,
} from './modeling/exported';
export { NotExportableError } from './modeling/not-exportable-error';
export type { ExportedActivation } from './nn/exported-layers';
export type { ExportedDensePredictions } from './modeling/dense/dense-inference-onnx';
export type { ExportedRoiPredictions } from './modeling/roi/box-head';

// Training.
export { train, type TrainingOptions, type TrainingResult } from './engine/train';
export { ReplicaLostError, type Replicas } from './engine/replicas';
export type { Losses, Trainable } from './nn/trainable';
export { withLoss, type InputsAndTargets, type SeparatedModel } from './engine/with-loss';
export { validationLosses } from './engine/validation-losses';
export { inspectLosses, type InspectedLosses } from './engine/inspect-losses';
export { DivergenceError, type DivergedStep } from './engine/divergence-error';
export { NamedStateOptimizer, type Optimizer, type ParameterGroup } from './engine/optimizer';
export { Sgd, type SgdOptions } from './engine/sgd';
export { AdamW, type AdamWOptions } from './engine/adamw';
export { clipByGlobalNorm, clipByValue, type GradientClipping } from './engine/gradient-clipping';
export {
  constant,
  cosine,
  multiStep,
  warmupMultiStep,
  withLinearWarmup,
  type Schedule,
  type WarmupOptions,
} from './engine/schedules';
export type { Hook, Json, TrainingState } from './engine/hooks';
export { EarlyStopping, type EarlyStoppingOptions } from './engine/early-stopping';
export { WeightAverage, type WeightAverageOptions } from './engine/weight-average';
export type { Metric } from './engine/metric';
export {
  exponential,
  LearningRateRange,
  steepestDescent,
  tenthOfLowest,
  type RangePoint,
} from './engine/learning-rate-range';

// What a model tells while it trains.
export { summary, type Lazy } from './events/summary';
export { joinSamples, type SampleLevel, type SampleRows, type SampleTable } from './events/samples';
export {
  EventStorage,
  type PrecisionRecallCurve,
  type ScalarEvent,
  type SummaryBox,
  type SummaryImage,
} from './events/event-storage';
export type { Histogram } from './events/histogram';

// Images and what is in them.
export type { Detections, Instances, Targets } from './structures/instances';
export {
  cocoPersonKeypoints,
  flippedOrder,
  numberedKeypoints,
  type KeypointLayout,
} from './structures/keypoint-layout';
export type { DetectionBatch } from './structures/detection-batch';
export { batchImages, type ImageBatch, type ImageSizes } from './structures/image-batch';
export {
  IMAGE_MEAN,
  IMAGE_STD,
  torchvisionInput,
  type FixedSize,
  type InputSpec,
  type ResizeSpec,
  type ShorterSide,
} from './structures/input-spec';
export { detectorInput, sidesOf, type Sides } from './structures/image-sides';
export { paddedSize, resizedSize, type RgbImage } from './structures/resize';
export type { Size, Window } from './structures/size';
export type { Mask } from './structures/mask';
export { cropMask, flipMask, resizeMask } from './structures/mask-transforms';
export {
  cropInstances,
  flipInstances,
  scaleInstances,
  selectInstances,
} from './structures/transform-instances';
export {
  boxAreas,
  clipBoxes,
  concatBoxes,
  flipBoxes,
  numBoxes,
  scaleBoxes,
  selectBoxes,
  type Boxes,
} from './structures/boxes';

// Modules and layers.
export { Module, Parameter, type FlattenedMap, type Layout } from './nn/module';
export { ModuleList } from './nn/containers';
export { Conv2d, Convolution, type Activation, type Affine, type ConvolutionOptions } from './nn/convolution';
export { DepthwiseConv2d } from './nn/depthwise-convolution';
export { ConvTranspose2d, type ConvTransposeOptions } from './nn/conv-transpose';
export { Conv2dNormActivation } from './nn/conv2d-norm-activation';
export { Linear } from './nn/linear';
export { Layer, setPrecision, type Precision } from './nn/precision';
export type { Nonlinearity } from './nn/activations';
export {
  BatchNorm,
  FrozenBatchNorm,
  GroupNorm,
  overwriteEpsilon,
  type Normalization,
  type NormalizationFactory,
} from './nn/normalization';
export { InferenceOnlyError } from './nn/inference-only-error';
export { NormNotLoadedError, SingleValueNormError } from './nn/norm-errors';
export { normalization } from './modeling/definitions/normalization';
export {
  kaimingNormalFanOut,
  kaimingUniform,
  linearUniform,
  normal,
  uniform,
  type FilterShape,
  type InitialWeight,
} from './nn/initializers';
export { RandomStream } from './nn/random';
export { lossesAndGradients, type LossesAndGradients } from './nn/autograd';
export { headLosses, type HeadGradients } from './nn/head-losses';
export { noGradient } from './nn/tfjs-internals';
export { readAsync, readSync, type Reading } from './nn/reading';

// Operations.
export { boxIou } from './ops/iou';
export { batchedNms, nms } from './ops/nms';
export { roiAlign } from './ops/roi-align';
export { DETECTRON2_SAMPLING, TORCHVISION_SAMPLING, type Rois, type RoiSampling } from './ops/roi-pooling';
export { maskTargets } from './ops/mask-targets';
export { pasteMasks, type BoxMasks } from './ops/paste-masks';
export { keypointsToHeatmap, type HeatmapCells } from './ops/keypoints-to-heatmap';
export { heatmapsToKeypoints, type FoundKeypoints } from './ops/heatmaps-to-keypoints';
export { heatmapCrossEntropySum } from './ops/heatmap-cross-entropy';
export { l1Sum, smoothL1Sum } from './ops/smooth-l1';
export { boxIouLossSum, type BoxIouLoss } from './ops/box-iou-loss';
export { sigmoidFocalLossSum, type FocalLossOptions, type PositiveEntries } from './ops/sigmoid-focal-loss';
export { softmaxFocalLossSum } from './ops/softmax-focal-loss';

// What every detector is built from.
export { DetectorModule, type DetectorTraits } from './modeling/detector-module';
export { inOriginalPixels, type Found } from './modeling/found';
export { SingleMapBackbone, type Backbone } from './modeling/backbone/backbone';
export { Body, type BodyOptions } from './modeling/backbone/body';
export { LayeredBody, type BodyLayer, type MapModule } from './modeling/backbone/layered-body';
export { ResNet, type ResNetOptions } from './modeling/backbone/resnet';
export { ResNetStage, type ResNetDepth, type ResNetStageOptions } from './modeling/backbone/resnet-stage';
export { MobileNetV2 } from './modeling/backbone/mobilenet-v2';
export { MobileNetV3 } from './modeling/backbone/mobilenet-v3';
export { EfficientNetLite0 } from './modeling/backbone/efficientnet-lite0';
export {
  BackboneWithFpn,
  LastLevelMaxPool,
  LastLevelP6P7,
  type FeaturePyramidOptions,
  type LastLevels,
} from './modeling/backbone/feature-pyramid';
export { AnchorGenerator, sharedRatios } from './modeling/rpn/anchor-generator';
export { BoxCoder } from './modeling/matching/box-coder';
export { boxLossSum, type BoxLoss, type BoxLossOptions, type BoxTargets } from './modeling/matching/box-loss';
export { BELOW_LOW_THRESHOLD, BETWEEN_THRESHOLDS, Matcher } from './modeling/matching/matcher';
export { BalancedSampler, type SampledIndices, type SamplerOptions } from './modeling/matching/sampler';
export type { MakeBody } from './modeling/definitions/bodies';
export type { FamilyConfiguration, FamilyDefinition, FamilyOptions } from './modeling/definitions/family';
export type { DensePyramidConfiguration } from './modeling/definitions/dense-pyramid';
export type { LossWeights } from './modeling/loss-settings';

// Faster R-CNN.
export { FasterRcnn } from './modeling/faster-rcnn';
export { fasterRcnnModel, fasterRcnnModels } from './modeling/definitions/faster-rcnn';
export { maskRcnnModel, maskRcnnModels, type MaskRcnnDefinition } from './modeling/definitions/mask-rcnn';
export {
  keypointRcnnModel,
  keypointRcnnModels,
  type KeypointRcnnDefinition,
} from './modeling/definitions/keypoint-rcnn';
export {
  maskKeypointRcnnModels,
  type MaskKeypointRcnnDefinition,
} from './modeling/definitions/mask-keypoint-rcnn';
export type {
  BoxHeadOptions,
  FasterRcnnConfiguration,
  FasterRcnnDefinition,
  FasterRcnnOptions,
  MakeBoxHead,
} from './modeling/definitions/faster-rcnn-definition';
export {
  fasterRcnnDefaults,
  type FasterRcnnDefaults,
  type FasterRcnnLossOptions,
  type FasterRcnnSettings,
  type RoiOptions,
  type RpnOptions,
} from './modeling/faster-rcnn-defaults';
export {
  RegionProposalNetwork,
  type RpnOutputs,
  type RpnTraining,
  type SampledAnchors,
} from './modeling/rpn/region-proposal-network';
export {
  RpnHead,
  type AnchorSurroundings,
  type RpnPredictions,
  type SampledPredictions,
} from './modeling/rpn/rpn-head';
export type { AnchorSample } from './modeling/rpn/rpn-losses';
export type { Patches } from './ops/patches';
export { RoiHeads } from './modeling/roi/roi-heads';
export type { BoxStage, BoxStageLosses, BoxStageOutputs, RoiHead, Sample } from './modeling/roi/box-stage';
export { FastRcnnStage, type BoxHead } from './modeling/roi/fast-rcnn';
export { fastRcnnLosses, type BoxHeadOutputs, type RoiTargets } from './modeling/roi/fast-rcnn-losses';
export {
  FastRcnnConvFcHead,
  FastRcnnPredictor,
  TwoMlpHead,
  type RoiPredictions,
} from './modeling/roi/box-head';
export {
  maskRcnnDefaults,
  type MaskHeadLayers,
  type MaskRcnnDefaults,
  type MaskSettings,
} from './modeling/mask-rcnn-defaults';
export { MaskStage, type MaskOutputs } from './modeling/roi/mask-stage';
export type { MaskSample } from './modeling/roi/mask-samples';
export { MaskRcnnHeads } from './modeling/roi/mask-head';
export { MaskRcnnPredictor } from './modeling/roi/mask-predictor';
export {
  keypointRcnnDefaults,
  type KeypointRcnnDefaults,
  type KeypointSettings,
} from './modeling/keypoint-rcnn-defaults';
export {
  KeypointStage,
  type KeypointOutputs,
  type KeypointPieceOutputs,
} from './modeling/roi/keypoint-stage';
export { KeypointRcnnHeads, KeypointRcnnPredictor } from './modeling/roi/keypoint-head';
export { MultiScaleRoiAlign } from './modeling/roi/multi-scale-roi-align';
export type { LevelMapperOptions } from './modeling/roi/level-mapper';

// Cascade R-CNN, and detectron2's other models.
export {
  cascadeRcnnModel,
  cascadeRcnnModels,
  type CascadeRcnnDefinition,
} from './modeling/definitions/detectron2/cascade-rcnn';
export { detectron2RcnnModels, type Detectron2RcnnDefinition } from './modeling/definitions/detectron2/rcnn';
export type { Detectron2Configuration } from './modeling/definitions/detectron2/bases';
export { Detectron2Rcnn } from './modeling/detectron2/detectron2-rcnn';
export {
  cascadeRcnnDefaults,
  type CascadeLossOptions,
  type CascadeOptions,
  type CascadeRcnnSettings,
} from './modeling/cascade-rcnn-defaults';
export { detectron2Defaults, detectron2Levels } from './modeling/detectron2-defaults';
export { CascadeStage, type CascadeHead } from './modeling/roi/cascade-stage';
export { Res5Stage } from './modeling/roi/res5-stage';
export { FastRcnnOutputLayers } from './modeling/roi/fast-rcnn-output-layers';
export type { BoxPredictor } from './modeling/roi/box-head';
export type { BoxHeadLossNames, BoxHeadLossOptions } from './modeling/roi/fast-rcnn-losses';
export type { HeadLossNames } from './modeling/faster-rcnn-defaults';
export type { RpnLossOptions, RpnLossStyle } from './modeling/rpn/rpn-losses';
export type { Detectron2Anchors } from './modeling/rpn/anchor-generator';

// RetinaNet and FCOS.
export { RetinaNet, RetinaNetHead } from './modeling/retinanet';
export { retinaNetModels } from './modeling/definitions/retinanet';
export type {
  RetinaNetConfiguration,
  RetinaNetDefinition,
  RetinaNetOptions,
} from './modeling/definitions/retinanet';
export {
  retinaNetDefaults,
  type RetinaNetDefaults,
  type RetinaNetSettings,
} from './modeling/retinanet-defaults';
export { Fcos, FcosHead } from './modeling/fcos';
export { fcosModels } from './modeling/definitions/fcos';
export type { FcosConfiguration, FcosDefinition, FcosOptions } from './modeling/definitions/fcos';
export { fcosDefaults, type FcosDefaults, type FcosSettings } from './modeling/fcos-defaults';
export { ClassificationHead, type ClassificationLossOptions } from './modeling/dense/classification-head';
export {
  RetinaNetRegressionHead,
  type RetinaNetBoxLossOptions,
} from './modeling/dense/retinanet-regression-head';
export {
  FcosRegressionHead,
  type FcosBoxLossOptions,
  type LocationPredictions,
} from './modeling/dense/fcos-regression-head';
export { DenseHead } from './modeling/dense/dense-head';
export {
  DenseTower,
  type TowerLayerNames,
  type TowerNames,
  type TowerOptions,
} from './modeling/dense/dense-tower';
export type { DenseInferenceOptions, DensePredictions } from './modeling/dense/dense-inference';
export type { AnchorTargets, DenseTargets, LevelTargets } from './modeling/dense/anchor-targets';
export { DistanceCoder } from './modeling/matching/distance-coder';
export { LocationMatcher } from './modeling/matching/location-matcher';

// SSD.
export { Ssd } from './modeling/ssd';
export { ssdLiteModels } from './modeling/definitions/ssdlite';
export type { SsdLiteConfiguration, SsdLiteDefinition, SsdLiteOptions } from './modeling/definitions/ssdlite';
export {
  ssdLiteDefaults,
  type SsdLiteDefaults,
  type SsdLossOptions,
  type SsdOptions,
  type SsdSettings,
} from './modeling/ssd-defaults';
export { SsdLiteBackbone, type SsdLiteBackboneOptions } from './modeling/backbone/ssdlite-backbone';
export { SsdLiteHead } from './modeling/dense/ssdlite-head';
export { DefaultBoxGenerator } from './modeling/dense/default-box-generator';
export type { LayerStyle, PaddingRule } from './modeling/backbone/inverted-residual';
export type { SsdTargets } from './modeling/dense/ssd-losses';
