/** Small detectors with every part that a large one has, and batches for them. */
import * as tf from '@tensorflow/tfjs-core';
import { rleFromMask } from '../../../../datasets/coco/masks/rle';
import { Body } from '../../../../detection/modeling/backbone/body';
import { BackboneWithFpn, LastLevelP6P7 } from '../../../../detection/modeling/backbone/feature-pyramid';
import { cascadeRcnnDefaults } from '../../../../detection/modeling/cascade-rcnn-defaults';
import { ClassificationHead } from '../../../../detection/modeling/dense/classification-head';
import { DenseTower } from '../../../../detection/modeling/dense/dense-tower';
import { FcosRegressionHead } from '../../../../detection/modeling/dense/fcos-regression-head';
import { RetinaNetRegressionHead } from '../../../../detection/modeling/dense/retinanet-regression-head';
import { fasterRcnnDefaults } from '../../../../detection/modeling/faster-rcnn-defaults';
import { FasterRcnn } from '../../../../detection/modeling/faster-rcnn';
import { Fcos, FcosHead } from '../../../../detection/modeling/fcos';
import { fcosDefaults } from '../../../../detection/modeling/fcos-defaults';
import { keypointRcnnDefaults } from '../../../../detection/modeling/keypoint-rcnn-defaults';
import { maskRcnnDefaults } from '../../../../detection/modeling/mask-rcnn-defaults';
import { BoxCoder } from '../../../../detection/modeling/matching/box-coder';
import { DistanceCoder } from '../../../../detection/modeling/matching/distance-coder';
import { LocationMatcher } from '../../../../detection/modeling/matching/location-matcher';
import { Matcher } from '../../../../detection/modeling/matching/matcher';
import { RetinaNet, RetinaNetHead } from '../../../../detection/modeling/retinanet';
import { octaveOf, retinaNetDefaults } from '../../../../detection/modeling/retinanet-defaults';
import { FastRcnnPredictor, TwoMlpHead } from '../../../../detection/modeling/roi/box-head';
import type { BoxStage } from '../../../../detection/modeling/roi/box-stage';
import { CascadeStage } from '../../../../detection/modeling/roi/cascade-stage';
import { FastRcnnOutputLayers } from '../../../../detection/modeling/roi/fast-rcnn-output-layers';
import { FastRcnnStage } from '../../../../detection/modeling/roi/fast-rcnn';
import { KeypointRcnnHeads, KeypointRcnnPredictor } from '../../../../detection/modeling/roi/keypoint-head';
import { KeypointStage } from '../../../../detection/modeling/roi/keypoint-stage';
import { MaskRcnnHeads } from '../../../../detection/modeling/roi/mask-head';
import { MaskRcnnPredictor } from '../../../../detection/modeling/roi/mask-predictor';
import { MaskStage } from '../../../../detection/modeling/roi/mask-stage';
import { MultiScaleRoiAlign } from '../../../../detection/modeling/roi/multi-scale-roi-align';
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
import type { Mask } from '../../../../detection/structures/mask';
import type { Size } from '../../../../detection/structures/size';
import { traits } from '../traits';

const NUM_CLASSES = 3;
const NUM_KEYPOINTS = 2;
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

const LEVELS = { canonicalScale: 28, canonicalLevel: 4 };
const POOLED_SIZE = 7;
const HEAD_FEATURES = 24;
const ROI_SAMPLES = 16;

const batchNorm: NormalizationFactory = (channels) => new BatchNorm(channels);

/** Samples fewer anchors and proposals than there are, so that the streams decide which. */
export function buildSmallDetector(
  seed: number,
  headGradients: HeadGradients,
  normalization: NormalizationFactory = batchNorm,
): FasterRcnn {
  return buildSmallRcnn(
    seed,
    headGradients,
    (random) => new RoiHeads(buildBoxStage(seed, headGradients, random)),
    normalization,
  );
}

/** A cascade, with a mask and a keypoint head: every kind of ROI head but the one of `buildSmallDetector`. */
export function buildSmallCascade(seed: number, headGradients: HeadGradients): FasterRcnn<CascadeStage> {
  return buildSmallRcnn(seed, headGradients, (random) => {
    const cascade = new CascadeStage(
      new MultiScaleRoiAlign(POOLED_SIZE, LEVELS),
      cascadeRcnnDefaults.roi.fgIouThresholds.map(() => ({
        boxHead: new TwoMlpHead(CHANNELS, POOLED_SIZE, HEAD_FEATURES, random),
        boxPredictor: new FastRcnnOutputLayers(HEAD_FEATURES, NUM_CLASSES, 1, random),
      })),
      new RandomStream(seed, 'roi-sampler'),
      { ...cascadeRcnnDefaults.roi, batchSizePerImage: ROI_SAMPLES, scoreThreshold: 0 },
      cascadeRcnnDefaults.losses,
      headGradients,
    );
    const masks = new MaskStage(
      new MultiScaleRoiAlign(POOLED_SIZE, LEVELS),
      new MaskRcnnHeads(CHANNELS, [8], undefined, random),
      new MaskRcnnPredictor(8, 8, NUM_CLASSES, random),
      maskRcnnDefaults.settings,
      headGradients,
    );
    const keypoints = new KeypointStage(
      new MultiScaleRoiAlign(POOLED_SIZE, LEVELS),
      new KeypointRcnnHeads(CHANNELS, [8], random),
      new KeypointRcnnPredictor(8, NUM_KEYPOINTS, random),
      keypointRcnnDefaults.settings,
      headGradients,
    );
    return new RoiHeads(cascade, [masks, keypoints]);
  });
}

