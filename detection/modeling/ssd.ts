import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../events/summary';
import { headLosses, type HeadGradients } from '../nn/head-losses';
import type { Reading } from '../nn/reading';
import type { Losses } from '../nn/trainable';
import { concatBoxes, selectBoxes, type Boxes } from '../structures/boxes';
import type { DetectionBatch } from '../structures/detection-batch';
import type { ImageBatch } from '../structures/image-batch';
import type { Targets } from '../structures/instances';
import type { SsdLiteBackbone } from './backbone/ssdlite-backbone';
import { anchorTargets } from './dense/anchor-targets';
import type { DefaultBoxGenerator } from './dense/default-box-generator';
import { bestCandidates } from './dense/dense-inference';
import { ssdCandidates } from './dense/ssd-inference';
import { exportSsdInference } from './dense/ssd-inference-onnx';
import { SSD_SAMPLES, ssdLosses, type SsdTargets } from './dense/ssd-losses';
import type { SsdLiteHead } from './dense/ssdlite-head';
import { DetectorModule, type DetectorTraits } from './detector-module';
import type { ExportedFound, ExportedImages } from './exported';
import type { Found } from './found';
import { BoxCoder } from './matching/box-coder';
import { ignoreBoxesIn } from './matching/ignore-regions';
import { SsdMatcher } from './matching/ssd-matcher';
import { candidates } from './sample-rows';
import { SSD_LOSS_NAMES, ssdLiteDefaults, type SsdLossOptions, type SsdOptions } from './ssd-defaults';

const ABOUT =
  'Default boxes of fixed sizes and shapes at every place of every map. One that overlaps an object enough is positive; of the others only ' +
  'those are learned as background that the head is most wrong about, a few for each positive.';

/**
 * SSD (Liu et al. 2016): default boxes on maps of falling size, each with a head of its own. Of the background only the
 * hardest is learned. Parameters have torchvision's names.
 */
export class Ssd extends DetectorModule {
  /** Backbone, which returns maps of decreasing size. */
  readonly backbone: SsdLiteBackbone;
  /** Head with a part for each map. */
  readonly head: SsdLiteHead;
  private readonly matcher: SsdMatcher;
  private readonly boxCoder = new BoxCoder(ssdLiteDefaults.bboxWeights);

  /** Takes over the parts. */
  constructor(
    traits: DetectorTraits,
    backbone: SsdLiteBackbone,
    /** Lays out the default boxes. */
    readonly anchorGenerator: DefaultBoxGenerator,
    head: SsdLiteHead,
    private readonly options: SsdOptions,
    private readonly lossOptions: SsdLossOptions,
    private readonly headGradients?: HeadGradients,
  ) {
    super(traits, SSD_LOSS_NAMES, ['bbox']);
    this.backbone = this.child('backbone', backbone);
    this.head = this.child('head', head);
    this.matcher = new SsdMatcher(options.fgIouThreshold);
  }

  /** classification, bbox_regression. The caller disposes. */
  override losses({ images, targets }: DetectionBatch): Losses {
    return tf.tidy(() => {
      const features = this.backbone.forward(images.tensor);
      const levels = this.anchorGenerator.forward(features, images);
      summary.samples(SSD_SAMPLES, () => candidates(ABOUT, features, levels));
      const anchors = concatBoxes(levels);
      const matched = targets.map((target, image) => this.match(anchors, target, image));
      // One piece: which background counts is known when all of an image has been predicted.
      const { negToPosRatio } = this.options;
      const head = (): Losses =>
        ssdLosses(this.head.forward(features), matched, negToPosRatio, this.boxCoder, this.lossOptions);
      return headLosses([head], this.headGradients);
    });
  }

  /** What the default boxes of one image, of all maps, are to predict. @param image index in the batch */
  match(anchors: Boxes, target: Targets, image: number): SsdTargets {
    const matches = ignoreBoxesIn(target.ignored, this.matcher.match(target.boxes, anchors), anchors);
    summary.samples(SSD_SAMPLES, () => [{ image, matchedGt: matches }]);
    const [{ positives, gtLabels, gtBoxes, ignored }] = anchorTargets(matches, [anchors], target).levels;
    return { positives, gtLabels, ignored, boxes: { references: selectBoxes(anchors, positives), gtBoxes } };
  }

  protected override *find(images: ImageBatch): Reading<Found[]> {
    const candidates = yield* this.candidates(images);
    return candidates.map((ofImage) => bestCandidates([ofImage], this.options));
  }

  /** What non-maximum suppression gets of each image, in pixels of the resized images. */
  *candidates(images: ImageBatch): Reading<Found[]> {
    const features = this.backbone.forward(images.tensor);
    const anchors = concatBoxes(this.anchorGenerator.forward(features, images));
    const { classLogits, boxDeltas } = this.head.forward(features);
    const [probabilities, deltas] = yield [tf.softmax(classLogits), boxDeltas];
    const [numImages] = classLogits.shape;
    const ofImage = (values: Float32Array, image: number): Float32Array =>
      values.subarray((image * values.length) / numImages, ((image + 1) * values.length) / numImages);
    return images.sizes.map((size, image) =>
      ssdCandidates(
        ofImage(probabilities, image),
        ofImage(deltas, image),
        anchors,
        size,
        this.boxCoder,
        this.options,
      ),
    );
  }

  override exportTo(images: ExportedImages): ExportedFound {
    const features = this.backbone.exportTo(images.tensor);
    const anchors = this.anchorGenerator.exportTo(features, images.tensor);
    const predictions = this.head.exportTo(features);
    const numClasses = this.categories.length;
    return exportSsdInference(predictions, anchors, images, this.boxCoder, numClasses, this.options);
  }
}
