/** Small detectors with every part that a large one has, and batches for them. */
import * as tf from '@tensorflow/tfjs-core';
import { Body } from '../../../../detection/modeling/backbone/body';
import { BackboneWithFpn, LastLevelP6P7 } from '../../../../detection/modeling/backbone/feature-pyramid';
import { ClassificationHead } from '../../../../detection/modeling/dense/classification-head';
import { DenseTower } from '../../../../detection/modeling/dense/dense-tower';
import { RetinaNetRegressionHead } from '../../../../detection/modeling/dense/retinanet-regression-head';
import { fasterRcnnDefaults } from '../../../../detection/modeling/faster-rcnn-defaults';
import { FasterRcnn } from '../../../../detection/modeling/faster-rcnn';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { Matcher } from '../../../../detection/modeling/matching/matcher';
import { RetinaNet, RetinaNetHead } from '../../../../detection/modeling/retinanet';
import { octaveOf, retinaNetDefaults } from '../../../../detection/modeling/retinanet-defaults';
import { FastRcnnPredictor, TwoMlpHead } from '../../../../detection/modeling/roi/box-head';
import { MultiScaleRoiAlign } from '../../../../detection/modeling/roi/multi-scale-roi-align';
import { FastRcnnStage } from '../../../../detection/modeling/roi/fast-rcnn';
import { RoiHeads } from '../../../../detection/modeling/roi/roi-heads';
import { AnchorGenerator } from '../../../../detection/modeling/rpn/anchor-generator';
import { RegionProposalNetwork } from '../../../../detection/modeling/rpn/region-proposal-network';
import { RpnHead } from '../../../../detection/modeling/rpn/rpn-head';
import { Conv2dNormActivation } from '../../../../detection/nn/conv2d-norm-activation';
import { Conv2d } from '../../../../detection/nn/convolution';
import type { HeadGradients } from '../../../../detection/nn/head-losses';
import { kaimingNormalFanOut } from '../../../../detection/nn/initializers';
import { BatchNorm, type NormalizationFactory } from '../../../../detection/nn/normalization';
import { RandomStream } from '../../../../detection/nn/random';
import type { DetectionBatch } from '../../../../detection/structures/detection-batch';
import { traits } from '../traits';

const NUM_CLASSES = 3;
const CHANNELS = 16;

/** Four convolutions with batch norm and ReLU, strides 4, 8, 16, 32. */
class SmallBody extends Body {
  override readonly outChannels = [8, 8, 16, 16];
  private readonly layers: readonly Conv2dNormActivation[];

  constructor(random: RandomStream, normalization: NormalizationFactory) {
    super();
    let inChannels = 3;
    this.layers = this.outChannels.map((outChannels, i) => {
      const weight = kaimingNormalFanOut([3, 3, inChannels, outChannels], random);
      const convolution = new Conv2d(weight, undefined, { stride: i === 0 ? 4 : 2, padding: 1 });
      inChannels = outChannels;
      const layer = new Conv2dNormActivation(convolution, normalization(outChannels), 'relu');
      return this.child(`layer${i}`, layer);
    });
  }

  override forward(x: tf.Tensor4D): tf.Tensor4D[] {
    let map = x;
    return this.layers.map((layer) => (map = layer.forward(map)));
  }
}

/** Samples fewer anchors and proposals than there are, so that the streams decide which. */
export function buildSmallDetector(
  seed: number,
  headGradients: HeadGradients,
  normalization: NormalizationFactory = (channels) => new BatchNorm(channels),
): FasterRcnn {
  const random = new RandomStream(seed, 'init');
  const ratios = [0.5, 1, 2];
  const anchors = new AnchorGenerator(
    [[8], [16], [32], [64], [128]],
    [ratios, ratios, ratios, ratios, ratios],
  );
  const rpn = new RegionProposalNetwork(
    anchors,
    new RpnHead(CHANNELS, ratios.length, random),
    new RandomStream(seed, 'rpn-sampler'),
    {
      ...fasterRcnnDefaults.rpn,
      batchSizePerImage: 24,
      preNmsTopN: { train: 80, test: 50 },
      postNmsTopN: { train: 60, test: 30 },
    },
    headGradients,
  );
  const boxStage = new FastRcnnStage(
    new MultiScaleRoiAlign(7, { canonicalScale: 28, canonicalLevel: 4 }),
    new TwoMlpHead(CHANNELS, 7, 24, random),
    new FastRcnnPredictor(24, NUM_CLASSES, random),
    new RandomStream(seed, 'roi-sampler'),
    { ...fasterRcnnDefaults.roi, batchSizePerImage: 16, scoreThreshold: 0 },
    headGradients,
  );
  return new FasterRcnn(
    traits(NUM_CLASSES),
    new BackboneWithFpn(new SmallBody(random, normalization), { outChannels: CHANNELS, random }),
    rpn,
    new RoiHeads(boxStage),
  );
}

/** A RetinaNet on the same body. */
export function buildSmallRetinaNet(seed: number, headGradients: HeadGradients): RetinaNet {
  const random = new RandomStream(seed, 'init');
  const { anchors, dense, losses, bboxWeights } = retinaNetDefaults;
  const sizes = [8, 16, 32, 64, 128].map(octaveOf);
  const numAnchors = 9;
  const boxCoder = new BoxCoder(bboxWeights);
  const tower = (): DenseTower =>
    new DenseTower({
      channels: CHANNELS,
      depth: 2,
      names: (i) => ({ convolution: `${i}.0`, normalization: `${i}.1` }),
      biased: false,
      random,
    });
  const numLabels = NUM_CLASSES + 1;
  return new RetinaNet(
    traits(NUM_CLASSES),
    new BackboneWithFpn(new SmallBody(random, (channels) => new BatchNorm(channels)), {
      outChannels: CHANNELS,
      numMaps: 3,
      lastLevels: new LastLevelP6P7('P5', CHANNELS, CHANNELS, random),
      random,
    }),
    new AnchorGenerator(
      sizes,
      sizes.map(() => anchors.aspectRatios),
    ),
    new RetinaNetHead(
      new ClassificationHead(tower(), CHANNELS, numAnchors, numLabels, random, losses, headGradients),
      new RetinaNetRegressionHead(tower(), CHANNELS, numAnchors, random, boxCoder, losses, headGradients),
    ),
    new Matcher(dense.fgIouThreshold, dense.bgIouThreshold, true),
    boxCoder,
    { ...dense, scoreThreshold: 0 },
  );
}

/** Two images of different sizes; in every third batch the second has no object. The caller disposes the images. */
export function smallBatch(id: number): DetectionBatch {
  const random = new RandomStream(id, 'batch');
  const sizes = [
    { height: 64, width: 90 },
    { height: 56, width: 96 },
  ];
  const targets = sizes.map(({ height, width }, image) => {
    const count = image === 1 && id % 3 === 0 ? 0 : 1 + random.integer(3);
    const boxes = Array.from({ length: count }, () => {
      const [x, y] = [random.between(0, 0.5 * width), random.between(0, 0.5 * height)];
      return [x, y, x + random.between(8, 0.5 * width), y + random.between(8, 0.5 * height)];
    });
    const gtLabels = Int32Array.from(boxes, () => 1 + random.integer(NUM_CLASSES));
    return { boxes: Float32Array.from(boxes.flat()), labels: gtLabels };
  });
  const tensor: tf.Tensor4D = tf.randomNormal([2, 64, 96, 3], 0, 1, 'float32', 1 + id);
  return { images: { tensor, sizes, originalSizes: sizes }, targets, imageIds: [2 * id, 2 * id + 1] };
}
