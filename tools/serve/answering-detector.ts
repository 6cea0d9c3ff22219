import * as tf from '@tensorflow/tfjs-core';
import { CategoryMap } from '../../datasets/coco/categories/category-map';
import { aboveThreshold, cocoDetections, type MaskForm } from '../../datasets/evaluation/detect-images';
import { ImageError } from '../../datasets/images/image-error';
import { detectFiles } from '../../datasets/inference/detect-files';
import type { InferenceOptions } from '../../datasets/inference/options';
import type { LoadedDetector } from '../../weights/detectors/load-detector';
import { pictureEntry } from '../detect/outputs/json-file';
import { tellOfReducedTiles } from '../detect/reduced-tiles';
import { tellOfMissingMasks } from '../detect/run-pictures';
import { thresholdsByLabel, type GivenThresholds } from '../detect/score-thresholds';

/** How a service detects in pictures. */
export interface PictureDetection {
  /** From which score on detections count. */
  readonly scoreThreshold?: GivenThresholds;
  /** How pictures are shown to the detector. */
  readonly inference: InferenceOptions;
  /** How masks are written. Default `rle`. */
  readonly masks?: MaskForm;
}

/** A picture that somebody has sent. */
export interface SentPicture {
  /** What its sender calls it. */
  readonly name: string;
  /** Of its file. */
  readonly bytes: Uint8Array;
}

/** What has been found in a picture, as JSON; or why the picture cannot be used. */
export type PictureAnswer =
  { readonly json: string } | { readonly refusal: { readonly code: string; readonly message: string } };

/** What has been found in some pictures. */
export interface BatchAnswer {
  /** In the order of the pictures. */
  readonly answers: readonly PictureAnswer[];
  /** How many tensors there are after that: more from batch to batch is a leak. */
  readonly numTensors: number;
}

/** A detector that answers as `rcnn detect --json` writes: an entry for each picture. */
export class AnsweringDetector {
  private readonly categories: CategoryMap;
  private readonly thresholds: readonly number[];

  /**
   * @param detector disposed of by `dispose`
   * @throws InputError where the score thresholds do not fit the detector.
   */
  constructor(
    private readonly detector: LoadedDetector,
    private readonly options: PictureDetection,
  ) {
    tellOfMissingMasks(options, detector.model);
    tellOfReducedTiles(detector.model, options.inference);
    this.categories = new CategoryMap(detector.categories, 'the detector');
    this.thresholds = thresholdsByLabel(options.scoreThreshold, this.categories, detector.scoreThresholds);
  }

  /** Detects in pictures, side by side where they come to one size. */
  async detect(pictures: readonly SentPicture[]): Promise<BatchAnswer> {
    const { inference, masks } = this.options;
    const files = pictures.map(({ bytes }) => ({ file: bytes }));
    const found = await detectFiles(this.detector.model, files, inference);
    const answers = found.map((picture, k): PictureAnswer => {
      if (picture instanceof ImageError) {
        return { refusal: { code: picture.code, message: `the picture cannot be used: ${picture.reason}` } };
      }
      const detections = aboveThreshold(picture.detections, this.thresholds);
      const entry = pictureEntry(
        pictures[k].name,
        picture.size,
        cocoDetections(detections, this.categories, masks),
      );
      return { json: JSON.stringify(entry) };
    });
    return { answers, numTensors: tf.memory().numTensors };
  }

  /** Disposes of the detector. */
  dispose(): void {
    this.detector.model.dispose();
  }
}