function buildSmallRcnn<Stage extends BoxStage>(
  seed: number,
  headGradients: HeadGradients,
  makeRoiHeads: (random: RandomStream) => RoiHeads<Stage>,
  normalization = batchNorm,
): FasterRcnn<Stage> {
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
  const roiHeads = makeRoiHeads(random);
  const backbone = new BackboneWithFpn(new SmallBody(random, normalization), {
    outChannels: CHANNELS,
    random,
  });
  return new FasterRcnn(traits(NUM_CLASSES), backbone, rpn, roiHeads);
}

function buildBoxStage(seed: number, headGradients: HeadGradients, random: RandomStream): FastRcnnStage {
  return new FastRcnnStage(
    new MultiScaleRoiAlign(POOLED_SIZE, LEVELS),
    new TwoMlpHead(CHANNELS, POOLED_SIZE, HEAD_FEATURES, random),
    new FastRcnnPredictor(HEAD_FEATURES, NUM_CLASSES, random),
    new RandomStream(seed, 'roi-sampler'),
    { ...fasterRcnnDefaults.roi, batchSizePerImage: ROI_SAMPLES, scoreThreshold: 0 },
    headGradients,
  );
}

/** A RetinaNet on the same body. */
export function buildSmallRetinaNet(seed: number, headGradients: HeadGradients): RetinaNet {
  const random = new RandomStream(seed, 'init');
  const { anchors, dense, losses, bboxWeights } = retinaNetDefaults;
  const sizes = [8, 16, 32, 64, 128].map(octaveOf);
  const numAnchors = 9;
  const boxCoder = new BoxCoder(bboxWeights);
  const numLabels = NUM_CLASSES + 1;
  return new RetinaNet(
    traits(NUM_CLASSES),
    buildPyramid(random),
    new AnchorGenerator(
      sizes,
      sizes.map(() => anchors.aspectRatios),
    ),
    new RetinaNetHead(
      new ClassificationHead(
        buildTower(random),
        CHANNELS,
        numAnchors,
        numLabels,
        random,
        losses,
        headGradients,
      ),
      new RetinaNetRegressionHead(
        buildTower(random),
        CHANNELS,
        numAnchors,
        random,
        boxCoder,
        losses,
        headGradients,
      ),
    ),
    new Matcher(dense.fgIouThreshold, dense.bgIouThreshold, true),
    boxCoder,
    { ...dense, scoreThreshold: 0 },
  );
}

/** An FCOS on the same body. */
export function buildSmallFcos(seed: number, headGradients: HeadGradients): Fcos {
  const random = new RandomStream(seed, 'init');
  const { dense, losses } = fcosDefaults;
  const sizes = [8, 16, 32, 64, 128];
  return new Fcos(
    traits(NUM_CLASSES),
    buildPyramid(random),
    new AnchorGenerator(
      sizes.map((size) => [size]),
      sizes.map(() => [1]),
    ),
    new FcosHead(
      new ClassificationHead(buildTower(random), CHANNELS, 1, NUM_CLASSES + 1, random, losses, headGradients),
      new FcosRegressionHead(
        buildTower(random),
        CHANNELS,
        random,
        new DistanceCoder(),
        losses,
        headGradients,
      ),
    ),
    new LocationMatcher(dense.centerSamplingRadius),
    { ...dense, scoreThreshold: 0 },
  );
}

function buildPyramid(random: RandomStream): BackboneWithFpn {
  return new BackboneWithFpn(new SmallBody(random, batchNorm), {
    outChannels: CHANNELS,
    numMaps: 3,
    lastLevels: new LastLevelP6P7('P5', CHANNELS, CHANNELS, random),
    random,
  });
}

function buildTower(random: RandomStream): DenseTower {
  return new DenseTower({
    channels: CHANNELS,
    depth: 2,
    names: (i) => ({ convolution: `${i}.0`, normalization: `${i}.1` }),
    biased: false,
    random,
  });
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
    const keypoints = boxes.flatMap(([x1, y1, x2, y2]) => [
      x1 + 1,
      y1 + 1,
      1,
      (x1 + x2) / 2,
      (y1 + y2) / 2,
      1,
    ]);
    return {
      boxes: Float32Array.from(boxes.flat()),
      labels: gtLabels,
      masks: boxes.map((box) => rectangle(box, { height, width })),
      // Of a third object nobody has drawn a mask.
      hasMask: Uint8Array.from(boxes, (_, object) => Number(object < 2)),
      keypoints: Float32Array.from(keypoints),
    };
  });
  const pixels = Float32Array.from({ length: 2 * 64 * 96 * 3 }, () => random.between(-1.7, 1.7));
  const tensor = tf.tensor4d(pixels, [2, 64, 96, 3]);
  return { images: { tensor, sizes, originalSizes: sizes }, targets, imageIds: [2 * id, 2 * id + 1] };
}

/** The mask of all pixels of a box. */
function rectangle([x1, y1, x2, y2]: readonly number[], size: Size): Mask {
  const inside = (_: unknown, i: number): boolean => {
    const [x, y] = [i % size.width, Math.floor(i / size.width)];
    return x >= x1 && x < x2 && y >= y1 && y < y2;
  };
  const pixels = Uint8Array.from({ length: size.height * size.width }, (_, i) => Number(inside(_, i)));
  return rleFromMask(pixels, size);
}
