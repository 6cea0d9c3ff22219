import * as tf from '@tensorflow/tfjs-core';
import { summary } from '../../events/summary';
import { headLosses, type HeadGradients } from '../../nn/head-losses';
import { Module } from '../../nn/module';
import type { Reading } from '../../nn/reading';
import type { Losses } from '../../nn/trainable';
import { zeroLoss } from '../../nn/zero-loss';
import { maskTargets } from '../../ops/mask-targets';
import { numBoxes, selectBoxes, type Boxes } from '../../structures/boxes';
import { concatValues } from '../../structures/concat-values';
import type { ImageBatch } from '../../structures/image-batch';
import type { Targets } from '../../structures/instances';
import type { Found } from '../found';
import { weighed } from '../loss-settings';
import { shares } from '../sample-rows';
import { MASK_LOSS_NAMES, type MaskSettings } from '../mask-rcnn-defaults';
import type { RoiHead, Sample } from './box-stage';
import type { MaskRcnnHeads } from './mask-head';
import type { MaskRcnnPredictor } from './mask-predictor';
import type { MultiScaleRoiAlign } from './multi-scale-roi-align';

const ABOUT =
  'The sampled proposals that the mask head learns from: those matched to an object that has a mask.';

/** The samples of an image that its mask head learns from. */
interface MaskSample {
  /** R boxes, pixels of the resized image. */
  readonly boxes: Boxes;
  /** [R], 1..K. */
  readonly labels: Int32Array;
  /** [R] index of its object. */
  readonly matchedGt: Int32Array;
  /** [R * side * side], 0..1. */
  readonly targets: Float32Array;
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
    const learned = samples.map((sample, image) => this.withMask(sample, targets[image]));
    const labels = Int32Array.from(learned.flatMap((sample) => [...sample.labels]));
    summary.scalar('roi_head/num_mask_samples', labels.length / samples.length);
    return tf.tidy(() => {
      if (labels.length === 0) return { loss_mask: zeroLoss(this) };
      const pooled = this.maskPooler.forward(
        features,
        learned.map(({ boxes }) => boxes),
        images.sizes,
      );
      const head = (): Losses => {
        const x = this.maskHead.forward(pooled);
        // The tape has what it needs of it.
        pooled.dispose();
        const maskTargets = concatValues(learned.map((sample) => sample.targets));
        const loss = this.maskPredictor.loss(x, labels, maskTargets);
        summary.samples('roi_head/masks', () => {
          const factor = this.settings.losses.weights.loss_mask / labels.length;
          const ofRois = shares(this.maskPredictor.lossOfRois(x, labels, maskTargets), factor);
          let first = 0;
          return learned.map(({ boxes, matchedGt }, image) => ({
            image,
            about: ABOUT,
            boxes,
            matchedGt,
            sampled: new Uint8Array(matchedGt.length).fill(1),
            losses: { loss_mask: ofRois.subarray(first, (first += matchedGt.length)) },
          }));
        });
        return weighed({ loss_mask: loss }, this.settings.losses.weights);
      };
      return headLosses([head], this.headGradients);
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
    let first = 0;
    return found.map((ofImage) => {
      const last = first + numBoxes(ofImage.boxes) * side * side;
      const boxMasks = {
        side,
        probabilities: probabilities.slice(first, last),
        threshold,
        pasting: this.kind,
      };
      first = last;
      return { ...ofImage, boxMasks };
    });
  }

  /** The positives of an image whose object has a mask, and what is to be predicted for them. */
  private withMask({ boxes, labels, matchedGt }: Sample, { masks, hasMask }: Targets): MaskSample {
    const learned = Int32Array.from(labels.keys()).filter(
      (roi) => labels[roi] > 0 && masks !== undefined && hasMask?.[matchedGt[roi]] !== 0,
    );
    const itsBoxes = selectBoxes(boxes, learned);
    const itsGt = learned.map((roi) => matchedGt[roi]);
    return {
      boxes: itsBoxes,
      labels: learned.map((roi) => labels[roi]),
      matchedGt: itsGt,
      targets: maskTargets(masks ?? [], itsGt, itsBoxes, this.side, this.kind),
    };
  }
}
