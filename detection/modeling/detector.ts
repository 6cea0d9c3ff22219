import type { HeadGradients } from '../nn/head-losses';
import type { Module } from '../nn/module';
import type { Trainable } from '../nn/trainable';
import type { DetectionBatch } from '../structures/detection-batch';
import type { ImageBatch } from '../structures/image-batch';
import type { InputSpec } from '../structures/input-spec';
import type { Boxes } from '../structures/boxes';
import type { KeypointLayout } from '../structures/keypoint-layout';
import type { Detections } from '../structures/instances';
import type { Size } from '../structures/size';
import type { ExportedFound, ExportedImages } from './exported';
import type { ModelSettings, SettingValues } from './settings';

/** What a detector can find of an object, by COCO's names. */
export type IouType = 'bbox' | 'segm' | 'keypoints';

/** Normalization of a detector: frozen batch norm presumes pretrained weights. */
export const normNames = ['frozen', 'batch', 'group'] as const;
/** One of `normNames`: batch norm with constant statistics, batch norm, or group norm. */
export type NormName = (typeof normNames)[number];

/**
 * A model that finds objects, and that trains on the losses it computes itself. Whoever built it disposes it.
 */
export interface Detector extends Trainable<DetectionBatch> {
  /** The definition that the detector was built from. */
  readonly definition: ModelDefinition;
  /** How it takes pictures. */
  readonly input: InputSpec;
  /** Names by label - 1. */
  readonly categories: readonly string[];
  /** What is configured of it: values of the model's settings, which its weights go with. */
  readonly settings: SettingValues;
  /** The keypoints that it finds of each object; absent of one that finds none. */
  readonly keypoints?: KeypointLayout;
  /** What `losses` returns. */
  readonly lossNames: readonly string[];
  /** What `detect` finds: of this instance, as heads are configurable. */
  readonly iouTypes: readonly IouType[];
  /** Objects of each image, best first, in pixels of the original images. For backends that read synchronously. */
  detect(images: ImageBatch): Detections[];
  /** The same on any backend. */
  detectAsync(images: ImageBatch): Promise<Detections[]>;
  /**
   * What `detect` does, but for its last step, in an ONNX graph. Absent: it cannot be exported.
   *
   * @throws NotExportableError where a part of it does not say how.
   */
  exportTo?(images: ExportedImages): ExportedFound;
  /**
   * Gives training up for detecting faster: filters with normalization folded in take the place of the weights, which can
   * neither be trained nor saved nor loaded from now on (an InferenceOnlyError says it). Detections stay the same.
   */
  prepareForInference(): void;
  /** The detector and every part of it: torch.nn.Module.modules. */
  modules(): Iterable<Module>;
  /** Frees the weights. */
  dispose(): void;
}

/** What every detector is built from; a family adds to it what can be configured of its models. */
export interface DetectorOptions {
  /** Names of the categories, by label - 1. Either these or `numClasses` are given. */
  readonly categories?: readonly string[];
  /** Foreground classes; the background is the model's own affair. Categories are then called `category 1` and so on. */
  readonly numClasses?: number;
  /** Of the initial weights and of all sampling in training. 0 if left out. */
  readonly seed?: number;
  /** All weights are loaded next: none is drawn at random, which takes longer than loading them. */
  readonly awaitsWeights?: boolean;
  /**
   * Normalization of the backbone and wherever else the model has one. If left out, that which pretrained weights want: the
   * detector waits for them.
   */
  readonly norm?: NormName;
  /**
   * Of batch norm, frozen or not; the model's own if left out. 0 for torchvision's COCO_V1 weights of
   * fasterrcnn_resnet50_fpn (overwrite_eps).
   */
  readonly epsilon?: number;
  /**
   * Stages of the backbone that are trained, counted from the top: 0 none .. the definition's `stages` all. If left out, 3
   * where the norm is frozen or left out, else all: torchvision's numbers with pretrained weights and without.
   */
  readonly trainableLayers?: number;
  /** How it takes pictures; the model's own way if left out. */
  readonly input?: InputSpec;
  /** What is configured of the model, some of its settings or all; the model's own values where left out. */
  readonly settings?: SettingValues;
  /** Of a model that finds keypoints: which these are. COCO's of a person if left out; other models have no use for it. */
  readonly keypoints?: KeypointLayout;
  /** When the heads' gradients are taken in training; in the forward if left out. The results are the same. */
  readonly headGradients?: HeadGradients;
  /** What the detector says it is; the definition that builds it if left out. */
  readonly definition?: ModelDefinition;
}

/** Rows of an entry along its first axis on disk. */
export interface Range {
  /** Index of the first row. */
  readonly start: number;
  /** Behind the last. */
  readonly end: number;
}

/** How large an entry of a predictor is. */
export interface PredictorSize {
  /** Along its first axis on disk. */
  readonly numRows: number;
  /** Foreground classes of its detector. */
  readonly numClasses: number;
}

