import { Module } from '../nn/module';
import { readAsync, readSync, type Reading } from '../nn/reading';
import type { Losses } from '../nn/trainable';
import type { DetectionBatch } from '../structures/detection-batch';
import type { ImageBatch } from '../structures/image-batch';
import type { InputSpec } from '../structures/input-spec';
import type { Detections } from '../structures/instances';
import type { KeypointLayout } from '../structures/keypoint-layout';
import type { Detector, IouType, ModelDefinition } from './detector';
import type { ExportedFound, ExportedImages } from './exported';
import { inOriginalPixels, type Found } from './found';
import type { SettingValues } from './settings';

/** What a detector is told about itself. */
export interface DetectorTraits {
  /** The definition that the detector is built from. */
  readonly definition: ModelDefinition;
  /** How the detector takes pictures. */
  readonly input: InputSpec;
  /** Names by label - 1. */
  readonly categories: readonly string[];
  /** What is configured of it, as far as that is not the model's own. Default: nothing. */
  readonly settings?: SettingValues;
  /** The keypoints that it finds. Default: none. */
  readonly keypoints?: KeypointLayout;
}

/** What detectors have in common: a model says how it finds objects in pixels of the resized images. */
export abstract class DetectorModule extends Module implements Detector {
  readonly definition: ModelDefinition;
  readonly input: InputSpec;
  readonly categories: readonly string[];
  readonly settings: SettingValues;
  readonly keypoints?: KeypointLayout;

  /**
   * To be called first by a model’s constructor.
   *
   * @param lossNames what `losses` returns
   * @param iouTypes what `detect` finds
   */
  protected constructor(
    { definition, input, categories, settings = {}, keypoints }: DetectorTraits,
    readonly lossNames: readonly string[],
    readonly iouTypes: readonly IouType[],
  ) {
    super();
    this.definition = definition;
    this.input = input;
    this.categories = categories;
    this.settings = settings;
    this.keypoints = keypoints;
  }

  abstract losses(batch: DetectionBatch): Losses;

  /** Objects of each image, before the last step. */
  protected abstract find(images: ImageBatch): Reading<Found[]>;

  exportTo?(images: ExportedImages): ExportedFound;

  detect(images: ImageBatch): Detections[] {
    return inOriginalPixels(
      readSync(() => this.find(images)),
      images,
    );
  }

  async detectAsync(images: ImageBatch): Promise<Detections[]> {
    return inOriginalPixels(await readAsync(() => this.find(images)), images);
  }
}
