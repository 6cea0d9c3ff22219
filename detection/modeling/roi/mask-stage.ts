import * as tf from '@tensorflow/tfjs-core';
import type { Value } from '../../onnx/value';
import { summary } from '../../events/summary';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { Reading } from '../../nn/reading';
import type { Losses } from '../../nn/trainable';
import { zeroLoss } from '../../nn/zero-loss';
import { concatValues } from '../../structures/concat-values';
import type { ImageBatch, ImageSizes } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import type { ExportedFound, ExportedImages } from '../exported';
import type { Found } from '../found';
import { weighed } from '../loss-settings';
import { shares } from '../sample-rows';
import { MASK_LOSS_NAMES, type MaskSettings } from '../mask-rcnn-defaults';
import type { RoiHead, Sample } from './box-stage';
import type { MaskRcnnHeads } from './mask-head';
import type { MaskRcnnPredictor } from './mask-predictor';
import { describeMaskSamples, MASK_SAMPLES, maskSample, withMasks, type MaskSample } from './mask-samples';
import type { MultiScaleRoiAlign } from './multi-scale-roi-align';

/** What the head says of its samples, and should say. */
export interface MaskOutputs {
  /** [R, size, size, C], what the predictor makes masks of; undefined where no sample has a mask. */
  readonly maps: tf.Tensor4D | undefined;
  /** Of each image. */
  readonly samples: readonly MaskSample[];
}

/** Mask R-CNN's mask head (He et al. 2017) as in torchvision's RoIHeads: a mask for each box, of the box's label. */
export class MaskStage extends Module implements RoiHead {
  readonly lossNames = MASK_LOSS_NAMES;
  readonly iouType = 'segm';
  private readonly maskHead: MaskRcnnHeads;
  private readonly maskPredictor: MaskRcnnPredictor;
  /** Height and width of a mask. */
  private readonly side: number;

  /**
   * Takes over the head and the predictor.
   *
   * @param kind of what is to be predicted, and of how masks are pasted
   */
  constructor(
    private readonly maskPooler: MultiScaleRoiAlign,
    maskHead: MaskRcnnHeads,
    maskPredictor: MaskRcnnPredictor,
    private readonly settings: MaskSettings,
    private readonly headGradients: HeadGradients = 'in-forward',
    private readonly kind: 'torchvision' | 'detectron2' = 'torchvision',
  ) {
    super();
    this.maskHead = this.child('mask_head', maskHead);
    this.maskPredictor = this.child('mask_predictor', maskPredictor);
    this.side = 2 * maskPooler.outputSize;
  }

  /** loss_mask: torchvision's maskrcnn_loss over the positive samples whose object has a mask; 0 where none has. */
  losses(
    features: readonly tf.Tensor4D[],
    samples: readonly Sample[],
    targets: readonly Targets[],
    images: ImageBatch,
  ): Losses {
    const learned = this.withMasks(samples, targets);
    return tf.tidy(() => {
      const pooled = this.poolSamples(features, learned, images);
      if (!pooled) return { loss_mask: zeroLoss(this) };
      const head = (): Losses => this.lossesOf({ maps: this.maps(pooled), samples: learned });
      return headLosses([head], this.headGradients);
    });
  }

  /**
   * Training-mode forward up to the losses, for who computes these elsewhere: up to the predictor, which computes logits and loss
   * in one. To be called in a tidy.
   */
  predict(
    features: readonly tf.Tensor4D[],
    samples: readonly Sample[],
    targets: readonly Targets[],
    images: ImageSizes,
  ): MaskOutputs {
    const learned = this.withMasks(samples, targets);
    const pooled = this.poolSamples(features, learned, images);
    return { maps: pooled && this.maps(pooled), samples: learned };
  }

  /** The losses of what the head says of its samples. The caller disposes. */
  lossesOf({ maps, samples }: MaskOutputs): Losses {
    const { maskPredictor, settings } = this;
    return tf.tidy(() => {
      if (!maps) return { loss_mask: zeroLoss(this) };
      const labels = Int32Array.from(samples.flatMap((sample) => [...sample.labels]));
      const maskTargets = concatValues(samples.map((sample) => sample.targets));
      const loss = maskPredictor.loss(maps, labels, maskTargets);
      summary.samples(MASK_SAMPLES, () => {
        const factor = settings.losses.weights.loss_mask / labels.length;
        const ofRois = shares(maskPredictor.lossOfRois(maps, labels, maskTargets), factor);
        return describeMaskSamples(samples, ofRois);
      });
      return weighed({ loss_mask: loss }, settings.losses.weights);
    });
  }

  *refine(features: readonly tf.Tensor4D[], found: readonly Found[], images: ImageBatch): Reading<Found[]> {
    const { side } = this;
    const { threshold } = this.settings.mask;
    const boxes = found.map((ofImage) => ofImage.boxes);
    const labels = Int32Array.from(found.flatMap((ofImage) => [...ofImage.labels]));
    let probabilities: Float32Array = new Float32Array();
    if (labels.length > 0) {
      const x = this.maskHead.forward(this.maskPooler.forward(features, boxes, images.sizes));
      [probabilities] = yield [tf.sigmoid(this.maskPredictor.forward(x, labels))];
    }
    return withMasks(found, probabilities, { side, threshold, pasting: this.kind });
  }

  exportTo(features: readonly Value[], found: ExportedFound, images: ExportedImages): ExportedFound {
    const { boxes, labels } = found;
    const x = this.maskHead.exportTo(this.maskPooler.exportTo(features, boxes, images.height));
    const logits = this.maskPredictor.exportTo(x, labels.reshape([-1]));
    const { side, kind } = this;
    const probabilities = logits.sigmoid().reshape([boxes.side(0), boxes.side(1), side, side]);
    const masks = { probabilities, side, threshold: this.settings.mask.threshold, pasting: kind };
    return { ...found, masks };
  }

  /** What the head makes of pooled regions, for the predictor. Takes over what is pooled. */
  private maps(pooled: tf.Tensor4D): tf.Tensor4D {
    const maps = this.maskHead.forward(pooled);
    // The tape has what it needs of it.
    pooled.dispose();
    return maps;
  }

  /** Of all samples; undefined where there is none. */
  private poolSamples(
    features: readonly tf.Tensor4D[],
    samples: readonly MaskSample[],
    { sizes }: ImageSizes,
  ): tf.Tensor4D | undefined {
    const boxes = samples.map((sample) => sample.boxes);
    return boxes.some((ofImage) => ofImage.length > 0)
      ? this.maskPooler.forward(features, boxes, sizes)
      : undefined;
  }

  /** Of each image. */
  private withMasks(samples: readonly Sample[], targets: readonly Targets[]): MaskSample[] {
    const learned = samples.map((sample, image) => maskSample(sample, targets[image], this.side, this.kind));
    const count = learned.reduce((sum, { labels }) => sum + labels.length, 0);
    summary.scalar('roi_head/num_mask_samples', count / samples.length);
    return learned;
  }
}