/** What can be said of a file's entries without building the model: all names are those on disk. */
export interface StateDictLayout {
  /**
   * Foreground classes of the detector that entries are of.
   *
   * @throws RangeError where they are no detector's of this family.
   */
  numClasses(entries: ReadonlyMap<string, { readonly shape: readonly number[] }>): number;
  /**
   * Rows of an entry that belong to one label, 0 being the background, ascending; none of an entry that all labels share.
   */
  rowsOfClass(entry: string, label: number, size: PredictorSize): readonly Range[];
  /** Whether an entry's shape depends on the number of classes. */
  isPredictor(entry: string): boolean;
  /** Whether an entry's shape depends on the number of keypoints; if left out, none does. */
  isKeypointPredictor?(entry: string): boolean;
  /** Keypoints of the detector that entries are of, where they tell; if left out, models of this family find none. */
  numKeypoints?(entries: ReadonlyMap<string, { readonly shape: readonly number[] }>): number | undefined;
  /**
   * The head that an entry is of, by what it needs of targets, where it is one that adds to boxes; if left out, models of this
   * family have no such heads.
   */
  headOf?(entry: string): ModelDefinition['needs'][number] | undefined;
  /** Whether an entry is of the part that image classifiers pretrain. */
  isBackbone(entry: string): boolean;
  /**
   * What the detector calls an entry of an image classifier that has its backbone, without the `features.` of some: that name
   * behind what all the backbone's entries begin with, if left out.
   */
  ofClassifier?(entry: string): string;
  /**
   * COCO's labels in a file that does not name its categories: its ids, 1 to 90, as torchvision has them (if left out), or its
   * 80 categories one after the other.
   */
  readonly cocoLabels?: 'ids' | 'contiguous';
  /**
   * Whether a file of weights to begin with may lack an entry, which then stays as it is: of what training makes by itself. If left
   * out, none may.
   */
  mayBeMissing?(entry: string): boolean;
  /** Whether an entry of a file is a constant that is no weight, and has no place in the model; if left out, none is. */
  isConstant?(entry: string): boolean;
  /**
   * The model that a file is for, a detector's or a classifier's, where its entries show that it is for another than this
   * one: of a family in which backbones differ in more than their names.
   */
  otherModel?(entries: ReadonlyMap<string, { readonly shape: readonly number[] }>): string | undefined;
}

/** A file of weights that torchvision publishes. */
export interface PublishedWeights {
  /** Its full name in torchvision. */
  readonly name: string;
  /** Named by the first eight digits of its SHA-256. */
  readonly file: string;
  /** Size as torchvision's documentation gives it, which says MB for it. */
  readonly mebibytes: number;
  /** The data set of the published training. */
  readonly trainedOn: 'COCO' | 'ImageNet';
  /** Categories of a detector, by label - 1, where these are not all of COCO's. */
  readonly categories?: readonly {
    /** The data set's number of it. */
    readonly id: number;
    /** The data set's name of it. */
    readonly name: string;
  }[];
  /** As published, in percent: box AP on COCO val2017, or accuracy on ImageNet's validation set. */
  readonly accuracy: number;
  /** Whether these are weights of the detector itself, or of an image classifier that has its backbone. */
  readonly of: 'detector' | 'classifier';
  /** Of the detector's batch norm, where that is not the model's own. */
  readonly epsilon?: number;
}

/** All that the rest of the program may know of a model. */
export interface ModelDefinition<
  Options extends DetectorOptions = DetectorOptions,
  Built extends Detector = Detector,
> {
  /** Name of the model, as `createDetector` and `--model` take it. */
  readonly name: string;
  /** Of the backbone, that are trained or frozen together. */
  readonly stages: number;
  /** How many of these train where they begin with pretrained weights; 3 if left out. */
  readonly trainedStages?: number;
  /** Images that a batch must have at least where batch norm is to train; 1 if left out. */
  readonly smallestBatch?: number;
  /** What its targets must have, beside boxes. */
  readonly needs: readonly ('masks' | 'keypoints')[];
  /** How its detectors take pictures unless they are built otherwise. */
  readonly input: InputSpec;
  /**
   * Shorter sides of the resized pictures that are drawn from in training, where the model is trained so; the one of `input` if
   * left out.
   */
  readonly trainMinSizes?: readonly number[];
  /** Normalization where pretrained weights are trained further. */
  readonly pretrainedNorm: NormName;
  /** Files of weights that somebody publishes, by the names that people call them. */
  readonly published: Readonly<Record<string, PublishedWeights>>;
  /** The meaning of the entries in a file of its weights. */
  readonly stateDict: StateDictLayout;
  /** What can be configured of its detectors, and the model's own values. */
  readonly settings: ModelSettings;
  /**
   * Anchors of each level on a padded image, in its pixels: of a model that has such, with some of its settings changed or
   * none.
   */
  anchors?(padded: Size, settings?: SettingValues): readonly Boxes[];
  /**
   * Builds a detector with random weights. The caller disposes it.
   *
   * @throws RangeError where options do not go together, or with this model.
   */
  build(options: Options): Built;
}
